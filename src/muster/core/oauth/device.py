"""A device without a keyboard asks, and its user says yes or no in a browser elsewhere (RFC 8628).

Of both codes only the SHA-256 is kept. Whoever guesses at user codes is stopped after `MOST_TRIES`, by rows that hold across
processes and restarts.
"""

import secrets
from typing import Final, Literal, NamedTuple

from msgspec.structs import replace

from muster.core.credentials.attempts import CredentialRefused, stranger
from muster.core.credentials.tally import network_of
from muster.core.errors import Taken, TooMany
from muster.core.events import Context
from muster.core.ids import new_id
from muster.core.oauth.model import DeviceCode
from muster.core.records import Key
from muster.core.sessions.tokens import hash_of, new_token
from muster.core.sign_in.model import UsedOnce
from muster.core.store import Store
from muster.core.transaction import Transaction, TransactionRunner
from muster.core.users.model import User

LIFETIME: Final = 15 * 60_000
"""Milliseconds that a user has to find the page and say yes."""

INTERVAL: Final = 5
"""Seconds between two questions of a device; each that comes too soon adds as much (RFC 8628 section 3.5)."""

LETTERS: Final = "BCDFGHJKLMNPQRSTVWXZ"
"""What user codes are made of: no vowels, so that no word comes of it (RFC 8628 section 6.1)."""

LENGTH: Final = 8
"""Letters of a user code: 34 bits."""

MOST_TRIES: Final = 20
WINDOW: Final = 10 * 60_000
"""So many user codes, right or wrong, may be tried from one network address in so many milliseconds."""


class Asked(NamedTuple):
    """A new request and its two codes, which are told now and never again."""

    request: DeviceCode
    device_code: str
    user_code: str


class Polled(NamedTuple):
    """What a device's question is answered with. A request that is `allowed` is gone, and can be asked about no more."""

    outcome: Literal["waiting", "too_soon", "denied", "allowed"]
    request: DeviceCode


async def ask(tx: Transaction, app_id: str, scopes: list[str], audience: str) -> Asked:
    """A device's new request; the codes are random."""
    id_ = new_id(tx.now)
    device_code, device_hash = new_token(id_)
    user_code = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
    request = DeviceCode(
        id=id_,
        created_at=tx.now,
        app_id=app_id,
        device_hash=device_hash,
        user_hash=hash_of(user_code),
        scopes=scopes,
        audience=audience,
        expires_at=tx.now + LIFETIME,
        interval=INTERVAL,
    )
    return Asked(tx.insert(request), device_code, f"{user_code[:4]}-{user_code[4:]}")


async def poll(tx: Transaction, app_id: str, device_code: str) -> Polled:
    """What became of a request, for the device that holds its code. `CredentialRefused`: device_code_unknown, device_code_expired."""
    request = await tx.find(DeviceCode, Key("", "device_code", hash_of(device_code)))
    if request is None or request.app_id != app_id:
        raise CredentialRefused("device_code_unknown")
    if request.expires_at <= tx.now:
        raise CredentialRefused("device_code_expired")
    if request.state == "denied":
        tx.delete(request)
        return Polled("denied", request)
    if request.state == "allowed":
        tx.delete(request)
        return Polled("allowed", request)
    too_soon = request.asked_at is not None and tx.now - request.asked_at < request.interval * 1000
    interval = request.interval + INTERVAL if too_soon else request.interval
    after = tx.save(replace(request, asked_at=tx.now, interval=interval))
    return Polled("too_soon" if too_soon else "waiting", after)


async def look_up(runner: TransactionRunner, context: Context, tenant_id: int, user_code: str) -> DeviceCode:
    """The waiting request with this user code, however it was typed.

    Every try is counted before it is looked at, so that many at once are no more than one after the other.
    `TooMany("user_codes")`, `CredentialRefused("user_code_wrong")`.
    """
    tries = 0
    while True:
        try:
            await runner.run_from(context, tenant_id, stranger("openid"), _count_try)
            break
        except Taken:  # somebody else's try from there took the place
            tries += 1
            if tries == MOST_TRIES:
                raise TooMany("user_codes", retry_after=WINDOW // 1000) from None
    request = await _waiting(runner.store, tenant_id, user_code, runner.clock.now())
    if request is None:
        raise CredentialRefused("user_code_wrong")
    return request


async def decide(tx: Transaction, user_code: str, user: User, session_id: str | None, *, allow: bool) -> DeviceCode:
    """The signed-in user's word on a request. `CredentialRefused("user_code_wrong")` when it no longer waits for one."""
    found = await _waiting(tx.store, tx.tenant_id, user_code, tx.now)
    request = None if found is None else await tx.get(DeviceCode, found.id)
    if request is None or request.state != "waiting":
        raise CredentialRefused("user_code_wrong")
    tx.expect(user)
    tx.note("device.allowed" if allow else "device.denied", user_id=user.id, app_id=request.app_id)
    state: Literal["allowed", "denied"] = "allowed" if allow else "denied"
    return tx.save(replace(request, state=state, user_id=user.id, session_id=session_id))


async def _waiting(store: Store, tenant_id: int, user_code: str, now: int) -> DeviceCode | None:
    request = await store.find(tenant_id, DeviceCode, Key("", "user_code", hash_of(_as_given(user_code))))
    return request if request is not None and request.expires_at > now and request.state == "waiting" else None


async def _count_try(tx: Transaction) -> None:
    network = network_of(tx.context.ip)
    for place in range(MOST_TRIES):
        id_ = hash_of(f"user_code {network} {tx.now // WINDOW} {place}")
        if await tx.get(UsedOnce, id_) is None:
            tx.insert(UsedOnce(id=id_, created_at=tx.now, expires_at=tx.now + WINDOW))
            return
    raise TooMany("user_codes", retry_after=(WINDOW - tx.now % WINDOW) // 1000 + 1)


def _as_given(typed: str) -> str:
    """The letters of a user code: case, hyphens and blanks are as people type them."""
    return "".join(letter for letter in typed.upper() if letter in LETTERS)
