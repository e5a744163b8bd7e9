from __future__ import annotations

import socket

import pytest

from muster.server.app import CannotStart
from muster.server.sockets import listen


def test_port_0_is_known_at_once_and_shown_in_the_addresses() -> None:
    listeners = listen("127.0.0.1", 0, 0)
    with listeners.plain, listeners.tls:
        assert listeners.port != listeners.tls_port
        assert listeners.plain_url == f"http://127.0.0.1:{listeners.port}"
        assert listeners.tls_url == f"https://127.0.0.1:{listeners.tls_port}"
        socket.create_connection(("127.0.0.1", listeners.port)).close()


def test_localhost_is_bound_on_ipv4_where_both_exist() -> None:
    listeners = listen("localhost", 0, 0)
    with listeners.plain, listeners.tls:
        assert listeners.plain.family == socket.AF_INET
        assert listeners.plain_url == f"http://localhost:{listeners.port}"


@pytest.mark.parametrize(
    ("host", "port", "message"),
    [
        ("127.0.0.1", 65_536, "port 65536 does not exist; use --port with 0 to 65535"),
        (
            "no.such.host.invalid",
            0,
            "host 'no.such.host.invalid' is not known; use --host with an address of this machine",
        ),
        ("a" * 70, 0, f"host '{'a' * 70}' is not known; use --host with an address of this machine"),
        ("192.0.2.1", 0, "host '192.0.2.1' is not an address of this machine; use --host"),
    ],
)
def test_what_cannot_be_bound_says_what_to_change(host: str, port: int, message: str) -> None:
    with pytest.raises(CannotStart) as refusal:
        listen(host, port, 0)
    assert str(refusal.value) == message


def test_a_taken_tls_port_leaves_the_plain_one_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, socket.create_server(("127.0.0.1", 0)) as other:
        free = other.getsockname()[1]
        other.close()
        port = taken.getsockname()[1]
        with pytest.raises(CannotStart, match=f"port {port} is taken; use --tls-port"):
            listen("127.0.0.1", free, port)
        listeners = listen("127.0.0.1", free, 0)
        listeners.close()
