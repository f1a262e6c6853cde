"""What the receiver is measured against: a Flask view that does nothing but INSERT the body, and commits it."""

from __future__ import annotations

import os
import threading

import psycopg
from flask import Flask, Response, request


def create_app() -> Flask:
    """The bare application on DATABASE_URL; each thread keeps a connection."""
    app = Flask(__name__)
    conninfo = os.environ["DATABASE_URL"].replace("+psycopg", "", 1)
    held = threading.local()

    @app.get("/")
    def ready() -> Response:
        return Response("ready")

    @app.post("/")
    def insert() -> Response:
        if not hasattr(held, "connection"):
            held.connection = psycopg.connect(conninfo, autocommit=True)
        held.connection.execute("insert into bare (body) values (%s)", [request.get_data(as_text=True)])
        return Response("stored")

    return app
