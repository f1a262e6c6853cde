from __future__ import annotations

import socket

from app.system.network import free_port, http_answers, port_is_free


def test_a_free_port_can_be_listened_on_and_lies_below_those_that_clients_are_given() -> None:
    ports = {free_port() for _ in range(50)}

    assert all(port_is_free(port) for port in ports)
    assert max(ports) < 32_000


def test_a_port_that_is_listened_on_is_not_free() -> None:
    with socket.create_server(("127.0.0.1", free_port())) as server:
        assert not port_is_free(server.getsockname()[1])


def test_a_port_without_a_server_or_with_a_silent_one_does_not_answer() -> None:
    assert not http_answers(f"http://127.0.0.1:{free_port()}/")
    with socket.create_server(("127.0.0.1", free_port())) as server:
        assert not http_answers(f"http://127.0.0.1:{server.getsockname()[1]}/", seconds=0.2)
