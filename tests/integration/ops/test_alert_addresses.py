"""Where an alert's call goes: to a checked address of the host, verified, and nowhere inside unless that is named."""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from app.ops.alerts import Mail, Message, NotDelivered, Webhook
from app.ops.alerts.address import addresses_of, is_public
from app.ops.alerts.http import post
from app.secret import Secret
from tests.support.http_server import closed_port, http_server
from tests.support.tls import Authority
from tests.support.waiting import wait_until

HERE = ("127.0.0.1",)


@pytest.fixture(autouse=True)
def without_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


def resolve_to(monkeypatch: pytest.MonkeyPatch, *answers: Sequence[str]) -> list[str]:
    """Let each look-up of a name have the next of these answers; the names that were looked up."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def answer(host: str, port: int, *args: int, **kwargs: int) -> list[object]:
        try:
            ipaddress.ip_address(host)
        except ValueError:
            found = answers[min(len(asked), len(answers) - 1)]
            asked.append(host)
            return [entry for each in found for entry in real(each, port, type=socket.SOCK_STREAM)]
        return list(real(host, port, *args, **kwargs))

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return asked


def send(url: str, private_hosts: Sequence[str] = (), **headers: str) -> None:
    post(Secret(url), b"{}", headers, private_hosts)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.5.5", "192.168.1.1", "100.64.0.1", "169.254.169.254",
        "224.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "::1", "::", "fe80::1", "fd00:ec2::254", "ff02::1",
        "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::",
        "2002:c0a8:101::", "2001:db8::1", "192.0.0.192", "::127.0.0.1", "::ffff:0:7f00:1", "64:ff9b:1::7f00:1",
        "fec0::1", "5f00::1",
    ],
)  # fmt: skip
def test_what_is_inside_is_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_the_internet_is_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/", "http://localhost:{port}/", "http://2130706433:{port}/", "http://0x7f.1:{port}/",
        "http://0177.0.0.1:{port}/", "http://[::1]:{port}/", "http://[::ffff:127.0.0.1]:{port}/",
        "http://127.1:{port}/", "http://someone@127.0.0.1:{port}/", "http://0:{port}/",
    ],
)  # fmt: skip
def test_no_spelling_of_a_private_address_is_called(url: str) -> None:
    with http_server() as inside:
        with pytest.raises(NotDelivered) as refused:
            send(url.format(port=urlsplit(inside.url).port))
        assert inside.calls == []
        assert inside.connections == 0
    assert str(refused.value) in {
        "the address is not public; alerts.private_hosts may name it",
        "the host is unknown",
    }


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254/latest/meta-data/", "http://[fd00:ec2::254]/", "http://10.0.0.7"]
)
def test_metadata_and_neighbours_are_refused_without_a_call(url: str) -> None:
    with pytest.raises(NotDelivered, match="not public"):
        send(url)


@pytest.mark.parametrize(
    "url", ["ftp://8.8.8.8/", "file:///etc/passwd", "gopher://8.8.8.8", "8.8.8.8", "http://", "http://[::1"]
)
def test_only_http_is_spoken(url: str) -> None:
    with pytest.raises(NotDelivered, match="URL"):
        send(url)


@pytest.mark.parametrize(
    ("host", "private_hosts"),
    [
        ("127.0.0.1", HERE),
        ("localhost", ("LOCALHOST",)),
        ("localhost", ("127.0.0.0/8",)),
        ("127.0.0.1", ("10.0.0.0/8", "127.0.0.1/32")),
    ],
)
def test_what_is_named_may_be_private(host: str, private_hosts: Sequence[str]) -> None:
    with http_server() as inside:
        send(inside.url.replace("127.0.0.1", host), private_hosts)

        assert inside.last.method == "POST"


def test_one_network_that_is_named_opens_no_other() -> None:
    with pytest.raises(NotDelivered, match="not public"):
        addresses_of("127.0.0.1", 80, ("10.0.0.0/8", "hooks.internal"))


def test_a_name_that_changes_its_meaning_is_called_where_it_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: the first answer is checked and is all that counts."""
    with http_server() as first, http_server() as second:
        port = urlsplit(first.url).port
        asked = resolve_to(monkeypatch, ["127.0.0.1"], ["127.0.0.2"])

        send(f"http://hooks.example:{port}/x?y=1", HERE)

        assert asked == ["hooks.example"]
        assert (first.last.raw_path, first.last.headers["Host"]) == ("/x?y=1", f"hooks.example:{port}")
        assert second.calls == []


def test_of_several_addresses_the_private_ones_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_to(monkeypatch, ["10.0.0.1", "8.8.8.8", "127.0.0.1"])

    assert addresses_of("hooks.example", 443) == ["8.8.8.8"]


def test_an_address_that_does_not_answer_is_followed_by_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    with http_server() as server:
        resolve_to(monkeypatch, ["127.0.0.2", "127.0.0.1"])

        send(f"http://hooks.example:{urlsplit(server.url).port}/", ("127.0.0.0/8",))

        assert len(server.calls) == 1


def test_one_that_trickles_holds_up_nobody_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.ops.alerts.http._SECONDS", 0.4)
    done = threading.Event()
    with http_server() as server, ThreadPoolExecutor(1) as pool:
        server.always({}, trickle_headers=done)
        ended = pool.submit(send, server.url, HERE)
        try:
            wait_until(ended.done, what="the call ends though bytes go on coming")
        finally:
            done.set()
        assert isinstance(ended.exception(), NotDelivered)


def test_a_redirect_is_not_followed() -> None:
    with http_server() as server, http_server() as inside:
        server.always(status=307, headers={"Location": inside.url})

        with pytest.raises(NotDelivered, match="HTTP 307"):
            send(server.url, HERE)

        assert inside.calls == []


def test_login_and_query_of_the_url_are_sent_and_never_told() -> None:
    with http_server() as server:
        send(server.url.replace("http://", "http://ann:s3cr%2Fet@") + "/hook?token=t0ken", HERE)
        assert server.last.headers["Authorization"] == "Basic YW5uOnMzY3IvZXQ="
        assert server.last.query == {"token": "t0ken"}
    with pytest.raises(NotDelivered) as failed:
        send(f"http://ann:s3cret@127.0.0.1:{closed_port()}/hook?token=t0ken", HERE)
    assert str(failed.value) == "NewConnectionError"


class TestTls:
    """A server that cannot prove its name gets nothing."""

    def test_one_that_is_trusted_for_its_name_is_called(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        authority = Authority(tmp_path)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.bundle))
        resolve_to(monkeypatch, ["127.0.0.1"])
        with http_server(authority.context("hooks.example")) as server:
            send(f"https://hooks.example:{urlsplit(server.url).port}/", HERE)
            assert len(server.calls) == 1

    @pytest.mark.parametrize(
        ("trusted", "name", "ago"),
        [(False, "127.0.0.1", 0), (True, "other.example", 0), (True, "127.0.0.1", 30)],
        ids=["self-signed", "another's name", "expired"],
    )
    def test_any_other_is_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trusted: bool, name: str, ago: int
    ) -> None:
        authority = Authority(tmp_path)
        if trusted:
            monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.bundle))
        with http_server(authority.context(name, ago=timedelta(days=ago))) as server:
            with pytest.raises(NotDelivered, match="SSLError"):
                Webhook("pager", Secret(server.url), None, HERE).deliver(Message("k", "cx", ()))
            assert server.calls == []

    def test_a_mail_server_too(self, tmp_path: Path) -> None:
        with http_server(Authority(tmp_path).context()) as server:
            url = server.url.replace("https://", "smtps://ann:s3cret@")
            with pytest.raises(NotDelivered, match="SSLCertVerificationError"):
                Mail("mail", Secret(url), "a@example.com", ["b@example.com"]).deliver(Message("k", "cx", ()))
