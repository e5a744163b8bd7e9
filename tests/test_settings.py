"""What the options of mail, text messages and outgoing requests may be, and what is said of what they may not."""

from __future__ import annotations

from typing import Any

import pytest

from muster.settings import Settings, SettingsError, load


def given(**environment: str) -> Settings:
    return load({}, {f"MUSTER_{name.upper()}": value for name, value in environment.items()}, None, pytest.fail)


GOOD: list[tuple[str, str, Any]] = [
    ("smtp_url", "smtp://user:p%40ss@mail.example.com", None),
    ("smtp_url", "smtps://mail.example.com:465", None),
    ("smtp_url", "smtp+plain://127.0.0.1:25/", None),
    ("mail_from", "no-reply@example.com", None),
    ("mail_from", "Acme Söhne <no-reply@example.com>", None),
    ("sms_url", "https://sms.example.com/send?to={to}&text={text}", None),
    ("sms_headers", "Authorization: Bearer a,b\nX-Own: 1", ("Authorization: Bearer a,b", "X-Own: 1")),
    ("outbound_allow", "hooks.example.com, 10.0.0.0/8,::1", ("hooks.example.com", "10.0.0.0/8", "::1")),
    ("dev_outbox", "on", None),
    ("events_keep_days", "30", 30),
]

BAD = [
    ("smtp_url", "mail.example.com", "must look like"),
    ("smtp_url", "http://mail.example.com", "must look like"),
    ("smtp_url", "smtp://user:sec/ret@mail.example.com", "must look like"),
    ("smtp_url", "smtp://user:secret@mail.example.com:port", "must look like"),
    ("smtp_url", "smtp://:secret@", "must look like"),
    ("mail_from", "nobody", "must be an address"),
    ("mail_from", "a@example.com, b@example.com", "must be an address"),
    ("mail_from", "Acme\r\nBcc: b@example.com <a@example.com>", "must be an address"),
    ("sms_url", "sms.example.com", "must be an address"),
    ("sms_method", "DELETE", "must be one of"),
    ("sms_headers", "Authorization", "must be lines"),
    ("sms_headers", "X: 1\rY: 2\x00", "must be lines"),
    ("outbound_allow", "https://hooks.example.com/", "does not appear to be"),
    ("outbound_allow", "10.0.0.0/33", "does not appear to be"),
    ("outbound_allow", "a b", "is no host name"),
    ("dev_outbox", "yes", "must be one of"),
    ("events_keep_days", "-1", "must be a whole number"),
]


@pytest.mark.parametrize(("name", "text", "value"), GOOD)
def test_an_option_is_taken_as_it_is_meant(name: str, text: str, value: Any) -> None:
    more = {"mail_from": "a@example.com"} if name == "smtp_url" else {}
    assert getattr(given(**{name: text}, **more), name) == (text if value is None else value)


@pytest.mark.parametrize(("name", "text", "told"), BAD)
def test_what_cannot_be_used_is_named_and_no_secret_repeated(name: str, text: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told) as refused:
        given(**{name: text})
    assert str(refused.value).startswith(f"MUSTER_{name.upper()}: ")
    assert "sec" not in str(refused.value).replace("seconds", "")


def test_what_cannot_hold_at_once() -> None:
    with pytest.raises(SettingsError, match="smtp_url needs mail_from"):
        given(smtp_url="smtp://mail.example.com")
    with pytest.raises(SettingsError, match="cannot be on where a public_url is set"):
        given(dev_outbox="on", public_url="https://users.example.com")
    assert given(dev_outbox="off", public_url="https://users.example.com").dev_outbox == "off"
