"""Telling teams what they have to see to."""
