"""The parameters of a list of users as the core's query. Values of one parameter are alternatives, parameters all hold."""

from collections.abc import Callable, Sequence
from typing import Any as AnyValue
from typing import Final, NamedTuple

from muster.core.query import All, Any, Everyone, Is, Like, Not, Order, Query, Range
from muster.core.users.shapes import username_key
from muster.dialects.clerk import problems
from muster.dialects.clerk.checking import plain_number
from muster.dialects.clerk.problems import Refused
from muster.dialects.clerk.wire.accounts import core_provider
from muster.dialects.clerk.wire.ids import DOOR, read_id
from muster.dialects.clerk.wire.times import DAY

HOUR: Final = 3_600_000

SORTS: Final = {
    "created_at": "created_at",
    "updated_at": "updated_at",
    "email_address": "email",
    "web3wallet": "wallets",
    "first_name": "given_name",
    "last_name": "family_name",
    "phone_number": "phone",
    "username": "username",
    "last_active_at": "last_active_at",
    "last_sign_in_at": "last_success",
}
"""What users can be sorted by, and the core's name for it."""


class Signed(NamedTuple):
    """The values of a parameter whose values may be marked `+` (with) or `-` (without)."""

    wanted: list[str]
    unwanted: list[str]


def signed(values: Sequence[str]) -> Signed:
    """Apart by their marks; no mark means with. A raw `+` of an address arrives as a blank."""
    found = Signed([], [])
    for value in values:
        if value[:1] == "-":
            found.unwanted.append(value[1:])
        else:
            found.wanted.append(value[1:] if value[:1] in ("+", " ") else value)
    return found


def parse_filters(asked: dict[str, AnyValue]) -> Query:
    """What is searched for."""
    parts: list[Query] = []
    for name, one in _EXACT.items():
        if name in asked:
            parts.append(Any(tuple(one(value) for value in asked[name])))
    for name, one in _SIGNED.items():
        if name in asked:
            values = signed(asked[name])
            if values.wanted:
                parts.append(Any(tuple(one(value) for value in values.wanted)))
            if values.unwanted:
                parts.append(Not(Any(tuple(one(value) for value in values.unwanted))))
    for name, part in _TEXTS.items():
        if asked.get(name):
            parts.append(part(asked[name]))
    if "banned" in asked:
        banned = Is("suspended", value=True)
        parts.append(banned if asked["banned"] else Not(banned))
    parts += _times(asked)
    parts += _provider(asked)
    return All(tuple(parts)) if parts else Everyone()


def parse_order(text: str | None, sorts: dict[str, str], default: Order) -> Order:
    """`field`, `+field` or `-field`, of those that there are."""
    if not text:
        return default
    field = text[1:] if text[0] in "+- " else text
    if field not in sorts:
        raise Refused(422, [problems.not_allowed("order_by", text)])
    return Order(sorts[field], descending=text[0] == "-")


def text_query(text: str) -> Query:
    """Part of anything that people know a user by, or the whole of an id."""
    parts: list[Query] = [Like("text", ("", text.casefold(), "")), Is(f"id:{DOOR}", text)]
    own = read_id("user", text)
    return Any((*parts, Is("id", own)) if own is not None else tuple(parts))


def _user_id(text: str) -> Query:
    own = read_id("user", text)
    return Is("id", own) if own is not None else Is(f"id:{DOOR}", text)


def _organization_id(text: str) -> Query:
    own = read_id("org", text)
    return Is("organization", own if own is not None else text)


def _part_of(*fields: str) -> Callable[[str], Query]:
    def part(text: str) -> Query:
        parts = tuple(Like(field, ("", text.casefold(), "")) for field in fields)
        return parts[0] if len(parts) == 1 else Any(parts)

    return part


def _times(asked: dict[str, AnyValue]) -> list[Query]:
    parts: list[Query] = []
    for name, field in (
        ("last_active_at", "last_active_at"),
        ("created_at", "created_at"),
        ("last_sign_in_at", "last_success"),
    ):
        before, after = asked.get(f"{name}_before"), asked.get(f"{name}_after")
        if before is not None:
            parts.append(Range(field, high=before, high_included=False))
        if after is not None:
            parts.append(Range(field, low=after, low_included=False))
    since = asked.get("last_active_at_since")
    if since is not None:
        if since % HOUR:
            text = "Date values must be given in Unix millisecond timestamp format."
            raise problems.form("form_param_invalid_date", "last_active_at_since", text)
        parts.append(Range("last_active_at", low=since // DAY * DAY))
    return parts


def _provider(asked: dict[str, AnyValue]) -> list[Query]:
    provider, subjects = asked.get("provider"), asked.get("provider_user_id")
    if provider is None and subjects is None:
        return []
    if provider is None or subjects is None:
        raise Refused(422, [problems.missing("provider" if provider is None else "provider_user_id")])
    return [
        Is("link.provider", core_provider(provider)),
        Any(tuple(Is("link.subject", subject) for subject in subjects)),
    ]


_EXACT: Final[dict[str, Callable[[str], Query]]] = {
    "email_address": lambda text: Is("emails", text.strip().lower()),
    "phone_number": lambda text: Is("phones", plain_number(text)),
    "username": lambda text: Is("username", username_key(text)),
    "web3_wallet": lambda text: Is("wallets", text.lower() if text[:2].lower() == "0x" else text),
}

_SIGNED: Final[dict[str, Callable[[str], Query]]] = {
    "user_id": _user_id,
    "external_id": lambda text: Is("external_id", text),
    "organization_id": _organization_id,
}

_TEXTS: Final[dict[str, Callable[[str], Query]]] = {
    "query": text_query,
    "email_address_query": _part_of("emails"),
    "phone_number_query": _part_of("phones"),
    "username_query": _part_of("username"),
    "name_query": _part_of("given_name", "family_name", "full_name"),
}
