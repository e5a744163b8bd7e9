from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.server.proxies import MOST_HOPS, Proxies, address_of

TRUSTING = Proxies(("10.0.0.0/8", "127.0.0.0/8", "fd00::/8"))


def request(peer: str | None, *forwarded: str, name: str = "x-forwarded-for") -> dict[str, Any]:
    headers = [(name.encode(), value.encode("latin-1")) for value in forwarded]
    return {"client": (peer, 50_000) if peer is not None else None, "headers": [(b"host", b"muster"), *headers]}


def test_without_networks_nobody_is_believed() -> None:
    assert Proxies(()).client(request("10.0.0.1", "192.0.2.7")) == "10.0.0.1"


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("192.0.2.1", ["198.51.100.9"], "192.0.2.1"),  # a stranger says whatever they like
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.9"], "198.51.100.9"),
        ("10.0.0.1", ["203.0.113.5, 198.51.100.9"], "198.51.100.9"),  # the left one was sent by the client
        ("10.0.0.1", ["203.0.113.5, 198.51.100.9, 10.0.0.2"], "198.51.100.9"),
        ("10.0.0.1", ["203.0.113.5", "198.51.100.9"], "198.51.100.9"),  # two lines count as one
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ("10.0.0.1", ["198.51.100.9:4711"], "198.51.100.9"),
        ("10.0.0.1", ["[2001:db8::1]:4711"], "2001:db8::1"),
        ("fd00::1", ["2001:DB8::1"], "2001:db8::1"),
        ("::ffff:10.0.0.1", ["198.51.100.9"], "198.51.100.9"),
        ("10.0.0.1", ["::ffff:198.51.100.9"], "198.51.100.9"),
        ("10.0.0.1", ["198.51.100.9, unknown"], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.9, nonsense, 10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", ["198.51.100.9,"], "10.0.0.1"),
        ("10.0.0.1", [""], "10.0.0.1"),
        ("testclient", ["198.51.100.9"], "testclient"),
        (None, ["198.51.100.9"], ""),
    ],
)
def test_the_client_is_the_rightmost_address_that_is_not_trusted(
    peer: str | None, forwarded: list[str], client: str
) -> None:
    assert TRUSTING.client(request(peer, *forwarded)) == client


def test_only_the_end_of_a_long_header_is_read() -> None:
    hops = ", ".join(["198.51.100.9", *["10.0.0.2"] * 10_000])

    assert TRUSTING.client(request("10.0.0.1", hops)) == "10.0.0.2"
    assert TRUSTING.client(request("10.0.0.1", ", ".join(["198.51.100.9", *["10.0.0.2"] * (MOST_HOPS - 1)]))) == (
        "198.51.100.9"
    )


@given(st.lists(st.text(st.characters(max_codepoint=255), max_size=100), max_size=5))
def test_whatever_is_sent_the_client_is_an_address(values: list[str]) -> None:
    assert address_of(TRUSTING.client(request("10.0.0.1", *values))) is not None


@pytest.mark.parametrize(
    ("scope", "local"),
    [
        (request("127.0.0.1"), True),
        (request("::1"), True),
        (request("::ffff:127.0.0.1"), True),
        (request("192.0.2.1"), False),
        (request(None), False),
        (request("127.0.0.1", "127.0.0.1"), False),
        (request("127.0.0.1", "for=192.0.2.1", name="forwarded"), False),
        (request("127.0.0.1", "https", name="x-forwarded-proto"), False),
        (request("127.0.0.1", "192.0.2.1", name="x-real-ip"), False),
        (request("127.0.0.1", "1.1 proxy", name="via"), False),
    ],
)
def test_local_is_who_calls_from_this_machine_by_themselves(scope: dict[str, Any], local: bool) -> None:
    assert Proxies(()).is_local(scope) is local
    assert TRUSTING.is_local(scope) is local
