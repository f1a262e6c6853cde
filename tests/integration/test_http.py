from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from pathlib import Path
from time import monotonic

import pytest

from app.calls import CallError, Doubtful, Refused, TryLater, Unauthorised
from app.http import Fault, HttpClient, parse_retry_after
from tests.support.http_server import Answer, Cut, HttpServer, closed_port, http_server
from tests.support.tls import Authority
from tests.support.waiting import wait_until

HTML = b"<html><body>Bad gateway</body></html>"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with http_server() as server:
        yield server


def read_fault(body: object) -> Fault:
    error = body.get("error") if isinstance(body, Mapping) else None
    return Fault(str(error["code"]), str(error.get("message", ""))) if isinstance(error, Mapping) else Fault()


def client_of(url: str, *, seconds: float = 5, calls_at_a_time: int = 4) -> HttpClient:
    return HttpClient(
        "Elsewhere",
        url,
        timeout=timedelta(seconds=seconds),
        calls_at_a_time=calls_at_a_time,
        read_fault=read_fault,
        headers={"X-Key": "s3cret-key"},
        query={"code": "s3cret-code"},
        secrets=("s3cret-key", "s3cret-code"),
    )


@pytest.fixture
def client(server: HttpServer) -> Iterator[HttpClient]:
    client = client_of(server.url)
    yield client
    client.close()


def error(code: str, message: str = "") -> dict[str, object]:
    return {"error": {"code": code, "message": message}}


def outcome(client: HttpClient) -> CallError:
    with pytest.raises(CallError) as caught:
        client.call("POST", "/documents", body={"a": 1})
    return caught.value


class TestRequest:
    """What is sent."""

    def test_headers_query_and_body(self, server: HttpServer, client: HttpClient) -> None:
        client.call("POST", "/documents", query={"since": "2026-03-01T00:00:00Z"}, body={"name": "Añil"})

        assert server.last.query == {"since": "2026-03-01T00:00:00Z", "code": "s3cret-code"}
        assert server.last.headers["X-Key"] == "s3cret-key"
        assert server.last.headers["Content-Type"] == "application/json"
        assert server.last.body == {"name": "Añil"}

    def test_a_netrc_and_cookies_do_not_get_in(
        self, server: HttpServer, client: HttpClient, tmp_path: object, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        netrc = f"{tmp_path}/netrc"
        with open(netrc, "w", encoding="utf-8") as file:
            file.write("machine 127.0.0.1 login someone password else\n")
        monkeypatch.setenv("NETRC", netrc)
        server.always({}, headers={"Set-Cookie": "affinity=1"})
        client.call("GET", "/a", headers={"Authorization": "Bearer ours"})
        client.call("GET", "/a", headers={"Authorization": "Bearer ours"})

        assert server.last.headers["Authorization"] == "Bearer ours"
        assert "Cookie" not in server.last.headers

    def test_connections_are_kept(self, server: HttpServer, client: HttpClient) -> None:
        for _ in range(5):
            client.call("GET", "/a")

        assert len(server.calls) == 5
        assert server.connections == 1

    def test_threads_share_a_bounded_number_of_connections(self, server: HttpServer, client: HttpClient) -> None:
        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda n: client.call("GET", f"/{n}"), range(64)))

        assert answers == [{}] * 64
        assert {call.path for call in server.calls} == {f"/{n}" for n in range(64)}
        assert server.connections <= 4


class TestProxy:
    """Proxies of the environment."""

    def test_calls_go_through_it(self, server: HttpServer, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("http_proxy", server.url.replace("//", "//user:word@"))
        monkeypatch.delenv("no_proxy", raising=False)
        client_of("http://bluecherry.invalid/EXAMPL").call("GET", "/a")

        assert server.last.raw_path == "http://bluecherry.invalid/EXAMPL/a?code=s3cret-code"
        assert server.last.headers["Proxy-Authorization"] == "Basic dXNlcjp3b3Jk"

    def test_one_that_is_not_there_is_certain(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed_port()}")
        monkeypatch.delenv("no_proxy", raising=False)

        assert isinstance(outcome(client_of("http://bluecherry.invalid")), TryLater)

    def test_no_proxy_is_honoured(self, server: HttpServer, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed_port()}")
        monkeypatch.setenv("no_proxy", "127.0.0.1")

        assert client_of(server.url).call("GET", "/a") == {}


class TestAnswer:
    """What a 2xx answer becomes."""

    def test_numbers_stay_exact(self, server: HttpServer, client: HttpClient) -> None:
        server.always(b'{"amount": 0.1, "qty": 3}')

        assert client.call("GET", "/a") == {"amount": Decimal("0.1"), "qty": 3}

    def test_a_compressed_body(self, server: HttpServer, client: HttpClient) -> None:
        server.always(gzip.compress(b'{"orders": []}'), headers={"Content-Encoding": "gzip"})

        assert client.call("GET", "/a") == {"orders": []}

    def test_a_large_body(self, server: HttpServer, client: HttpClient) -> None:
        server.always(["x" * 100] * 20_000)

        assert client.call("GET", "/a") == ["x" * 100] * 20_000

    @pytest.mark.parametrize("status", [200, 201, 202, 204])
    def test_no_body_is_none(self, server: HttpServer, client: HttpClient, status: int) -> None:
        server.always(b"", status)

        assert client.call("POST", "/a/cancel") is None

    @pytest.mark.parametrize("body", [HTML, b'{"ra_num": ', b'{"a": NaN}', b"\xff\xfe", b"[" * 100_000])
    def test_one_that_cannot_be_read_is_doubtful(self, server: HttpServer, client: HttpClient, body: bytes) -> None:
        server.always(body, 201)

        assert isinstance(outcome(client), Doubtful)


class TestCertain:
    """Answers after which nothing was made."""

    @pytest.mark.parametrize("status", [400, 404, 409, 422])
    def test_refusals(self, server: HttpServer, client: HttpClient, status: int) -> None:
        server.always(error("ALREADY_CREDITED", "line 1 is credited"), status)
        refused = outcome(client)

        assert isinstance(refused, Refused)
        assert (refused.status, refused.code, refused.message) == (status, "ALREADY_CREDITED", "line 1 is credited")
        assert str(refused) == (
            f"Elsewhere POST /documents: refused with {status} ALREADY_CREDITED: line 1 is credited"
        )

    @pytest.mark.parametrize("body", [HTML, b"", b'"no"'])
    def test_a_refusal_is_one_whatever_its_body(self, server: HttpServer, client: HttpClient, body: bytes) -> None:
        server.always(body, 404)
        refused = outcome(client)

        assert isinstance(refused, Refused)
        assert refused.code == "HTTP_404"

    @pytest.mark.parametrize("status", [400, 409, 422])
    def test_a_refusal_of_which_nobody_can_read_the_reason_is_asked_for_again(
        self, server: HttpServer, client: HttpClient, status: int
    ) -> None:
        server.always(b'{"error": {"code": "ORDER_SHI', status)
        garbled = outcome(client)

        assert isinstance(garbled, TryLater)
        assert garbled.kind == "garbled"

    @pytest.mark.parametrize("status", [401, 403])
    def test_no_access(self, server: HttpServer, client: HttpClient, status: int) -> None:
        server.always(error("UNAUTHORIZED"), status)
        refused = outcome(client)

        assert isinstance(refused, Unauthorised)
        assert refused.status == status

    @pytest.mark.parametrize(
        ("status", "code", "kind"),
        [(423, "LOCKED", "locked"), (429, "THROTTLED", "throttled"), (503, "PROCESSING", "processing")],
    )
    @pytest.mark.parametrize("retry_after", [None, "7"])
    def test_not_now(
        self, server: HttpServer, client: HttpClient, status: int, code: str, kind: str, retry_after: str | None
    ) -> None:
        server.always(error(code), status, headers={"Retry-After": retry_after} if retry_after else {})
        later = outcome(client)

        assert isinstance(later, TryLater)
        assert later.kind == kind
        assert later.retry_after == (timedelta(seconds=7) if retry_after else None)

    def test_throttled_by_a_gateway_that_speaks_html(self, server: HttpServer, client: HttpClient) -> None:
        in_a_minute = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
        server.always(HTML, 429, headers={"Retry-After": in_a_minute})
        later = outcome(client)

        assert isinstance(later, TryLater)
        assert later.retry_after is not None
        assert timedelta(seconds=50) < later.retry_after <= timedelta(seconds=60)

    def test_a_connection_that_was_refused(self) -> None:
        later = outcome(client_of(f"http://127.0.0.1:{closed_port()}"))

        assert isinstance(later, TryLater)
        assert later.kind == "unreachable"

    def test_a_host_that_does_not_exist(self) -> None:
        assert isinstance(outcome(client_of("http://bluecherry.invalid")), TryLater)

    @pytest.mark.parametrize(
        ("trusted", "name", "ago"),
        [(False, "127.0.0.1", 0), (True, "other.example", 0), (True, "127.0.0.1", 30)],
        ids=["self-signed", "another's name", "expired"],
    )
    def test_a_server_that_cannot_prove_its_name_gets_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trusted: bool, name: str, ago: int
    ) -> None:
        authority = Authority(tmp_path)
        monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
        if trusted:
            monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.bundle))
        with http_server(authority.context(name, ago=timedelta(days=ago))) as server:
            assert isinstance(outcome(client_of(server.url)), TryLater)
            assert server.calls == []

    def test_one_that_can_is_called(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        authority = Authority(tmp_path)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.bundle))
        with http_server(authority.context()) as server:
            client_of(server.url).call("GET", "/documents")
            assert len(server.calls) == 1

    def test_an_answer_that_is_no_tls_is_not_trusted(self, server: HttpServer) -> None:
        assert isinstance(outcome(client_of(server.url.replace("http:", "https:"))), Doubtful)


class TestDoubtful:
    """Answers after which something may have been made."""

    @pytest.mark.parametrize("status", [301, 302, 307, 405, 408, 410, 500, 502, 504, 520])
    def test_all_other_statuses(self, server: HttpServer, client: HttpClient, status: int) -> None:
        server.always(error("INTERNAL"), status, headers={"Location": f"{server.url}/elsewhere"})

        assert isinstance(outcome(client), Doubtful)
        assert len(server.calls) == 1

    @pytest.mark.parametrize("body", [HTML, b"", b'{"error": {"code": "DOWN"}}'])
    def test_503_that_does_not_say_processing(self, server: HttpServer, client: HttpClient, body: bytes) -> None:
        server.always(body, 503, headers={"Retry-After": "1"})

        assert isinstance(outcome(client), Doubtful)

    def test_html_from_the_gateway(self, server: HttpServer, client: HttpClient) -> None:
        server.always(HTML, 502, headers={"Content-Type": "text/html"})

        assert str(outcome(client)) == (
            "Elsewhere POST /documents: no certain answer (status 502, a body that is not JSON)"
        )

    @pytest.mark.parametrize("cut", ["before_answer", "in_body", "reset"])
    @pytest.mark.parametrize("kept", [True, False])
    def test_a_cut_connection_is_sent_once(self, server: HttpServer, client: HttpClient, cut: Cut, kept: bool) -> None:
        if kept:
            client.call("GET", "/warm")
        before = len(server.calls)
        server.always({"ra_num": "1" * 500}, 201, cut=cut)

        assert isinstance(outcome(client), Doubtful)
        assert len(server.calls) - before == 1

    @pytest.mark.parametrize("cut", ["before_answer", "reset"])
    def test_a_kept_connection_that_was_closed_meanwhile_costs_a_get_nothing(
        self, server: HttpServer, client: HttpClient, cut: Cut
    ) -> None:
        client.call("GET", "/warm")
        answers = [Answer({}, cut=cut), Answer({"ra_num": "7"})]
        server.reply = lambda call: answers.pop(0)

        assert client.call("GET", "/a") == {"ra_num": "7"}
        assert (len(server.calls), server.connections) == (3, 2)

    def test_a_get_is_asked_once_more_and_not_again(self, server: HttpServer, client: HttpClient) -> None:
        client.call("GET", "/warm")
        server.always({}, cut="reset")

        with pytest.raises(Doubtful):
            client.call("GET", "/a")
        assert len(server.calls) == 3

    def test_a_server_that_does_not_answer(self, server: HttpServer) -> None:
        done = threading.Event()
        server.always({}, hold=done)
        client = client_of(server.url, seconds=0.3)
        started = monotonic()

        assert isinstance(outcome(client), Doubtful)
        assert monotonic() - started < 2
        done.set()

    def test_a_server_that_trickles_is_bounded_in_total(self, server: HttpServer) -> None:
        done = threading.Event()
        server.always({"ra_num": "1" * 1000}, trickle=done)
        client = client_of(server.url, seconds=0.4)
        started = monotonic()

        assert isinstance(outcome(client), Doubtful)
        assert monotonic() - started < 2
        done.set()

    @pytest.mark.parametrize("status", [200, 201, 500])
    def test_headers_that_trickle_end_with_the_call_and_are_doubtful(self, server: HttpServer, status: int) -> None:
        done = threading.Event()
        server.always({"ra_num": "7"}, status, trickle_headers=done)
        client = client_of(server.url, seconds=0.4)

        with ThreadPoolExecutor(1) as pool:
            ended = pool.submit(outcome, client)
            try:
                wait_until(ended.done, what="the call ends though bytes go on coming")
            finally:
                done.set()
            assert isinstance(ended.result(), Doubtful)

    def test_a_handshake_that_never_comes_ends_with_the_call(self, server: HttpServer) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent, ThreadPoolExecutor(1) as pool:
            client = client_of(f"https://127.0.0.1:{silent.getsockname()[1]}", seconds=0.4)
            ended = pool.submit(outcome, client)
            wait_until(ended.done, what="the call ends though nobody shakes hands")

            assert isinstance(ended.result(), Doubtful)

    def test_a_call_after_one_that_was_cut_by_its_time_has_its_own(self, server: HttpServer) -> None:
        done = threading.Event()
        client = client_of(server.url, seconds=0.4, calls_at_a_time=1)
        server.always({}, trickle_headers=done)
        outcome(client)
        done.set()
        server.always({"ra_num": "7"})

        assert [client.call("GET", "/a") for _ in range(3)] == [{"ra_num": "7"}] * 3

    def test_one_that_waits_for_a_connection_all_its_time_was_not_sent(
        self, server: HttpServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        done = threading.Event()
        server.always({}, hold=done)
        client = client_of(server.url, seconds=30, calls_at_a_time=1)
        with ThreadPoolExecutor(2) as pool:
            first = pool.submit(client.call, "POST", "/first")
            wait_until(lambda: bool(server.calls), what="the first call holds the only connection")
            monkeypatch.setattr(client, "_timeout", 0.4)
            second = pool.submit(outcome, client)
            try:
                wait_until(second.done, what="the second call ends, though the first does not")
            finally:
                done.set()
            error = second.result()
            assert isinstance(error, TryLater)
            assert error.kind == "paused"
            assert first.result() == {}
        assert [call.path for call in server.calls] == ["/first"]

    def test_a_large_body_goes_out_whole(self, server: HttpServer, client: HttpClient) -> None:
        body = {"documents": ["x" * 1000] * 500}
        client.call("POST", "/batches", body=body)

        assert server.last.body == body

    def test_the_next_call_works_again(self, server: HttpServer, client: HttpClient) -> None:
        server.always({}, cut="reset")
        outcome(client)
        server.always({"ra_num": "7"})

        assert client.call("GET", "/a") == {"ra_num": "7"}

    @pytest.mark.parametrize("cut", ["before_answer", "in_body", "reset"])
    def test_a_failed_call_leaves_its_place_to_the_next(self, server: HttpServer, cut: Cut) -> None:
        client = client_of(server.url, calls_at_a_time=1)
        server.always({"ra_num": "7"}, cut=cut)
        for _ in range(3):
            outcome(client)
        server.always({"ra_num": "7"})

        assert client.call("GET", "/a") == {"ra_num": "7"}

    def test_a_connection_that_the_server_closed_meanwhile(self, server: HttpServer, client: HttpClient) -> None:
        server.reply = lambda call: Answer({}, headers={"Connection": "close"})
        client.call("GET", "/a")
        wait_until(lambda: client.call("GET", "/a") == {})


class TestDiscretion:
    """What the text of an error may hold."""

    def test_neither_secrets_nor_addresses(self, server: HttpServer, client: HttpClient) -> None:
        server.always(error("BAD_REQUEST", "ship_to ana@example.com with s3cret-code " + "x" * 1000), 400)
        text = str(outcome(client))

        assert "ana@" not in text
        assert "s3cret" not in text
        assert len(text) < 500

    def test_a_failed_connection_does_not_tell_its_url(self) -> None:
        failed = outcome(client_of(f"http://127.0.0.1:{closed_port()}"))

        assert "s3cret" not in str(failed)
        assert failed.__suppress_context__


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("0", timedelta(0)),
        (" 30 ", timedelta(seconds=30)),
        ("Sun, 01 Mar 2026 12:00:30 GMT", timedelta(seconds=30)),
        ("Sun, 01 Mar 2026 12:00:30 -0000", timedelta(seconds=30)),
        ("Sun, 01 Mar 2026 11:00:00 GMT", timedelta(0)),
        ("99999999999999999999", None),
        ("9999999", timedelta(days=1)),
        ("-5", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str | None, wait: timedelta | None) -> None:
    assert parse_retry_after(text, NOW) == wait


def test_what_no_text_column_holds_is_told_as_question_marks(server: HttpServer, client: HttpClient) -> None:
    server.always(error("LOC\0KED" + "X" * 300, "a\0b \ud800 ü\x07"), 422)
    with pytest.raises(Refused) as told:
        client.call("POST", "/things", body={})
    assert told.value.message == "a?b ? ü?"
    assert told.value.code.startswith("LOC?KEDX")
    assert len(told.value.code) == 100
