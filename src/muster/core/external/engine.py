"""Visits to external providers, from the first step to the return. The network is asked between acts, never within one.

A trip belongs to one attempt of one browser, is come back from once and within `LONGEST_TRIP`; its `state` names the attempt
and holds 256 random bits of which only the hash is kept (RFC 6749 section 10.12).
"""

import secrets as random
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import msgspec
from msgspec.structs import replace

from muster.core.account.access import account_actor, must_have_proved_address, own_account
from muster.core.actor import Permissions as May
from muster.core.connections.model import Connection
from muster.core.credentials.attempts import CredentialRefused
from muster.core.errors import Conflict, NotFound, Taken
from muster.core.events import Context
from muster.core.external import actions
from muster.core.external.actions import ARRIVING, Arrival, ForeignIds, Outcome
from muster.core.external.config import is_offered
from muster.core.external.model import (
    ExternalIdentity,
    ExternalRefused,
    Tokens,
    decode_identity,
    encode_identity,
    encode_tokens,
    failed,
)
from muster.core.external.providers import Addresses, Answer, Departure, ExternalProviders, Visit
from muster.core.ids import new_id
from muster.core.security import SecretBox
from muster.core.sessions.model import Session
from muster.core.sessions.tokens import hash_of, opens
from muster.core.sign_in.model import LIFETIME, SignInAttempt, Trip
from muster.core.sign_in.proved import is_open, the_attempt
from muster.core.transaction import Transaction, TransactionRunner
from muster.core.users.model import User
from muster.core.users.sealed import tokens_purpose

T = TypeVar("T")

LONGEST_TRIP: Final = 15 * 60_000
"""Milliseconds from leaving for a provider to coming back."""

FRESH_FOR: Final = 60_000
"""Milliseconds that a token must still be good for, or it is refreshed."""

_STATE_ID: Final = 32
_TRIES: Final = 4


class Returned(msgspec.Struct, frozen=True):
    """Somebody came back: the attempt that goes on, and how."""

    attempt: SignInAttempt
    outcome: Outcome


class ExternalSignIn:
    """Everything about identities elsewhere. Built once; `foreign_ids` gives the ids that other APIs know a new user by."""

    def __init__(
        self, runner: TransactionRunner, providers: ExternalProviders, secrets: SecretBox, foreign_ids: ForeignIds
    ) -> None:
        self._runner = runner
        self._providers = providers
        self._secrets = secrets
        self._foreign_ids = foreign_ids

    # ------------------------------------------------------------------------------------------------------------- leaving

    async def begin(
        self, tenant_id: int, attempt_id: str, browser: str, connection_id: str, site: str, context: Context
    ) -> Departure:
        """Leave for a provider as the first factor. `site` is the public address, which ends in a slash.

        `CredentialRefused("attempt_over")`, `Conflict("not_now")` after a first factor, `NotFound("connection")`,
        `ExternalRefused`.
        """
        attempt = await self._runner.store.get(tenant_id, SignInAttempt, attempt_id)
        if attempt is None or not is_open(attempt, browser, self._runner.clock.now()):
            raise CredentialRefused("attempt_over")
        if attempt.user_id is not None:
            raise Conflict("not_now")
        if attempt.asked.connection_id not in (None, connection_id):
            raise NotFound("connection")
        await actions.must_be_for_people(self._runner.store, tenant_id, attempt)
        connection = await self._offered(tenant_id, connection_id, attempt.app_id)
        state = _new_state(attempt.id)
        departure = await self._providers.depart(_visit(connection, site, state, attempt))
        trip = self._trip(attempt.id, connection, state, departure)

        async def leave(tx: Transaction) -> None:
            current = await the_attempt(tx, attempt_id, browser)
            tx.save(replace(current, trip=trip))

        await self._run(context, tenant_id, leave)
        return departure

    async def begin_adding(
        self, tenant_id: int, session: Session, browser: str, connection_id: str, site: str, context: Context
    ) -> Departure:
        """Leave to add an identity to the account of this browser's session, whose proof must be recent.

        As `core.account.access.own_account` refuses, and `Conflict("verify_first")`; `NotFound("connection")`, `ExternalRefused`.
        """
        now = self._runner.clock.now()
        connection = await self._offered(tenant_id, connection_id, "")
        user = await self._own(tenant_id, session)

        async def may_add(tx: Transaction) -> None:
            _, current = await own_account(tx, session.id, May.SELF_LINKS, recent=True)
            must_have_proved_address(current)

        await self._runner.run_from(context, tenant_id, account_actor(user), may_add)
        attempt = SignInAttempt(
            id=new_id(now),
            browser=hash_of(browser),
            realm=user.realm,
            expires_at=now + LIFETIME,
            session_id=session.id,
            created_at=now,
        )
        state = _new_state(attempt.id)
        departure = await self._providers.depart(_visit(connection, site, state, attempt))
        trip = replace(self._trip(attempt.id, connection, state, departure), session_id=session.id)

        async def leave(tx: Transaction) -> None:
            tx.insert(replace(attempt, trip=trip))

        await self._run(context, tenant_id, leave)
        return departure

    # ----------------------------------------------------------------------------------------------------------- returning

    async def come_back(
        self, tenant_id: int, connection_id: str, browser: str, answer: Answer, site: str, context: Context
    ) -> Returned:
        """The browser is back with an answer. A state is good once, whatever the answer is worth.

        `CredentialRefused("attempt_over")` for a state that is not this browser's; `ExternalRefused` and what
        `actions.admit` refuses carry the attempt's id as detail `attempt_id`, for the page to go on with.
        """
        attempt, trip = await self._trip_of(tenant_id, connection_id, answer)
        if trip.unsolicited and trip.arrived and browser:
            await self._run(context, tenant_id, actions.adopt, attempt.id, browser)
        elif not is_open(attempt, browser, self._runner.clock.now()):
            raise CredentialRefused("attempt_over")
        await self._run(context, tenant_id, _take_trip, attempt.id, browser, trip)
        try:
            identity = await self._identity(tenant_id, connection_id, attempt.id, trip, answer, site)
            outcome = await self._let_in(tenant_id, attempt.id, browser, trip, identity, context)
        except (CredentialRefused, Conflict, NotFound) as refused:
            refused.detail["attempt_id"] = attempt.id
            refused.detail["linking"] = trip.session_id != ""
            if isinstance(refused, ExternalRefused):
                await self._run(context, tenant_id, actions.note_refused, connection_id, refused)
            raise
        after = await self._runner.store.get(tenant_id, SignInAttempt, attempt.id)
        return Returned(after or attempt, outcome)

    async def receive(self, tenant_id: int, connection_id: str, answer: Answer, site: str, context: Context) -> str:
        """An answer that another site made the browser post, which therefore came without our cookies (SAML's POST binding).

        It is checked and kept; the state that is answered brings the browser back to it. Nothing of the answer decides where
        the browser goes.
        """
        connection = await self._connection(tenant_id, connection_id)
        try:
            attempt, trip = await self._trip_of(tenant_id, connection_id, answer)
        except CredentialRefused:
            return await self._receive_unasked(tenant_id, connection, answer, site, context)
        secret = self._secrets.open(trip.secret, purpose=_trip_purpose(attempt.id))
        addresses = addresses_of(connection, site)
        try:
            identity = await self._providers.identify(connection, addresses, answer, nonce=trip.nonce, secret=secret)
        except ExternalRefused as refused:
            await self._run(context, tenant_id, actions.note_refused, connection_id, refused)
            raise
        await self._once(
            tenant_id, context, actions.hold_arrival, attempt.id, trip, identity, self._held(attempt.id, identity)
        )
        return answer["state"]

    async def _receive_unasked(
        self, tenant_id: int, connection: Connection, answer: Answer, site: str, context: Context
    ) -> str:
        now = self._runner.clock.now()
        try:
            identity = await self._providers.identify(
                connection, addresses_of(connection, site), answer, nonce="", secret=b""
            )
        except ExternalRefused as refused:
            await self._run(context, tenant_id, actions.note_refused, connection.id, refused)
            raise
        realm = await self._default_realm(tenant_id)
        attempt_id = new_id(now)
        state = _new_state(attempt_id)
        trip = Trip(
            connection_id=connection.id,
            state_hash=hash_of(state),
            nonce="",
            secret="",
            started_at=now,
            arrived=self._held(attempt_id, identity),
            unsolicited=True,
        )
        attempt = SignInAttempt(
            id=attempt_id, browser="", realm=realm, expires_at=now + LIFETIME, trip=trip, created_at=now
        )

        async def keep(tx: Transaction) -> None:
            actions.present_once(tx, identity)
            tx.insert(attempt)

        await self._once(tenant_id, context, keep)
        return state

    # ------------------------------------------------------------------------------------------------------------ telling

    async def name_of(self, tenant_id: int, connection_id: str) -> str:
        """What people call the provider; `NotFound("connection")`."""
        connection = await self._connection(tenant_id, connection_id)
        return connection.display_name or connection.name

    async def metadata(self, tenant_id: int, connection_id: str, site: str) -> bytes:
        """What a SAML provider is given of us; `NotFound("connection")`."""
        connection = await self._connection(tenant_id, connection_id)
        return await self._providers.metadata(connection, addresses_of(connection, site))

    # ------------------------------------------------------------------------------------------------------------- private

    async def _trip_of(self, tenant_id: int, connection_id: str, answer: Answer) -> tuple[SignInAttempt, Trip]:
        """The trip that a state is of; the same refusal for whatever is wrong with it."""
        state = answer.get("state", "")
        attempt = await self._runner.store.get(tenant_id, SignInAttempt, state[:_STATE_ID])
        trip = None if attempt is None else attempt.trip
        now = self._runner.clock.now()
        if (
            attempt is None
            or trip is None
            or not opens(state, trip.state_hash)
            or trip.connection_id != connection_id
            or attempt.finished_at is not None
            or now >= min(trip.started_at + LONGEST_TRIP, attempt.expires_at)
        ):
            raise CredentialRefused("attempt_over")
        return attempt, trip

    async def _identity(
        self, tenant_id: int, connection_id: str, attempt_id: str, trip: Trip, answer: Answer, site: str
    ) -> ExternalIdentity:
        if trip.arrived:
            return decode_identity(self._secrets.open(trip.arrived, purpose=_trip_purpose(attempt_id)))
        connection = await self._connection(tenant_id, connection_id)
        secret = self._secrets.open(trip.secret, purpose=_trip_purpose(attempt_id))
        addresses = addresses_of(connection, site)
        return await self._providers.identify(connection, addresses, answer, nonce=trip.nonce, secret=secret)

    async def _let_in(
        self,
        tenant_id: int,
        attempt_id: str,
        browser: str,
        trip: Trip,
        identity: ExternalIdentity,
        context: Context,
    ) -> Outcome:
        """Admit, and learn from the commit which values are somebody else's: then the address stays a contact."""
        connection = await self._connection(tenant_id, identity.connection_id)
        # What was received by post has been presented; from here it is only fetched.
        identity = replace(identity, once="") if trip.arrived else identity
        arrival = Arrival(
            identity=identity,
            link_id=actions.new_link_id(self._runner.clock.now()),
            seal=lambda link_id: self._sealed(identity.tokens, link_id),
            foreign_ids=self._foreign_ids(connection, identity),
        )
        for _ in range(_TRIES):
            try:
                if trip.session_id:
                    return await self._add(tenant_id, attempt_id, browser, trip.session_id, arrival, context)
                return await self._run(context, tenant_id, actions.admit, attempt_id, browser, arrival)
            except Taken as taken:
                if taken.kind == "email":
                    arrival = replace(arrival, as_contact=True)
                elif taken.kind.startswith("id:"):
                    arrival = replace(arrival, foreign_ids=[])
                elif taken.kind != "subject":  # somebody came with the same identity at the same moment: known by now
                    raise failed("replayed") from None
        raise Conflict("too_many_writers")

    async def _add(
        self, tenant_id: int, attempt_id: str, browser: str, session_id: str, arrival: Arrival, context: Context
    ) -> Outcome:
        session = await self._runner.store.get(tenant_id, Session, session_id)
        if session is None:
            raise CredentialRefused("session_over")
        actor = account_actor(await self._own(tenant_id, session))
        return await self._runner.run_from(
            context, tenant_id, actor, actions.add_identity, session_id, attempt_id, browser, arrival
        )

    async def _once(
        self, tenant_id: int, context: Context, act: Callable[..., Awaitable[object]], *args: object
    ) -> None:
        try:
            await self._run(context, tenant_id, act, *args)
        except Taken:
            raise failed("replayed") from None

    async def _offered(self, tenant_id: int, connection_id: str, app_id: str) -> Connection:
        connection = await self._connection(tenant_id, connection_id)
        if not is_offered(connection, app_id):
            raise NotFound("connection")
        return connection

    async def _own(self, tenant_id: int, session: Session) -> User:
        user = await self._runner.store.get(tenant_id, User, session.user_id)
        if user is None:
            raise CredentialRefused("session_over")
        return user

    async def _connection(self, tenant_id: int, connection_id: str) -> Connection:
        connection = await self._runner.store.get(tenant_id, Connection, connection_id)
        if connection is None or connection.provider is None or connection.disabled or connection.internal:
            raise NotFound("connection")
        return connection

    async def _default_realm(self, tenant_id: int) -> str:
        connections = await self._runner.store.records(tenant_id, Connection)
        found = next((connection.id for connection in connections if connection.default), None)
        if found is None:
            raise NotFound("connection")
        return found

    def _trip(self, attempt_id: str, connection: Connection, state: str, departure: Departure) -> Trip:
        return Trip(
            connection_id=connection.id,
            state_hash=hash_of(state),
            nonce=departure.nonce,
            secret=self._secrets.seal(departure.secret, purpose=_trip_purpose(attempt_id)),
            started_at=self._runner.clock.now(),
        )

    def _held(self, attempt_id: str, identity: ExternalIdentity) -> str:
        return self._secrets.seal(encode_identity(identity), purpose=_trip_purpose(attempt_id))

    def _sealed(self, tokens: Tokens | None, link_id: str) -> str | None:
        return None if tokens is None else self._secrets.seal(encode_tokens(tokens), purpose=tokens_purpose(link_id))

    async def _run(self, context: Context, tenant_id: int, act: Callable[..., Awaitable[T]], *args: object) -> T:
        return await self._runner.run_from(context, tenant_id, ARRIVING, act, *args)


async def _take_trip(tx: Transaction, attempt_id: str, browser: str, trip: Trip) -> None:
    """Use the trip up: two returns with one state cannot both go on."""
    attempt = await the_attempt(tx, attempt_id, browser)
    if attempt.trip != trip:
        raise CredentialRefused("attempt_over")
    tx.save(replace(attempt, trip=None))


def addresses_of(connection: Connection, site: str) -> Addresses:
    """Our addresses for a connection: one return address each, so that no provider can answer for another (RFC 9700 section 4.4)."""
    callback = getattr(connection.provider, "callback", "") or f"sign-in/callback/{connection.id}"
    saml = f"{site}sign-in/saml/{connection.id}"
    return Addresses(f"{site}{callback}", f"{saml}/metadata", f"{saml}/acs")


def _visit(connection: Connection, site: str, state: str, attempt: SignInAttempt) -> Visit:
    asked = attempt.asked
    forwarded = {name: value for name, value in attempt.request.items() if isinstance(value, str)}
    return Visit(
        connection=connection,
        addresses=addresses_of(connection, site),
        state=state,
        hint=asked.hint or attempt.identifier,
        fresh=asked.fresh,
        locales=" ".join(asked.locales),
        forwarded=forwarded,
    )


def _new_state(attempt_id: str) -> str:
    """At most 80 bytes, which is what SAML's RelayState takes."""
    return f"{attempt_id}.{random.token_urlsafe(32)}"


def _trip_purpose(attempt_id: str) -> str:
    return f"external_trip:{attempt_id}"
