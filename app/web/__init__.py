"""What others reach over HTTP: the receiver of webhooks, the JSON API, the health checks."""
