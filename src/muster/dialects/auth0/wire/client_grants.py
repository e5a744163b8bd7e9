"""Client grants on the wire. A grant for acting on behalf of users gives a client no power by itself."""

from typing import Any

from msgspec.structs import replace

from muster.core.apps.model import ClientGrant

PREFIX = "cgr_"
VENDOR = "auth0"

Document = dict[str, Any]

_OF_THE_CORE = frozenset({"client_id", "audience", "scope"})


def parse_grant_id(text: str) -> str:
    """The core's id of a shown one; the empty text, which names nothing, for what has not its form."""
    return text.removeprefix(PREFIX) if text.startswith(PREFIX) else ""


def new_grant(body: Document, id_: str) -> ClientGrant:
    """The grant that a checked body describes."""
    return changed_grant(ClientGrant(id=id_, app_id=body["client_id"], audience=body["audience"]), body)


def changed_grant(before: ClientGrant, body: Document) -> ClientGrant:
    """The grant after a checked body of changes; null removes a member."""
    kept = {**before.vendor.get(VENDOR, {}), **{name: body[name] for name in body if name not in _OF_THE_CORE}}
    kept = {name: value for name, value in kept.items() if value is not None}
    scopes = body["scope"] or [] if "scope" in body else shown_scopes(before)
    if subject_of(kept) == "user":
        return replace(before, scopes=[], vendor={**before.vendor, VENDOR: {**kept, "scope": scopes}})
    return replace(before, scopes=list(dict.fromkeys(scopes)), vendor={**before.vendor, VENDOR: kept})


def show_grant(grant: ClientGrant) -> Document:
    """The grant as it is answered."""
    return {
        "id": PREFIX + grant.id,
        "client_id": grant.app_id,
        "audience": grant.audience,
        **kept_of(grant),
        "scope": shown_scopes(grant),
    }


def shown_scopes(grant: ClientGrant) -> list[str]:
    """The scopes that were granted, whoever may use them."""
    scopes: list[str] = kept_of(grant).get("scope", grant.scopes)
    return scopes


def kept_of(grant: ClientGrant) -> Document:
    """What was sent and means nothing to the core."""
    return grant.vendor.get(VENDOR, {})


def subject_of(kept: Document) -> str:
    """Whether a client acts by itself (`client`) or for a user."""
    subject: str = kept.get("subject_type", "client")
    return subject
