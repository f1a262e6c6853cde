"""How gunicorn serves the receiver and the API, at home and in containers.

Used as ``gunicorn -c python:app.system.gunicorn_conf "app:create_app()"``.
Workers, threads and the address stand on the command line, since they differ between the two.
"""

from pathlib import Path

from app.ops.logs import configure_logging

worker_class = "gthread"
# A sender that keeps its connection spares both sides a handshake per event.
keepalive = 30
backlog = 1024
# One request stores one event: what takes longer than this is stuck.
timeout = 30
graceful_timeout = 8
# The heartbeat file must not wait for a disk.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
# No access log: addresses and query strings stay out of it, and the metrics count the requests.
accesslog = None
errorlog = "-"
# It would be put into the home directory, which is not ours to write in.
control_socket_disable = True


def post_fork(_server: object, _worker: object) -> None:
    """Let the worker log as the rest of the bridge does."""
    configure_logging()
