"""Signing in with a passkey: who has it, and a check that counts like any other.

The signature is checked outside of any act; one short act then decides on fresh data that the passkey is still the user's and
that its counter has grown, so that of two answers with one counter only one is taken.
"""

import base64
from typing import Final, NamedTuple

from msgspec.structs import replace

from muster.core.credentials.attempts import (
    Attempt,
    CredentialRefused,
    accept,
    refuse_if_barred,
    refuse_if_suspended,
    refuse_unknown,
    refuse_wrong,
    the_user,
)
from muster.core.passkeys.model import Ceremony, Descriptor, RelyingParty, Signed
from muster.core.records import Key
from muster.core.security import PasskeyRefused, Passkeys
from muster.core.transaction import Transaction, TransactionRunner
from muster.core.users.model import Activity, FactorUse, Passkey, User

MOST_PASSKEYS: Final = 50
"""Of one user."""


class ProvedByPasskey(NamedTuple):
    """Who signed in with which passkey; `verified` when the authenticator asked for a finger, a face or a PIN (two factors in one)."""

    user: User
    passkey: Passkey
    verified: bool


class PasskeyChecks:
    """Checks with counting; built once."""

    def __init__(self, runner: TransactionRunner, passkeys: Passkeys) -> None:
        self._runner = runner
        self._passkeys = passkeys

    def options(self, party: RelyingParty, user: User | None = None) -> Ceremony:
        """What the browser is asked: for any passkey of this server, or for one of the user's.

        Only for a user whose first factor was proved: the list tells who has passkeys, and which.
        """
        allow = descriptors(user, party) if user is not None else ()
        return self._passkeys.request(party, allow=allow)

    async def check(
        self, attempt: Attempt, party: RelyingParty, credential: str, *, challenge: str, who: User | None = None
    ) -> ProvedByPasskey:
        """Whose passkey answered the challenge. `attempt.who` is not looked at: the passkey says who it is.

        `CredentialRefused`: wrong_passkey (also for one that nobody has, or that is not `who`'s), locked, address_blocked,
        suspended. The challenge is the caller's to forget, right or wrong.
        """
        try:
            claim = self._passkeys.claim_of(credential)
        except PasskeyRefused:
            raise CredentialRefused("wrong_passkey") from None
        attempt = replace(attempt, who=passkey_key(claim.credential_id))
        user = await self._runner.store.find(attempt.tenant_id, User, passkey_key(claim.credential_id))
        passkey = None if user is None else _the_passkey(user, claim.credential_id)
        signed, why = None, "unknown"
        if user is not None and passkey is not None and (who is None or who.id == user.id):
            try:
                signed = await self._passkeys.check_request(
                    party,
                    credential,
                    challenge=challenge,
                    public_key=passkey.public_key,
                    sign_count=sign_count(user, passkey),
                )
            except PasskeyRefused as refused:
                why = refused.reason
        return await self._runner.run_from(
            attempt.context, attempt.tenant_id, attempt.actor, _decide, attempt, passkey, signed, why
        )


async def _decide(
    tx: Transaction, attempt: Attempt, tried: Passkey | None, signed: Signed | None, why: str
) -> ProvedByPasskey:
    user = await the_user(tx, attempt)
    if user is None or tried is None:
        refuse_unknown(tx, attempt, "wrong_passkey")
    passkey = _the_passkey(user, tried.credential_id)
    refuse_if_barred(tx, attempt, user)
    if passkey is None or signed is None or not _has_grown(user, passkey, signed) or not _is_theirs(passkey, signed):
        if why == "copied" or (signed is not None and passkey is not None and not _has_grown(user, passkey, signed)):
            tx.note_even_if_refused("passkey.copied", user_id=user.id, passkey_id=tried.id)
        refuse_wrong(tx, attempt, user, "wrong_passkey", "passkey.failed")
    refuse_if_suspended(tx, attempt, user)
    after = accept(tx, attempt, user, forgive=signed.user_verified)
    tx.note("passkey.passed", user_id=user.id, passkey_id=passkey.id)
    return ProvedByPasskey(
        tx.save(with_count(after, passkey.id, signed.sign_count, tx.now)), passkey, signed.user_verified
    )


def passkey_key(credential_id: str) -> Key:
    """What the user of a passkey is found by. No two users have one credential (WebAuthn Level 3, section 7.1 step 26)."""
    return Key("", "passkey", credential_id)


def handle_of(user: User) -> str:
    """The user as authenticators know them: the 16 bytes of the id, which say nothing about the person (section 14.6.1)."""
    return base64.urlsafe_b64encode(bytes.fromhex(user.id)).decode("ascii").rstrip("=")


def descriptors(user: User, party: RelyingParty) -> list[Descriptor]:
    """The user's passkeys for this party; one that does not say for which was made before there was another."""
    mine = (passkey for passkey in user.passkeys if passkey.rp_id in (None, party.id))
    return [Descriptor(passkey.credential_id, tuple(passkey.transports)) for passkey in mine]


def sign_count(user: User, passkey: Passkey) -> int:
    """The counter at the last use; 0 before the first, and for ever with authenticators that do not count."""
    use = user.activity.factors.get(passkey.id) if user.activity is not None else None
    return (use.step or 0) if use is not None else 0


def last_used(user: User, passkey: Passkey) -> int | None:
    """When it was last used (ms UTC), here or before it came."""
    use = user.activity.factors.get(passkey.id) if user.activity is not None else None
    return passkey.used_at if use is None else use.at


def with_count(user: User, passkey_id: str, count: int, now: int) -> User:
    """The passkey was used; signing in leaves that beside the document."""
    activity = user.activity or Activity()
    uses = {**activity.factors, passkey_id: FactorUse(at=now, step=count or None)}
    return replace(user, activity=replace(activity, factors=uses))


def _the_passkey(user: User, credential_id: str) -> Passkey | None:
    return next((passkey for passkey in user.passkeys if passkey.credential_id == credential_id), None)


def _has_grown(user: User, passkey: Passkey, signed: Signed) -> bool:
    known = sign_count(user, passkey)
    return signed.sign_count > known or (signed.sign_count == 0 and known == 0)


def _is_theirs(passkey: Passkey, signed: Signed) -> bool:
    """Whether the authenticator, if it says whose passkey it is, says what it was told (section 7.2 step 6)."""
    return signed.handle is None or passkey.user_handle is None or signed.handle == passkey.user_handle
