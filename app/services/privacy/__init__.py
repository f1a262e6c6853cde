"""Customers who want to be forgotten."""
