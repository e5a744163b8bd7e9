"""Messages in words: every kind in every language, a tenant's own texts, and what may not be written into them."""

from __future__ import annotations

import ast
import html
import re
from pathlib import Path
from typing import Any

import pytest

from muster.core.clock import TurnedClock
from muster.core.events import Message
from muster.core.ids import UserId
from muster.core.messages.composing import Composed, Composer, worded
from muster.core.messages.kinds import LANGUAGES, MESSAGE_KINDS, PARTS, text_of, texts_of
from muster.core.messages.queue import Undeliverable
from muster.core.organizations.model import Invitation, Organization
from muster.core.records import Record
from muster.core.sessions.sign_outs import KIND as SIGN_OUT
from muster.core.settings.model import Branding, SignInSettings
from muster.core.users.model import Origin, Profile, User

NOW = 1_800_000_000_000
SOURCES = Path(__file__).resolve().parents[3] / "src" / "muster"
PLACEHOLDER = re.compile(r"\{([a-z]+)\}")


class Records:
    """A store that holds these, of one tenant."""

    def __init__(self, *records: Record) -> None:
        self._records = {(type(record), record.id): record for record in records}

    async def get(self, tenant_id: int, kind: type[Record], id_: str) -> Record | None:
        assert tenant_id == 7
        return self._records.get((kind, id_))


async def composed(kind: str, *records: Record, user_id: str = "", at: int = NOW, **data: Any) -> Composed:
    composer = Composer(Records(*records), TurnedClock(NOW), lambda _: "https://id.example.com/")  # type: ignore[arg-type]
    return await composer(7, Message("m1", kind, "ann@example.com", at, user_id, data))


# ------------------------------------------------------------------------------------------------------------ the table


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_has_its_texts_in_every_language_and_names_only_what_it_has(language: str) -> None:
    texts = texts_of(language)
    assert texts.keys() == MESSAGE_KINDS.keys()
    for kind, parts in texts.items():
        assert {"subject", "text"} <= parts.keys() <= set(PARTS), kind
        for part, text in parts.items():
            named = set(PLACEHOLDER.findall(text))
            assert named <= {"name", *MESSAGE_KINDS[kind].placeholders}, (kind, part)
            assert text.count("{") == len(PLACEHOLDER.findall(text)), (kind, part)
        # A text message is short, and has one when there is something in it to use.
        assert len(text_of(kind, "sms", language, {})) <= 140
        assert parts["text"].startswith("\n") is False


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_languages_say_the_same(language: str) -> None:
    for kind, parts in texts_of(language).items():
        english = texts_of("en")[kind]
        assert parts.keys() == english.keys()
        for part in parts:
            assert set(PLACEHOLDER.findall(parts[part])) == set(PLACEHOLDER.findall(english[part])), (kind, part)


def test_every_kind_that_is_sent_is_in_the_table_and_the_other_way_round() -> None:
    """Kinds stand as texts in the code that sends them."""
    sent: set[str] = set()
    for path in SOURCES.rglob("*.py"):
        text = path.read_text("utf-8")
        if "tx.send(" not in text:
            continue
        tree = ast.parse(text)
        texts = {
            node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        for node in ast.walk(tree):
            match node:
                case ast.Call(args=[ast.Constant(value=str(kind)), *_]) if ast.unparse(node.func) == "tx.send":
                    sent.add(kind)
        # Where a function is told the kind, it is one of the texts of the same file.
        sent |= texts & MESSAGE_KINDS.keys()
    assert sent - {SIGN_OUT} == set(MESSAGE_KINDS)


# -------------------------------------------------------------------------------------------------------------- wording


async def test_a_message_has_the_tenant_s_name_and_links_at_the_tenant_s_own_address() -> None:
    settings = SignInSettings(branding=Branding(name="Acme & Söhne"))
    words = await composed("sign_in_code", settings, code="123456", path="/sign-in/link?ticket=abc&x=1")
    assert words.subject == "Your code to sign in to Acme & Söhne"
    assert "\n123456\n" in words.text
    assert "\nhttps://id.example.com/sign-in/link?ticket=abc&x=1\n" in words.text
    link = "https://id.example.com/sign-in/link?ticket=abc&amp;x=1"
    assert f'began:<br>\n<a href="{link}">{link}</a></p>' in words.html
    assert "<strong>123456</strong></p>" in words.html
    assert "Acme &amp; Söhne" in words.html
    assert words.sms == "123456 is your code to sign in to Acme & Söhne. Do not give it to anybody."


async def test_what_a_message_does_not_have_is_not_spoken_of() -> None:
    words = await composed("sign_in_code", code="123456")
    assert "open this link" not in words.text
    assert "{" not in words.text + words.html
    whole = await composed("password_reset", path="/sign-in/reset?ticket=1")
    assert "code" not in whole.text
    assert whole.sms == "Choose a new password for Muster: https://id.example.com/sign-in/reset?ticket=1"


@pytest.mark.parametrize(
    ("locale", "tenants", "language"),
    [
        ("de-AT", "en", "de"),
        ("DE", "en", "de"),
        (None, "de", "de"),
        ("fr", "de", "de"),
        ("en", "de", "en"),
        ("xx", "yy", "en"),
    ],
)
async def test_a_person_is_written_to_in_their_language_else_in_the_tenant_s(
    locale: str | None, tenants: str, language: str
) -> None:
    user = User(id=UserId("u1"), realm="r", origin=Origin(door="clerk"), profile=Profile(locale=locale))
    settings = SignInSettings(branding=Branding(language=tenants))
    words = await composed("password_changed", user, settings, user_id="u1")
    assert words.subject == text_of("password_changed", "subject", language, {}).replace("{name}", "Muster")
    assert f'<html lang="{language}">' in words.html
    # A message may say so itself, when the person is nobody yet.
    assert "Passwort" in (await composed("password_changed", user, user_id="u1", language="de-CH")).subject


async def test_a_tenant_s_own_text_is_plain_text_with_the_names_of_its_kind() -> None:
    own = {
        "en": {
            "message.verification_code.subject": "{code} for {name}\r\nBcc: everybody@example.com",
            "message.verification_code.text": "<b>Hi</b> {user} {{code}} {code}\n\n{link}\n\n{0} %s $code {code!r}",
        }
    }
    words = await composed("verification_code", SignInSettings(texts=own), code="<1>", path="/x")
    assert words.subject == "<1> for Muster Bcc: everybody@example.com"
    # `link` is no name of this kind: it stays as it was written, and so does whatever is no name at all.
    assert words.text == "<b>Hi</b> {user} {<1>} <1>\n\n{link}\n\n{0} %s $code {code!r}\n"
    assert "<p>&lt;b&gt;Hi&lt;/b&gt; {user} {<strong>&lt;1&gt;</strong>}" in words.html


def test_a_value_is_not_looked_at_again() -> None:
    words = worded(
        "address_added", "en", {}, {"name": "{address}{code}", "address": "{link}{name}", "link": "javascript:x"}
    )
    assert words.sms == "{link}{name} was added to your account with {address}{code}."
    assert "href" not in words.html


def test_nothing_in_a_value_becomes_a_part_of_the_page() -> None:
    nasty = "\"'><script>alert(1)</script>&amp;"
    words = worded("password_reset", "en", {}, {"name": nasty, "link": f"https://x/{nasty}", "code": nasty})
    assert "<script" not in words.html
    assert words.html.count("<a ") == 1
    assert html.escape(nasty) in words.html


# ------------------------------------------------------------------------------------------------- what is not sent at all


async def test_an_invitation_names_the_organization_and_where_it_is_accepted() -> None:
    organization = Organization(id="o1", title="Acme", slug="acme")
    invitation = Invitation(id="i1", email="ann@example.com", organization_id="o1")
    words = await composed("invitation", invitation, organization, invitation_id="i1")
    assert words.subject == "You are invited to Acme"
    assert "https://id.example.com/sign-up" in words.text
    elsewhere = Invitation(id="i2", email="ann@example.com", redirect_url="https://app.example.com/join")
    words = await composed("invitation", elsewhere, invitation_id="i2")
    assert words.subject == "You are invited to Muster"
    assert "https://app.example.com/join" in words.text


@pytest.mark.parametrize(
    ("kind", "more", "reason"),
    [
        ("surprise", {}, "unknown_kind"),
        ("verification_email", {"link": "https://x/", "expires_at": NOW}, "over"),
        ("sign_in_code", {"code": "1", "at": NOW - 600_000}, "over"),
        ("invitation", {"invitation_id": "nobody"}, "over"),
        ("invitation", {"invitation_id": "revoked"}, "over"),
    ],
)
async def test_what_is_over_is_not_told(kind: str, more: dict[str, Any], reason: str) -> None:
    revoked = Invitation(id="revoked", email="ann@example.com", state="revoked")
    with pytest.raises(Undeliverable) as refused:
        await composed(kind, revoked, **more)
    assert refused.value.reason == reason


def test_the_page_for_operators_lists_every_kind_and_its_names() -> None:
    text = (SOURCES.parents[1] / "docs" / "messages.md").read_text("utf-8")
    _, _, table = text.partition("| kind | may name |")
    rows = dict(re.findall(r"^\| `([a-z_]+)` \|(.*)\|$", table, re.MULTILINE))
    assert {kind: tuple(PLACEHOLDER.findall(names)) for kind, names in rows.items()} == {
        kind: row.placeholders for kind, row in MESSAGE_KINDS.items()
    }
