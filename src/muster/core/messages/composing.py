"""A message in words: in the language of whoever gets it, with the tenant's name and texts, and links at the tenant's own address."""

import html
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from math import inf
from typing import Final, NamedTuple

from muster.core.clock import Clock
from muster.core.events import Message
from muster.core.messages.kinds import FALLBACK, LANGUAGES, MESSAGE_KINDS, text_of
from muster.core.messages.queue import Undeliverable
from muster.core.organizations.model import Invitation, Organization
from muster.core.settings.actions import sign_in_settings
from muster.core.settings.model import SignInSettings
from muster.core.store import Store
from muster.core.users.model import User

_PLACEHOLDER: Final = re.compile(r"\{([a-z]+)\}")
_BLANK_LINES: Final = re.compile(r"\n[ \t]*\n\s*")


class Composed(NamedTuple):
    """What goes out: `subject`, `text` and `html` of a mail, `sms` of a text message. No line of `subject` or `sms` ends.
    `link` is the one that stands in them, if there is one.
    """

    subject: str
    text: str
    html: str
    sms: str
    link: str


class Composer:
    """Puts messages in words. `public_url` is a tenant's own address, which every link begins with; it ends in a slash."""

    def __init__(self, store: Store, clock: Clock, public_url: Callable[[int], str]) -> None:
        self._store = store
        self._clock = clock
        self._public_url = public_url

    async def __call__(self, tenant_id: int, message: Message) -> Composed:
        """The message in words. `Undeliverable` when what it tells of is over, or is of a kind that nobody knows."""
        if message.kind not in MESSAGE_KINDS:
            raise Undeliverable("unknown_kind")
        if _ends(message) <= self._clock.now():
            raise Undeliverable("over")
        store = self._store
        settings = await sign_in_settings(store, tenant_id)
        values = {"name": settings.branding.name or "Muster", **dict(_given(message, self._public_url(tenant_id)))}
        if message.kind == "invitation":
            values |= await _invited(store, tenant_id, message)
            values.setdefault("organization", values["name"])
        user = await store.get(tenant_id, User, message.user_id) if message.user_id else None
        spoken = (message.data.get("language"), user.profile.locale if user is not None else None)
        return worded(message.kind, _language(spoken, settings), settings.texts, values)


def worded(kind: str, language: str, own: Mapping[str, Mapping[str, str]], values: Mapping[str, str]) -> Composed:
    """The texts of the kind with these values, of which only those of the kind's list are put in."""
    allowed = {name: values[name] for name in ("name", *MESSAGE_KINDS[kind].placeholders) if values.get(name)}
    subject, text, sms = (text_of(kind, part, language, own) for part in ("subject", "text", "sms"))
    if not _is_complete(kind, sms, allowed):
        sms = f"{subject}: {{link}}" if "link" in allowed else subject
    paragraphs = [each for each in _BLANK_LINES.split(text.strip()) if _is_complete(kind, each, allowed)]
    return Composed(
        _one_line(_filled(subject, allowed)),
        "\n\n".join(_filled(each, allowed) for each in paragraphs) + "\n",
        _page(language, paragraphs, allowed),
        _one_line(_filled(sms, allowed)),
        allowed.get("link", ""),
    )


def _ends(message: Message) -> float:
    """When what the message brings is good no more."""
    ends = message.data.get("expires_at")
    lasts = MESSAGE_KINDS[message.kind].lasts
    return min(ends if isinstance(ends, int) else inf, inf if lasts is None else message.due_at + lasts)


def _given(message: Message, public_url: str) -> Iterator[tuple[str, str]]:
    """The values that the message itself has. Where it names no page of its own, the link is that of its kind."""
    data = message.data
    for name in ("code", "address"):
        if isinstance(data.get(name), str):
            yield name, data[name]
    path = data.get("path") or MESSAGE_KINDS[message.kind].page
    if isinstance(data.get("link"), str):
        yield "link", data["link"]
    elif path:
        yield "link", public_url + path.removeprefix("/")


async def _invited(store: Store, tenant_id: int, message: Message) -> dict[str, str]:
    """What an invitation is to, and where it is accepted if not here. `Undeliverable` for one that waits no longer."""
    invitation = await store.get(tenant_id, Invitation, str(message.data.get("invitation_id", "")))
    if invitation is None or invitation.state != "pending":
        raise Undeliverable("over")
    organization = await store.get(tenant_id, Organization, invitation.organization_id)
    told = {"organization": organization.title or organization.slug} if organization is not None else {}
    if "path" not in message.data and invitation.redirect_url:
        told["link"] = invitation.redirect_url
    return told


def _language(wanted: Iterable[object], settings: SignInSettings) -> str:
    """The first of these that there are texts in, else the tenant's; `de-AT` finds `de`."""
    for tag in (*wanted, settings.branding.language):
        primary = tag.replace("_", "-").partition("-")[0].lower() if isinstance(tag, str) else ""
        if primary in LANGUAGES:
            return primary
    return FALLBACK


def _is_complete(kind: str, paragraph: str, values: Mapping[str, str]) -> bool:
    """Whether the message has all that the paragraph names; what the kind does not have stays as it is written."""
    named = set(_PLACEHOLDER.findall(paragraph)) & set(MESSAGE_KINDS[kind].placeholders)
    return named <= values.keys()


def _filled(text: str, values: Mapping[str, str]) -> str:
    """The text with its values, which are not looked at again."""
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)


def _page(language: str, paragraphs: Iterable[str], values: Mapping[str, str]) -> str:
    """The same as a page. Texts and values are plain text: what looks like HTML in them is shown as it was written."""
    shown = {name: html.escape(value) for name, value in values.items()}
    link = values.get("link", "")
    if link.startswith(("https://", "http://")):
        shown["link"] = f'<a href="{shown["link"]}">{shown["link"]}</a>'
    if "code" in shown:
        shown["code"] = f"<strong>{shown['code']}</strong>"
    filled = (_filled(html.escape(each), shown).replace("\n", "<br>\n") for each in paragraphs)
    body = "\n".join(f"<p>{each}</p>" for each in filled)
    return f'<!doctype html>\n<html lang="{language}"><meta charset="utf-8">\n<body>\n{body}\n</body></html>\n'


def _one_line(text: str) -> str:
    """The text without line breaks and other control characters, which a header must not have."""
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())
