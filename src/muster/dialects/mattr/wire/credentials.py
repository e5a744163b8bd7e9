"""Records of issued credentials on the wire, in both directions."""

from typing import Any, Final

from muster.core.issued_credentials.model import IssuedCredential
from muster.dialects.mattr.wire.times import parse_time, show_time

Document = dict[str, Any]

TIMES: Final = {"issuedDate": "issued_at", "validFrom": "valid_from", "validUntil": "valid_until"}

_OWN: Final = frozenset({"id", "userId", "type", "profile", "status", *TIMES})


def show_credential(record: IssuedCredential) -> Document:
    """A record as the list answers it."""
    shown: Document = {"id": record.id, "type": record.type, "profile": record.profile, **record.details}
    for name, field in TIMES.items():
        at: int | None = getattr(record, field)
        if at is not None:
            shown[name] = show_time(at)
    if record.status is not None:
        shown["status"] = record.status
    return shown


def new_credential(sent: Document) -> IssuedCredential:
    """The record that a checked document describes; whose it is, is not yet said."""
    return IssuedCredential(
        id=sent["id"],
        user_id="",
        type=sent["type"],
        profile=sent["profile"],
        status=sent.get("status"),
        details={name: value for name, value in sent.items() if name not in _OWN},
        issued_at=_moment(sent, "issuedDate"),
        valid_from=_moment(sent, "validFrom"),
        valid_until=_moment(sent, "validUntil"),
    )


def _moment(sent: Document, name: str) -> int | None:
    return parse_time(sent[name]) if name in sent else None
