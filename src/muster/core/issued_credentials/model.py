"""The record of a verifiable credential that was issued to a user. The credential itself is in the user's wallet, not here."""

from muster.core.records import Key, OwnedRecord
from muster.core.users.model import Document


class IssuedCredential(OwnedRecord, frozen=True, kw_only=True):
    """`id` is the issuer's own. `type` is what is attested, `profile` the credential's format, e.g. `mobile`.

    Times are milliseconds UTC, `valid_from` and `valid_until` the span in which a verifier takes it. `details` is whatever
    else the issuer records, as sent. `created_at` is when the record came here, which is the order of lists.
    """

    type: str
    profile: str
    status: str | None = None
    issued_at: int | None = None
    valid_from: int | None = None
    valid_until: int | None = None
    details: Document = {}

    def keys(self) -> frozenset[Key]:
        return frozenset({Key("", "issuedcredential", self.id)})
