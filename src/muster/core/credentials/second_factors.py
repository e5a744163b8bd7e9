"""Second factors and codes for a rainy day: enrolled, made, removed. Checking them is `checks.py`.

Whether a user has a second factor is answered by confirmed factors alone; passkeys and codes are none.
"""

import base64
import re
from collections.abc import Collection, Sequence
from typing import Literal

from msgspec.structs import replace

from muster.core.actor import Permissions as May
from muster.core.errors import Invalid, NotFound
from muster.core.hub_roles.rank import must_outrank
from muster.core.ids import new_id, random_text
from muster.core.security import OneTimeCodes, SecretBox
from muster.core.sessions.tokens import hash_of
from muster.core.transaction import Transaction
from muster.core.users.model import Activity, Code, Factor, FactorUse, Mfa, User

CodeKind = Literal["recovery", "backup"]

CODES_AT_ONCE = 10
CODE_LENGTH = 16
"""Letters and digits of a code made here: 95 bits, which SHA-256 alone keeps safe."""

MOST_CODES = 50

# Of a cost that may be checked. What only resembles one is a code like others.
_BCRYPT = re.compile(r"\$2[aby]\$(?:0[4-9]|1[0-4])\$[./A-Za-z0-9]{52}[.CGKOSWaeimquy26]")


def has_second_factor(user: User) -> bool:
    """Whether any second factor is confirmed."""
    return any(factor.confirmed for factor in user.factors)


def must_prove_second_factor(user: User) -> bool:
    """Whether a password alone does not let this user in."""
    return user.mfa.required or has_second_factor(user)


def last_used(user: User, factor: Factor) -> int | None:
    """When the factor was last proved (ms); what an import brought is on the factor itself."""
    use = user.activity.factors.get(factor.id) if user.activity is not None else None
    return factor.used_at if use is None else use.at


def totp_factors(user: User, *, confirmed: bool) -> list[Factor]:
    """The user's factors of time-based codes that have a secret."""
    wanted = (factor for factor in user.factors if factor.kind == "totp" and factor.secret is not None)
    return [factor for factor in wanted if factor.confirmed is confirmed]


def totp_purpose(user_id: str) -> str:
    """What a secret is sealed for, so that it opens for no other user."""
    return f"totp:{user_id}"


def open_totp(user: User, factor: Factor, secrets: SecretBox) -> str:
    """The factor's secret as base32 text."""
    if factor.secret is None:
        raise LookupError(f"the factor {factor.id} has no secret")
    return secrets.open(factor.secret, purpose=totp_purpose(user.id)).decode("ascii")


async def begin_totp(tx: Transaction, user: User, secrets: SecretBox, codes: OneTimeCodes) -> tuple[User, str]:
    """Start enrolling an authenticator app; the user with an unconfirmed factor, and its secret to show.

    One that waits to be confirmed is kept with its secret, so that showing it twice does not break a picture that was
    scanned. It counts for nothing until `CredentialChecks.confirm_totp`.
    """
    await _must_write(tx, user)
    pending = totp_factors(user, confirmed=False)
    if pending:
        return user, open_totp(user, pending[0], secrets)
    secret = codes.new_secret()
    tx.note("factor.begun", user_id=user.id, factor="totp")
    return tx.save(_with(user, _totp(user, secret, secrets, tx.now, name=None))), secret


async def add_totp(tx: Transaction, user: User, secret: str, secrets: SecretBox, *, name: str | None = None) -> User:
    """A confirmed factor with a secret that is known elsewhere already; it replaces every other time-based one.

    `Invalid("totp_secret")` unless the secret is base32 (RFC 4648; blanks, lower case and padding are taken).
    """
    tx.actor.must(May.FACTORS_WRITE)
    await must_outrank(tx, user)
    factor = replace(_totp(user, _base32(secret), secrets, tx.now, name=name), confirmed=True, enrolled_at=tx.now)
    kept = replace(user, factors=[other for other in user.factors if other.kind != "totp"])
    tx.note("factor.enrolled", user_id=user.id, factor="totp")
    return tx.save(with_mfa_noted(user, _with(kept, factor), tx.now))


async def set_factors(tx: Transaction, user: User, factors: Sequence[Factor]) -> User:
    """The user's factors as a whole: how one of another kind is added, changed or taken away. Secrets come sealed."""
    tx.actor.must(May.FACTORS_WRITE)
    await must_outrank(tx, user)
    had, wanted = {factor.id for factor in user.factors}, {factor.id for factor in factors}
    kinds = {factor.id: factor.kind for factor in (*user.factors, *factors)}
    changed = {factor.id for factor in factors if factor.id in had and factor not in user.factors}
    for event, ids in (("enrolled", wanted - had), ("removed", had - wanted), ("changed", changed)):
        for id_ in sorted(ids):
            tx.note(f"factor.{event}", user_id=user.id, factor=kinds[id_], factor_id=id_)
    return tx.save(with_mfa_noted(user, replace(user, factors=list(factors)), tx.now))


async def remove_factors(
    tx: Transaction,
    user: User,
    kinds: Collection[str] | None = None,
    *,
    codes: Collection[CodeKind] = (),
) -> User:
    """Remove factors of the kinds, None for every kind, and the codes of some. Passkeys are no second factor and stay."""
    if not tx.actor.may_self(May.SELF_FACTORS, user.id):
        tx.actor.must(May.FACTORS_CLEAR, May.FACTORS_WRITE)
        await must_outrank(tx, user)
    gone = [factor for factor in user.factors if kinds is None or factor.kind in kinds]
    left = [factor for factor in user.factors if factor not in gone]
    after = replace(user, factors=left, codes=[code for code in user.codes if code.kind not in codes])
    if after == user:
        return user
    for kind in sorted({factor.kind for factor in gone}):
        tx.note("factor.removed", user_id=user.id, factor=kind)
    if len(after.codes) < len(user.codes):
        tx.note("factor.removed", user_id=user.id, factor="codes")
    if user.activity is not None and any(factor.id in user.activity.factors for factor in gone):
        ids = {factor.id for factor in left} | {passkey.id for passkey in user.passkeys}
        uses = {id_: use for id_, use in user.activity.factors.items() if id_ in ids}
        after = replace(after, activity=replace(user.activity, factors=uses))
    return tx.save(with_mfa_noted(user, after, tx.now))


async def make_codes(tx: Transaction, user: User, kind: CodeKind, count: int = CODES_AT_ONCE) -> tuple[User, list[str]]:
    """New codes in the place of all of that kind; they are shown now and never again."""
    plain = [random_text(CODE_LENGTH).upper() for _ in range(count)]
    return await set_codes(tx, user, kind, plain), plain


async def set_codes(tx: Transaction, user: User, kind: CodeKind, codes: Sequence[str]) -> User:
    """These codes in the place of all of that kind; the other kind stays. One that is a bcrypt hash is kept as it is."""
    await _must_write(tx, user)
    if len(codes) > MOST_CODES:
        raise Invalid("too_many_codes", limit=MOST_CODES)
    if not all(code.strip() for code in codes):
        raise Invalid("code_blank")
    kept = [code for code in user.codes if code.kind != kind]
    added = [
        Code(kind=kind, hash=text if is_slow_hash(text) else hash_of(text.strip())) for text in dict.fromkeys(codes)
    ]
    tx.note("factor.changed", user_id=user.id, factor="codes")
    return tx.save(replace(user, codes=[*kept, *added]))


def is_slow_hash(text: str) -> bool:
    """Whether a code came hashed with bcrypt by whoever made it, rather than as the SHA-256 that is kept here."""
    return _BCRYPT.fullmatch(text) is not None


def confirmed(user: User, factor: Factor, step: int, now: int) -> User:
    """The factor counts from now on, and takes the place of every other time-based one."""
    ready = replace(factor, confirmed=True, enrolled_at=now)
    others = [other for other in user.factors if other.kind != "totp"]
    after = with_mfa_noted(user, replace(user, factors=[*others, ready]), now)
    return used(after, factor.id, step, now)


def used(user: User, factor_id: str, step: int | None, now: int) -> User:
    """The factor was proved; signing in leaves that beside the document."""
    activity = user.activity or Activity()
    uses = {**activity.factors, factor_id: FactorUse(at=now, step=step)}
    return replace(user, activity=replace(activity, factors=uses))


def with_mfa_noted(before: User, after: User, now: int) -> User:
    """Keep when there came to be a second factor, when the last one went, and when any changed."""
    if [factor for factor in before.factors if factor.confirmed] == [f for f in after.factors if f.confirmed]:
        return after
    had, has = has_second_factor(before), has_second_factor(after)
    mfa: Mfa = replace(after.mfa, changed_at=now)
    if has and not had:
        mfa = replace(mfa, enabled_at=now)
    if had and not has:
        mfa = replace(mfa, disabled_at=now)
    return replace(after, mfa=mfa)


def the_factor(user: User, factor_id: str) -> Factor:
    """The factor with this id; `NotFound("factor")`."""
    for factor in user.factors:
        if factor.id == factor_id:
            return factor
    raise NotFound("factor", id=factor_id)


def _totp(user: User, secret: str, secrets: SecretBox, now: int, *, name: str | None) -> Factor:
    sealed = secrets.seal(secret.encode("ascii"), purpose=totp_purpose(user.id))
    return Factor(id=new_id(now), dev=random_text(16), kind="totp", name=name, secret=sealed, created_at=now)


def _base32(secret: str) -> str:
    text = secret.replace(" ", "").rstrip("=").upper()
    try:
        # A secret need not be whole bytes: what follows the last of them counts for nothing.
        raw = base64.b32decode((text + "A" * (-len(text) % 8)).encode("ascii"))
    except ValueError:
        raise Invalid("totp_secret") from None
    if len(text) < 8 or len(raw) > 256:
        raise Invalid("totp_secret")
    return text


def _with(user: User, factor: Factor) -> User:
    return replace(user, factors=[*user.factors, factor])


async def _must_write(tx: Transaction, user: User) -> None:
    if not tx.actor.may_self(May.SELF_FACTORS, user.id):
        tx.actor.must(May.FACTORS_WRITE)
        await must_outrank(tx, user)
