from __future__ import annotations

import socket
import time

import pytest

from tests.server.conftest import GET, Site, Start, read_all, read_answer, read_head, until

HELLO = b"HTTP/1.1 200 OK | hello"


def status(answer: bytes) -> bytes:
    return answer.partition(b"\r\n")[0]


def test_a_connection_serves_many_requests(site: Site) -> None:
    with site.connect() as connection:
        answers = []
        for _ in range(3):
            connection.sendall(GET % b"/")
            answers.append(read_answer(connection))
    assert answers == [HELLO] * 3


def test_an_answer_tells_the_date_and_not_the_server(site: Site) -> None:
    answer = site.exchange(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
    names = [line.partition(b":")[0].lower() for line in answer.split(b"\r\n")[1:4]]
    assert names == [b"date", b"content-length", b"connection"]


def test_requests_sent_ahead_are_answered_in_order(site: Site) -> None:
    with site.connect() as connection:
        connection.sendall(b"".join(b"POST /echo HTTP/1.1\r\nContent-Length: 1\r\n\r\n%d" % n for n in range(5)))
        answers = [read_answer(connection) for _ in range(5)]
    assert answers == [b"HTTP/1.1 200 OK | %d" % n for n in range(5)]


def test_too_many_requests_sent_ahead_close_the_connection_after_those_accepted(site: Site) -> None:
    answer = site.exchange(GET % b"/" * 20)
    assert answer.count(b"200 OK") == 6  # one running, five waiting
    assert answer.endswith(b"connection: close\r\n\r\nhello")


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"not HTTP at all\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nA: \x00\r\n\r\n",
        b"GET  HTTP/1.1\r\n\r\n",
        b"CONNECT example.org:443 HTTP/1.1\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked, identity\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
def test_what_is_not_http_is_answered_400(site: Site, request_bytes: bytes) -> None:
    logged = len(site.stderr)
    assert status(site.exchange(request_bytes)) == b"HTTP/1.1 400 Bad Request"
    assert site.get("/") == b"hello"
    assert site.stderr[logged:] == ""


def test_a_broken_chunk_ends_a_request_that_waits_for_its_body(site: Site) -> None:
    answer = site.exchange(b"POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", b"not a size\r\n")
    assert status(answer) == b"HTTP/1.1 400 Bad Request"
    assert answer.count(b"HTTP/1.1") == 1


def test_nonsense_behind_a_request_does_not_disturb_its_answer(site: Site) -> None:
    answer = site.exchange(GET % b"/slow" + b"nonsense\r\n\r\n")
    assert status(answer) == b"HTTP/1.1 200 OK"
    assert answer.endswith(b"finished\r\n0\r\n\r\n")


def test_an_exception_in_the_application_is_a_500_without_its_text(site: Site) -> None:
    answer = site.exchange(GET % b"/broken")
    assert status(answer) == b"HTTP/1.1 500 Internal Server Error"
    assert b"told" not in answer


# ------------------------------------------------------------------------------------------------------------ big heads


def test_the_largest_head_is_served_and_one_byte_more_is_not(site: Site) -> None:
    frame = b"GET / HTTP/1.1\r\nConnection: close\r\nA: \r\n\r\n"

    def head(size: int) -> bytes:
        return frame.replace(b"A: ", b"A: " + b"a" * (size - len(frame)))

    assert status(site.exchange(head(16_384))) == b"HTTP/1.1 200 OK"
    assert status(site.exchange(head(16_385))) == b"HTTP/1.1 431 Request Header Fields Too Large"


def test_a_long_path_counts_as_head(site: Site) -> None:
    answer = site.exchange(b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n")
    assert status(answer) == b"HTTP/1.1 431 Request Header Fields Too Large"


def test_many_small_headers_are_refused(site: Site) -> None:
    answer = site.exchange(b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 51 + b"\r\n")
    assert status(answer) == b"HTTP/1.1 431 Request Header Fields Too Large"


def test_a_head_that_follows_a_long_body_is_not_counted_with_it(site: Site) -> None:
    body = b"x" * 60_000
    post = b"POST /echo HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(body)
    with site.connect() as connection:
        for _ in range(3):
            connection.sendall(post + body + b"GET /")
            assert len(read_answer(connection)) == 18 + len(body)
            connection.sendall(b" HTTP/1.1\r\n\r\n")
            assert read_answer(connection) == HELLO


@pytest.mark.parametrize("field", [b"a" * 65_536, b"a: b\r\n" * 10_000])
def test_endless_headers_cost_little_memory(site: Site, field: bytes) -> None:
    before = int(site.get("/memory"))
    with site.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n")
        try:
            for _ in range(64 * 1024 * 1024 // len(field)):
                connection.sendall(field)
        except (BrokenPipeError, ConnectionResetError):
            pass
        assert int(site.get("/memory")) - before < 8 * 1024 * 1024


# ------------------------------------------------------------------------------------------------------------- slowness


def seconds_until_closed(connection: socket.socket) -> float:
    started = time.monotonic()
    read_all(connection)
    return time.monotonic() - started


def is_cut(connection: socket.socket) -> bool:
    """Whether the server has closed, as told by sending: what it has sent stays unread."""
    try:
        connection.sendall(b"\r\n")
    except OSError:
        return True
    return False


@pytest.mark.parametrize("sent", [b"", b"\r\n"])
def test_a_connection_without_a_request_is_closed(site: Site, sent: bytes) -> None:
    with site.connect() as connection:
        connection.sendall(sent)
        assert 0.2 < seconds_until_closed(connection) < 3


def test_a_head_sent_byte_by_byte_is_cut(site: Site) -> None:
    with site.connect() as connection:
        connection.settimeout(0.02)
        connection.sendall(b"GET / HTTP/1.1\r\n")
        received = b""
        for _ in range(200):
            try:
                received = connection.recv(65_536)
                break
            except TimeoutError:
                connection.sendall(b"a")
    assert status(received) == b"HTTP/1.1 408 Request Timeout"


def test_an_idle_connection_is_closed_and_a_used_one_kept(site: Site) -> None:
    with site.connect() as connection:
        started = time.monotonic()
        while time.monotonic() - started < 0.8:  # longer than it may be idle
            connection.sendall(GET % b"/")
            assert read_answer(connection) == HELLO
        assert 0.4 < seconds_until_closed(connection) < 3


def test_a_peer_that_does_not_read_costs_little_memory_and_is_cut(site: Site) -> None:
    before = int(site.get("/memory"))
    with site.connect() as connection:
        connection.sendall(GET % b"/flood")
        read_head(connection)
        until(lambda: int(site.get("/memory")) - before < 16 * 1024 * 1024 and is_cut(connection))


def test_a_tls_peer_that_does_not_read_is_cut(site: Site) -> None:
    with site.connect_tls() as connection:
        connection.sendall(GET % b"/flood")
        read_head(connection)
        until(lambda: site.get("/") == b"hello" and is_cut(connection))


def test_a_handshake_that_does_not_end_is_cut(site: Site) -> None:
    with socket.create_connection(("127.0.0.1", site.tls_port), 10) as connection:
        assert 0.2 < seconds_until_closed(connection) < 3


@pytest.mark.parametrize("sent", [GET % b"/", b"\x16\x03\x01\x00\x05nonsense", b"\x00" * 100])
def test_nonsense_on_the_tls_port_is_dropped_without_a_word(site: Site, sent: bytes) -> None:
    logged = len(site.stderr)
    with socket.create_connection(("127.0.0.1", site.tls_port), 10) as connection:
        connection.sendall(sent)
        read_all(connection)
    with site.connect_tls() as connection:
        connection.sendall(GET % b"/scheme")
        assert read_answer(connection) == b"HTTP/1.1 200 OK | https"
    assert site.stderr[logged:] == ""


# -------------------------------------------------------------------------------------------------------------- upgrade


@pytest.mark.parametrize(
    ("framing", "body"),
    [
        (b"", b""),
        (b"Content-Length: 0\r\n", b""),
        (b"Content-Length: 11\r\n", b"hello there"),
        (b"Transfer-Encoding: chunked\r\n", b"b\r\nhello there\r\n0\r\n\r\n"),
    ],
)
@pytest.mark.parametrize("apart", [False, True])
def test_a_wish_for_another_protocol_is_answered_in_http_1_with_its_body(
    site: Site, framing: bytes, body: bytes, apart: bool
) -> None:
    head = b"POST /echo HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n"
    head += framing + b"\r\n"
    behind = b"GET /smuggled HTTP/1.1\r\n\r\n"
    with site.connect() as connection:
        if apart:
            connection.sendall(head)
            for byte in body:
                connection.sendall(bytes([byte]))
            connection.sendall(behind)
        else:
            connection.sendall(head + body + behind)
        assert read_answer(connection) == b"HTTP/1.1 200 OK | " + (b"hello there" if body else b"")
        assert read_all(connection) in (b"", b"<reset>")


# --------------------------------------------------------------------------------------------------- cap on connections


def test_connections_over_the_cap_are_refused_until_there_is_room(start: Start) -> None:
    site = start(limits={"connections": 3, "sweep_seconds": 0.05, "linger_seconds": 0.1})
    held = [site.connect() for _ in range(3)]
    for connection in held:
        connection.sendall(GET % b"/")
        assert read_answer(connection) == HELLO
    refused = site.exchange(GET % b"/")
    assert status(refused) == b"HTTP/1.1 503 Service Unavailable"
    assert b"\r\nretry-after: 1\r\n" in refused
    with site.connect_tls() as connection:
        assert status(read_all(connection)) == b"HTTP/1.1 503 Service Unavailable"
    for connection in held:
        connection.close()
    until(lambda: site.get("/") == b"hello")
