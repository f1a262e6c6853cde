"""Celery: the app, its queues and its clock, and one module per stage. Tasks are a few lines that call a service."""
