"""Passwords, secrets and codes that a body brings: checked and hashed before any act, and set within one."""

from collections.abc import Sequence
from typing import Any

from muster.core.credentials.second_factors import add_totp, set_codes
from muster.core.transaction import Transaction
from muster.core.users.actions import HashedPassword
from muster.core.users.model import User
from muster.dialects.clerk import problems
from muster.dialects.clerk.hashers import UnknownHasher, WrongDigest, stored
from muster.dialects.clerk.password_policy import check_password
from muster.dialects.clerk.problems import Refused
from muster.dialects.clerk.services import Services

NEW_SCHEME = "argon2"


async def password_in(services: Services, body: dict[str, Any], identifiers: Sequence[str]) -> HashedPassword | None:
    """The password that a body sets: a new one by the policy, or a digest made elsewhere. The slow part of a write."""
    password, digest, hasher = (body.get(name) for name in ("password", "password_digest", "password_hasher"))
    if digest is not None and hasher is None:
        text = "`password_hasher` is required when `password_digest` is present."
        raise problems.form("form_conditional_param_missing", "password_hasher", "is missing", text)
    if hasher is not None and digest is None:
        text = "`password_digest` is required when `password_hasher` is present."
        raise problems.form("form_conditional_param_missing", "password_digest", "is missing", text)
    if password is not None and digest is not None:
        text = "password and password_digest cannot be given together."
        raise Refused(422, [problems.invalid("password_digest", text)])
    if digest is not None:
        return _given(str(hasher), digest, services)
    if password is None:
        return None
    skip = body.get("skip_password_checks") is True
    check_password(password, identifiers, services.is_known_password, skip=skip)
    return HashedPassword(await services.passwords.hash(password), NEW_SCHEME)


def _given(hasher: str, digest: str, services: Services) -> HashedPassword:
    try:
        text, scheme = stored(hasher, digest, services.scheme_of_hash)
    except UnknownHasher:
        raise Refused(422, [problems.not_allowed("password_hasher", hasher)]) from None
    except WrongDigest:
        text = "password_digest is not a valid digest of the given password_hasher."
        raise problems.form("form_password_digest_invalid_code", "password_digest", text) from None
    return HashedPassword(text, scheme)


async def set_second_factors(tx: Transaction, user: User, body: dict[str, Any], services: Services) -> User:
    """The authenticator app and the backup codes that a body brings."""
    if body.get("totp_secret") is not None:
        user = await add_totp(tx, user, body["totp_secret"], services.secrets)
    if body.get("backup_codes") is not None:
        user = await set_codes(tx, user, "backup", body["backup_codes"])
    return user
