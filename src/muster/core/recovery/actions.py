"""A forgotten password: a link by mail, and a new password that ends what the old one began but proves no second factor.

A link goes to an address that the account has proved. One that it has not proved may be somebody else's, who would then own
the account; it gets a link only while the account has proved no other and signs in with this one (`sign_up.held`), since then
whoever reads the mail there has as good a claim as anybody. Using the link proves the address.
"""

import asyncio
from typing import Final, NamedTuple

from muster.core.connections.model import Connection
from muster.core.credentials import sent_codes
from muster.core.credentials.attempts import CredentialRefused, stranger
from muster.core.credentials.sent_codes import again_if_crowded
from muster.core.errors import TooMany
from muster.core.events import Context
from muster.core.passwords.choosing import NewPasswords
from muster.core.sessions.everywhere import sign_out_everywhere
from muster.core.sessions.model import Method
from muster.core.settings.actions import sign_in_settings
from muster.core.settings.model import SETTINGS_ID, PasswordRules, SignInSettings
from muster.core.sign_in.methods import TICKET
from muster.core.sign_in.names import key_of, typed
from muster.core.sign_in.proved import proved, the_attempt
from muster.core.sign_up.held import can_be_taken_over
from muster.core.tickets.actions import make_ticket, reset_by_ticket, verify_by_ticket
from muster.core.tickets.model import Ticket, ticket_key
from muster.core.transaction import Transaction, TransactionRunner
from muster.core.users.access import is_vouched_for
from muster.core.users.actions import HashedPassword
from muster.core.users.model import Address, User
from muster.core.users.shown import primary

DOOR: Final = "recovery"

RESET_PATH: Final = "/sign-in/reset"
VERIFY_PATH: Final = "/sign-in/verify"

ANSWER_AFTER: Final = 0.25
"""Seconds after which every request for a link is answered, or as many as the slowest has taken so far."""

SLOWEST: Final = 1.0
"""Seconds that are waited at most: a database that hangs once must not slow everybody for ever."""


class Recovery:
    """Forgotten passwords. What is asked for is answered alike and at the same time, whether or not there is such a user."""

    def __init__(
        self, runner: TransactionRunner, new_passwords: NewPasswords, *, answer_after: float = ANSWER_AFTER
    ) -> None:
        self._runner = runner
        self._new_passwords = new_passwords
        self._answer_after = answer_after

    async def request_reset(
        self, tenant_id: int, realm: str, identifier: str, context: Context, *, attempt_id: str = ""
    ) -> None:
        """Send a link to whoever is named so in the realm, if it can reach them; nothing says whether.

        The link names the sign-in that is to go on with it, in the browser that has that one.

        An e-mail address that nobody has gets a message that says so, unless too much was sent there. `Invalid` for what no
        identifier can be.
        """
        identifier = typed(identifier)
        loop = asyncio.get_running_loop()
        began = loop.time()
        person = stranger(DOOR)
        try:
            await again_if_crowded(
                lambda: self._runner.run_from(context, tenant_id, person, _request, realm, identifier, attempt_id)
            )
        except TooMany:
            pass  # would tell apart who asks for the seventh time from who asks for nobody
        finally:
            if self._answer_after:
                took = loop.time() - began
                self._answer_after = max(self._answer_after, min(took, SLOWEST))
                await asyncio.sleep(self._answer_after - took)

    async def rules(self, tenant_id: int, ticket: str) -> PasswordRules:
        """For the page behind the link, which uses nothing up. `CredentialRefused("ticket_over")`."""
        await self._owner(tenant_id, ticket)
        return (await sign_in_settings(self._runner.store, tenant_id)).password

    async def reset(
        self, tenant_id: int, ticket: str, password: str, context: Context, *, attempt_id: str = "", browser: str = ""
    ) -> User:
        """Choose a new password with the ticket: locks are lifted, and sessions, tokens and remembered browsers end.

        With an attempt of this browser the sign-in goes on with the ticket as its first factor, and a second one stays due.
        `CredentialRefused`: ticket_over, attempt_over, suspended; `Invalid("password_policy", problems)`: the ticket stays good.
        """
        user = await self._owner(tenant_id, ticket)
        hashed = await self._new_passwords.hashed(tenant_id, user.realm, password, user=user)
        return await self._runner.run_from(
            context, tenant_id, stranger(DOOR), _reset, ticket, hashed, _Attempt(attempt_id, browser)
        )

    async def verify_address(self, tenant_id: int, ticket: str, context: Context) -> User:
        """Prove the e-mail address that a `verify_email` ticket was sent to. `CredentialRefused("ticket_over")`."""
        return await self._runner.run_from(context, tenant_id, stranger(DOOR), verify_by_ticket, ticket)

    async def _owner(self, tenant_id: int, text: str) -> User:
        store, now = self._runner.store, self._runner.clock.now()
        ticket = await store.find(tenant_id, Ticket, ticket_key(text))
        if ticket is None or ticket.purpose != "reset_password" or ticket.expires_at <= now:
            raise CredentialRefused("ticket_over")
        user = await store.get(tenant_id, User, ticket.user_id)
        if user is None:
            raise CredentialRefused("ticket_over")
        return user


class _Attempt(NamedTuple):
    id: str
    browser: str


async def _request(tx: Transaction, realm_id: str, identifier: str, attempt_id: str) -> None:
    await sent_codes.count_asking(tx)
    settings = await tx.get(SignInSettings, SETTINGS_ID) or SignInSettings()
    realm = await tx.need(Connection, realm_id)
    key = key_of(identifier, realm.id, settings)
    user = await tx.find(User, key)
    known = user is not None and settings.rules.password and not user.internal
    address = reachable(user, realm, key.kind, key.value) if user is not None and known else None
    if key.kind in ("email", "phone"):
        await sent_codes.count_sending(tx, key.value)
    elif address is not None:
        await sent_codes.count_sending(tx, address.value)
    if user is None or address is None:
        tx.note("recovery.asked_for_nobody")
        # To a mailbox goes a mail that says so; otherwise as much is written, and thrown away.
        tx.send("password_reset_unknown", key.value if key.kind == "email" else "")
        return
    ticket, text = await make_ticket(
        tx, user, "reset_password", lifetime=settings.reset_lifetime, address_id=address.id
    )
    tx.note("recovery.asked", user_id=user.id, ticket_id=ticket.id)
    onward = f"&attempt={attempt_id}" if attempt_id else ""
    tx.send("password_reset", address.value, user_id=user.id, path=f"{RESET_PATH}?ticket={text}{onward}")


def reachable(user: User, realm: Connection, kind: str, value: str) -> Address | None:
    """Where a link may go: the address that was typed, or for who named themself otherwise the primary e-mail.

    Nowhere for somebody without a password whom an organisation's own provider vouches for: that would be a way around it.
    """
    if is_vouched_for(user):
        return None
    addresses = {"email": user.emails, "phone": user.phones}.get(kind, [])
    named = next((address for address in addresses if address.value == value), None) or primary(user.emails)
    if named is None:
        return None
    return named if named.verified or can_be_taken_over(user, realm, named) else None


async def _reset(tx: Transaction, text: str, hashed: HashedPassword, attempt: _Attempt) -> User:
    ticket = await tx.find(Ticket, ticket_key(text))
    user = await reset_by_ticket(tx, text, hashed)
    await sign_out_everywhere(tx, user)
    user = await tx.need(User, user.id)
    for address in user.emails:
        # Whoever opened the link knows already, at that address.
        if address.primary and address.verified and (ticket is None or ticket.address_id != address.id):
            tx.send("password_changed", address.value, user_id=user.id)
    tx.note("recovery.done", user_id=user.id)
    if attempt.id:
        going_on = await the_attempt(tx, attempt.id, attempt.browser)
        if going_on.realm == user.realm:  # else it is for people of another realm, who sign in anew
            await proved(tx, going_on, user, Method(name=TICKET, at=tx.now))
    return user
