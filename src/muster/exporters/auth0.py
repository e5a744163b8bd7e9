"""Users as rows of Auth0's bulk import, password hashes and second factors' secrets included.

A row holds what that closed schema has room for: the primary e-mail and phone, the user name, names and picture, two of the
three metadata documents, the password's hash, confirmed factors of the kinds totp, phone and email, and `user_id`, which is
the core's own id unless another was imported. It holds no times, no other address, identity, passkey or code; for these there
is `ndjson.py`. Somebody without an e-mail address cannot be a row at all.
"""

import re
from typing import Any, Final

from muster.core.security import SecretBox
from muster.core.users.model import Factor, Password, User
from muster.core.users.sealed import totp_purpose
from muster.core.users.shown import own_id, primary
from muster.importers.auth0_hashes import custom_hash

_PLAIN_BCRYPT: Final = re.compile(r"\$2[ab]\$10\$")
_PROFILE: Final = ("given_name", "family_name", "name", "nickname", "picture")
_MOST_FACTORS: Final = 10

HASHES: Final = frozenset({"password_hash", "custom_password_hash"})
"""The two members of a row that can hold a hash."""


def row_of(user: User, secrets: SecretBox) -> dict[str, Any] | None:
    """The row, metadata as raw JSON in it; None for somebody without an e-mail address of their own."""
    email = primary(user.emails)
    if email is None:
        return None
    row: dict[str, Any] = {"user_id": own_id(user), "email": email.value, "email_verified": email.verified}
    phone = primary(user.phones)
    if phone is not None:
        row["phone_number"] = phone.value
        row["phone_verified"] = phone.verified
    if user.username is not None:
        row["username"] = user.username.value
    for name in _PROFILE:
        value = getattr(user.profile, name)
        if value is not None:
            row[name] = value
    if user.suspended is not None:
        row["blocked"] = user.suspended
    # As they are kept: nobody looks into them here.
    if user.metadata.unsafe_json:
        row["user_metadata"] = user.metadata.unsafe_json
    if user.metadata.private_json:
        row["app_metadata"] = user.metadata.private_json
    if user.password is not None:
        row.update(_password(user.password))
    factors = [shown for factor in user.factors if (shown := _factor(factor, user, secrets))]
    if factors:
        row["mfa_factors"] = factors[:_MOST_FACTORS]
    return row


def _password(password: Password) -> dict[str, Any]:
    """The member that brings the hash back; none for one that this vendor could not read, which is left behind."""
    if _PLAIN_BCRYPT.match(password.hash):
        return {"password_hash": password.hash}
    custom = custom_hash(password.hash)
    return {"custom_password_hash": custom} if custom is not None else {}


def _factor(factor: Factor, user: User, secrets: SecretBox) -> dict[str, Any] | None:
    if not factor.confirmed:
        return None
    if factor.kind == "totp" and factor.secret is not None:
        return {"totp": {"secret": secrets.open(factor.secret, purpose=totp_purpose(user.id)).decode()}}
    if factor.kind in ("phone", "email") and factor.target is not None:
        return {factor.kind: {"value": factor.target}}
    return None
