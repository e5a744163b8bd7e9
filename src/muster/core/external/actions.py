"""What becomes of somebody who comes back from an external provider: known, new, refused, or added to an account.

Two accounts are never made one because an address is the same (a provider's word about an address is a way to steal
accounts), unless the tenant's settings say so and both sides have proved it. Somebody signed in adds an identity by beginning
the trip from a recent session.
"""

from collections.abc import Callable
from typing import Final, Literal

import msgspec
from msgspec.structs import replace

from muster.core.account.access import must_have_proved_address, own_account
from muster.core.actor import Actor
from muster.core.actor import Permissions as May
from muster.core.connections.model import Connection
from muster.core.credentials.attempts import (
    Attempt,
    CredentialRefused,
    accept,
    refuse_if_barred,
    refuse_if_suspended,
    stranger,
)
from muster.core.credentials.second_factors import must_prove_second_factor
from muster.core.errors import Conflict, Invalid, NotFound
from muster.core.external import people
from muster.core.external.config import is_offered
from muster.core.external.model import ExternalIdentity, ExternalRefused
from muster.core.external.sign_up import begin_sign_up, is_complete
from muster.core.ids import new_id
from muster.core.records import Key
from muster.core.sessions.model import Method
from muster.core.sessions.tokens import hash_of
from muster.core.settings.actions import sign_in_settings
from muster.core.settings.model import SignInSettings
from muster.core.settings.rules import is_barred, lock_policy
from muster.core.sign_in import methods
from muster.core.sign_in.model import SignInAttempt, Trip, UsedOnce
from muster.core.sign_in.proved import proved, the_attempt
from muster.core.store import Store
from muster.core.transaction import Transaction
from muster.core.users.actions import create_user
from muster.core.users.model import ForeignId, Link, User
from muster.core.users.saving import keep

DOOR: Final = "sign-in"

ARRIVING: Final = Actor(kind="user", id="", door=DOOR, permissions=frozenset({May.USERS_CREATE}))
"""Somebody who is on the way in, and may make an account of their own."""

OWN_PROOFS: Final = frozenset(
    name for shown, name in vars(methods).items() if shown.isupper() and isinstance(name, str)
)

Outcome = Literal["signed_in", "sign_up", "linked"]
"""signed_in: the attempt knows who it is. sign_up: more must be told first. linked: the account has one more identity."""

ForeignIds = Callable[[Connection, ExternalIdentity], list[ForeignId]]
"""The ids under which other APIs know somebody who was born of an identity; they alone know their forms."""


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """An identity that is to be let in, with its tokens sealed for the link `link_id` that it gets if it is new.

    `as_contact` leaves the address a contact, `foreign_ids` are those that are free: both are learnt from a commit.
    """

    identity: ExternalIdentity
    link_id: str
    seal: Callable[[str], str | None]
    foreign_ids: list[ForeignId] = []
    as_contact: bool = False


async def admit(tx: Transaction, attempt_id: str, browser: str, arrival: Arrival) -> Outcome:
    """Let somebody in whom a provider vouches for. `CredentialRefused`: attempt_over, suspended, locked, sign_up_closed."""
    attempt = await the_attempt(tx, attempt_id, browser)
    identity = arrival.identity
    await must_be_for_people(tx.store, tx.tenant_id, attempt)
    connection = await _offering(tx, identity, attempt.app_id)
    settings = await sign_in_settings(tx.store, tx.tenant_id)
    user = await _known(tx, identity)
    if user is not None:
        user = _welcome_back(tx, user, connection, arrival)
    else:
        user = await _same_person(tx, attempt, connection, identity, settings)
        if user is not None:
            user = _with_identity(tx, user, connection, arrival)
        else:
            _refuse_strangers(connection, identity, settings)
            email = people.proved_email(connection, identity)
            if not is_complete(settings, email):
                link = _link(connection, arrival, tx.now)
                await begin_sign_up(tx, attempt, link, arrival.foreign_ids, email)
                return "sign_up"
            user = await _born(tx, attempt, connection, arrival)
    checked = Attempt(
        tenant_id=tx.tenant_id,
        actor=stranger(DOOR),
        who=user.id,
        policy=lock_policy(settings),
        context=tx.context,
    )
    refuse_if_barred(tx, checked, user)
    refuse_if_suspended(tx, checked, user)
    user = accept(tx, checked, user, forgive=not must_prove_second_factor(user))
    await proved(tx, attempt, user, method_of(connection, tx.now))
    return "signed_in"


async def add_identity(tx: Transaction, session_id: str, attempt_id: str, browser: str, arrival: Arrival) -> Outcome:
    """Add an identity to the account of the session that the trip began from, which must still be there.

    `Conflict`: identity_taken when it is somebody else's, verify_first (`core.account.access`).
    """
    attempt = await the_attempt(tx, attempt_id, browser)
    session, user = await own_account(tx, session_id, May.SELF_LINKS)
    must_have_proved_address(user)
    connection = await _offering(tx, arrival.identity, "")
    tx.expect(session)
    owner = await _known(tx, arrival.identity)
    if owner is not None and owner.id != user.id:
        raise Conflict("identity_taken")
    if owner is not None:
        _welcome_back(tx, user, connection, arrival)
    else:
        _with_identity(tx, user, connection, arrival)
    tx.save(replace(attempt, trip=None, finished_at=tx.now))
    return "linked"


async def must_be_for_people(store: Store, tenant_id: int, attempt: SignInAttempt) -> None:
    """`NotFound("connection")` for a sign-in of operators: nobody elsewhere vouches for power over this server."""
    realm = await store.get(tenant_id, Connection, attempt.realm)
    if realm is None or realm.internal:
        raise NotFound("connection")


def method_of(connection: Connection, now: int) -> Method:
    """The proof that a visit to a provider is. A connection that is called like another proof must not pass for it."""
    name = connection.name if connection.name not in OWN_PROOFS else f"connection {connection.name}"
    return Method(name=name, at=now)


def present_once(tx: Transaction, identity: ExternalIdentity) -> None:
    """Take what may be presented once; the second time is `Taken("id")` at the commit."""
    if identity.once:
        used = hash_of(f"external {identity.connection_id} {identity.once}")
        tx.insert(UsedOnce(id=used, expires_at=identity.once_until, created_at=tx.now))


async def note_refused(tx: Transaction, connection_id: str, refused: ExternalRefused) -> None:
    """Keep that a visit to a provider led to nothing."""
    why = str(refused.detail.get("why", refused.code))
    tx.note("sign_in.external_refused", connection_id=connection_id, why=why)


async def _offering(tx: Transaction, identity: ExternalIdentity, app_id: str) -> Connection:
    connection = await tx.get(Connection, identity.connection_id)
    if connection is None or not is_offered(connection, app_id):
        raise NotFound("connection")
    tx.expect(connection)
    present_once(tx, identity)
    return connection


async def _known(tx: Transaction, identity: ExternalIdentity) -> User | None:
    user = await tx.find(User, Key(identity.connection_id, "subject", identity.subject))
    return None if user is None or user.internal else user


async def _same_person(
    tx: Transaction,
    attempt: SignInAttempt,
    connection: Connection,
    identity: ExternalIdentity,
    settings: SignInSettings,
) -> User | None:
    """The account whose proved address the provider has proved too, where the tenant wants the two to be one.

    Never one with power over this server: a provider's word is not enough for that.
    """
    email = people.proved_email(connection, identity) if settings.rules.link_by_email else None
    if email is None:
        return None
    user = await tx.find(User, Key(attempt.realm, "email", email))
    if user is None or user.internal or user.hub_roles:
        return None
    proved_here = any(address.value == email and address.verified for address in user.emails)
    return user if proved_here else None


def _refuse_strangers(connection: Connection, identity: ExternalIdentity, settings: SignInSettings) -> None:
    assert connection.provider is not None
    wanted = connection.provider.sign_up
    if wanted == "never" or (wanted == "tenant" and not settings.sign_up.enabled):
        raise CredentialRefused("sign_up_closed")
    email = people.proved_email(connection, identity)
    if email is None and settings.allowed.enabled:
        raise CredentialRefused("sign_up_barred")  # nobody vouches for an address that is on the list
    try:
        barred = is_barred(settings, "email", email or identity.email or "")
    except Invalid:
        barred = True
    if barred:
        raise CredentialRefused("sign_up_barred")


async def _born(tx: Transaction, attempt: SignInAttempt, connection: Connection, arrival: Arrival) -> User:
    realm = await tx.need(Connection, attempt.realm)
    user = await create_user(tx, realm, people.born_of(arrival.identity, arrival.foreign_ids))
    return _with_identity(tx, user, connection, arrival)


def _with_identity(tx: Transaction, user: User, connection: Connection, arrival: Arrival) -> User:
    link = _link(connection, arrival, tx.now)
    after = replace(user, links=[*user.links, link])
    email = people.proved_email(connection, arrival.identity)
    if email is not None and not arrival.as_contact:
        after = people.with_proved_email(after, email, link, tx.now)
    after = _with_claims(after, connection, arrival.identity)
    tx.note("user.linked", user_id=user.id, connection_id=connection.id, link_id=link.id)
    return keep(tx, user, after)


def _link(connection: Connection, arrival: Arrival, now: int) -> Link:
    return people.new_link(connection, arrival.identity, arrival.link_id, arrival.seal(arrival.link_id), now)


def _with_claims(user: User, connection: Connection, identity: ExternalIdentity) -> User:
    wanted = connection.provider.claims if connection.provider is not None else None
    return user if wanted is None else people.with_claims(user, wanted, identity)


def _welcome_back(tx: Transaction, user: User, connection: Connection, arrival: Arrival) -> User:
    """The known user, with what the provider says today. That somebody came by is no change that anybody is told of."""
    identity = arrival.identity
    link = people.link_to(user, identity.connection_id, identity.subject)
    assert link is not None
    after = people.refreshed(user, link, identity, arrival.seal(link.id), tx.now)
    after = _with_claims(after, connection, identity)
    if identity.profile != link.profile or after.claims != user.claims:
        return keep(tx, user, after)
    return tx.save(after, quietly=True)


async def hold_arrival(tx: Transaction, attempt_id: str, trip: Trip, identity: ExternalIdentity, sealed: str) -> None:
    """Keep who an answer was about until the browser comes for it with its own cookies."""
    attempt = await tx.need(SignInAttempt, attempt_id)
    if attempt.trip != trip or trip.arrived:
        raise CredentialRefused("attempt_over")
    present_once(tx, identity)
    tx.save(replace(attempt, trip=replace(trip, arrived=sealed)))


async def adopt(tx: Transaction, attempt_id: str, browser: str) -> None:
    """An attempt that no browser had begun becomes that of the browser that came for it."""
    attempt = await tx.need(SignInAttempt, attempt_id)
    if attempt.browser or attempt.trip is None or not attempt.trip.unsolicited:
        raise CredentialRefused("attempt_over")
    tx.save(replace(attempt, browser=hash_of(browser)))


async def keep_tokens(tx: Transaction, user_id: str, link_id: str, before: str, after: str) -> None:
    """New tokens in the place of those that were refreshed, unless others took their place meanwhile."""
    user = await tx.need(User, user_id)
    links = [
        replace(link, tokens=after) if (link.id, link.tokens) == (link_id, before) else link for link in user.links
    ]
    tx.save(replace(user, links=links), quietly=True)


def new_link_id(now: int) -> str:
    """An id for a link, needed before there is one: its tokens are sealed for it."""
    return new_id(now)
