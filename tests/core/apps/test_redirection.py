from __future__ import annotations

import pytest

from muster.core.apps.redirection import is_registered, problem_of

REGISTERED = ["https://app.example.com/callback", "https://app.example.com/callback?a=1", "com.example.app:/callback"]


@pytest.mark.parametrize("uri", REGISTERED)
def test_an_address_is_found_as_it_was_registered(uri: str) -> None:
    assert is_registered(uri, REGISTERED, any_port=True)
    assert problem_of(uri) is None


@pytest.mark.parametrize(
    "uri",
    [
        "https://app.example.com/callback/",
        "https://app.example.com/callback/../evil",
        "https://app.example.com/Callback",
        "https://APP.example.com/callback",
        "https://app.example.com:443/callback",
        "https://app.example.com/callback?",
        "https://app.example.com/callback?a=1&b=2",
        "https://app.example.com/callback#x",
        "https://app.example.com/%63allback",
        "https://app.example.com@evil.example/callback",
        "https://app.example.com.evil.example/callback",
        "https://evil.example/?https://app.example.com/callback",
        "http://app.example.com/callback",
        "//app.example.com/callback",
        " https://app.example.com/callback",
        "https://app.example.com/callback\n",
        "com.example.app:/callback/more",
        "com.example.app://callback",
        "",
    ],
)
def test_nothing_near_it_is(uri: str) -> None:
    assert not is_registered(uri, REGISTERED, any_port=True)


LOOPBACK = ["http://127.0.0.1/callback", "http://[::1]:4000/callback", "http://localhost:3000/callback"]


@pytest.mark.parametrize(
    ("uri", "found"),
    [
        ("http://127.0.0.1/callback", True),
        ("http://127.0.0.1:1/callback", True),
        ("http://127.0.0.1:65535/callback", True),
        ("http://[::1]/callback", True),
        ("http://[::1]:4001/callback", True),
        ("http://localhost:3000/callback", True),
        ("http://localhost:3001/callback", False),
        ("http://127.0.0.1:4000/other", False),
        ("http://127.0.0.1:4000/callback?x=1", False),
        ("http://127.0.0.1:4000/callback#x", False),
        ("https://127.0.0.1:4000/callback", False),
        ("http://127.0.0.1:4000@evil.example/callback", False),
        ("http://127.0.0.1.evil.example/callback", False),
        ("http://127.0.0.1:4000\\@evil.example/callback", False),
        ("http://127.0.0.1:/callback", False),
        ("http://127.0.0.1:123456/callback", False),
        ("http://127.0.0.2:4000/callback", False),
        ("http://0x7f000001/callback", False),
        ("http://[::1]evil.example/callback", False),
    ],
)
def test_a_native_program_may_take_any_port_of_this_machine(uri: str, found: bool) -> None:
    assert is_registered(uri, LOOPBACK, any_port=True) is found
    assert is_registered(uri, LOOPBACK, any_port=False) is (uri in LOOPBACK)


@pytest.mark.parametrize(
    ("uri", "why"),
    [
        ("https://example.com/", None),
        ("https://example.com/a?b=c&d=%20", None),
        ("https://[2001:db8::1]/", None),
        ("http://localhost:3000/", None),
        ("http://127.0.0.1/", None),
        ("http://[::1]:80/", None),
        ("com.example.app:/oauth", None),
        ("msauth://com.example/sig%3D", None),
        ("http://example.com/", "plain_http"),
        ("http://localhost.example.com/", "plain_http"),
        ("https://example.com/#", "fragment"),
        ("com.example.app:/oauth#x", "fragment"),
        ("https://user@example.com/", "user"),
        ("https://user:pw@example.com/", "user"),
        ("javascript:alert(1)", "scheme"),
        ("JavaScript:alert(1)", "scheme"),
        ("data:text/html,x", "scheme"),
        ("file:///etc/passwd", "scheme"),
        ("https://example.com/\\evil", "characters"),
        ("https://example.com/a b", "characters"),
        ("https://example.com/\t", "characters"),
        ("https://exämple.com/", "characters"),
        ("https://example.com/\ud800", "characters"),
        ("https://{org}.example.com/", "characters"),
        ("/callback", "not_absolute"),
        ("example.com/callback", "not_absolute"),
        ("https:", "not_absolute"),
        ("https:example.com", "not_absolute"),
        ("https:/example.com", "not_absolute"),
        ("https:///callback", "not_absolute"),
        ("https://example.com:port/", "not_absolute"),
        ("https://[::1/", "not_absolute"),
        ("", "not_absolute"),
    ],
)
def test_what_can_be_no_redirect_uri(uri: str, why: str | None) -> None:
    assert problem_of(uri) == why
    assert problem_of(uri, plain_http=True) == (None if why == "plain_http" else why)
