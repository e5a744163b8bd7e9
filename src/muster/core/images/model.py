"""Uploaded pictures. Each is kept once, small and re-encoded; what a client sent is never stored or served."""

from typing import Final

from muster.core.records import Key, OwnedRecord, Record

LARGEST: Final = 700_000
"""Bytes of one picture: its text form and the record around it stay below a record's limit of 1 MiB."""


class UserImage(OwnedRecord, frozen=True, kw_only=True):
    """A user's picture; `type` is its media type."""

    type: str
    data: bytes

    def keys(self) -> frozenset[Key]:
        return frozenset({Key("", "userimage", self.id)})


class OrganizationImage(Record, frozen=True, kw_only=True):
    """An organization's logo."""

    type: str
    data: bytes
    organization_id: str
