"""A person's own passkeys: added, named, removed."""

from typing import Any

from msgspec.structs import replace

from muster.core.account.access import account_actor, must_have_proved_address, own_account
from muster.core.account.links import has_way_in
from muster.core.actor import Permissions as May
from muster.core.credentials.attempts import CredentialRefused
from muster.core.errors import Conflict, Invalid, NotFound
from muster.core.events import Context
from muster.core.ids import new_id, random_text
from muster.core.passkeys.actions import MOST_PASSKEYS, descriptors, handle_of, with_count
from muster.core.passkeys.model import CHALLENGE_LIFETIME, Ceremony, Created, RelyingParty
from muster.core.security import PasskeyRefused, Passkeys
from muster.core.sessions.tokens import hash_of
from muster.core.tickets.model import Ticket, ticket_key
from muster.core.transaction import Transaction, TransactionRunner
from muster.core.users.flags import without_passkey
from muster.core.users.model import Passkey, User
from muster.core.users.saving import keep
from muster.core.users.shapes import has_control
from muster.core.users.shown import primary, shown_name

LONGEST_NAME = 64


class OwnPasskeys:
    """Adding one: the browser is given options, and what it answers is checked outside of any act."""

    def __init__(self, runner: TransactionRunner, passkeys: Passkeys) -> None:
        self._runner = runner
        self._passkeys = passkeys

    async def begin(
        self, tenant_id: int, user: User, session_id: str, party: RelyingParty, context: Context
    ) -> dict[str, Any]:
        """Options for `navigator.credentials.create()` as JSON (`PublicKeyCredentialCreationOptionsJSON`).

        `CredentialRefused("reauthenticate")`; `Conflict`: verify_first, too_many_passkeys.
        """
        ceremony: Ceremony = await self._runner.run_from(
            context, tenant_id, account_actor(user), _begin, session_id, self._passkeys, party
        )
        return ceremony.options

    async def add(
        self,
        tenant_id: int,
        user: User,
        session_id: str,
        party: RelyingParty,
        credential: str,
        name: str,
        context: Context,
    ) -> User:
        """The browser's answer (`PublicKeyCredential.toJSON()` as text) becomes a passkey of the user.

        `CredentialRefused("wrong_passkey")` for a bad one, "ticket_over" for one that answers no challenge of this user; `Taken`
        when it is somebody's already.
        """
        actor = account_actor(user)
        try:
            challenge = self._passkeys.claim_of(credential).challenge
            await self._runner.run_from(context, tenant_id, actor, _may_add, session_id, challenge)
            created = await self._passkeys.check_creation(party, credential, challenge=challenge)
        except PasskeyRefused:
            raise CredentialRefused("wrong_passkey") from None
        return await self._runner.run_from(
            context, tenant_id, actor, _add, session_id, challenge, created, party, own_name(name)
        )


async def rename_passkey(tx: Transaction, session_id: str, passkey_id: str, name: str) -> User:
    """What the person calls it; `NotFound("passkey")`, `Invalid("field_malformed")`."""
    _, user = await own_account(tx, session_id, May.SELF_FACTORS)
    if all(each.id != passkey_id for each in user.passkeys):
        raise NotFound("passkey", id=passkey_id)
    named = [replace(each, name=own_name(name)) if each.id == passkey_id else each for each in user.passkeys]
    return keep(tx, user, replace(user, passkeys=named))


async def remove_passkey(tx: Transaction, session_id: str, passkey_id: str) -> User:
    """It signs in no longer. `CredentialRefused("reauthenticate")`, `NotFound("passkey")`, `Conflict("last_way_in")`."""
    _, user = await own_account(tx, session_id, May.SELF_FACTORS, recent=True)
    after = without_passkey(user, passkey_id)
    if not has_way_in(after):
        raise Conflict("last_way_in")
    tx.note("passkey.removed", user_id=user.id, passkey_id=passkey_id)
    _tell(tx, user, "passkey_removed")
    return keep(tx, user, after)


def own_name(name: str) -> str | None:
    """A name as it is kept; `Invalid("field_malformed")` when it is too long or holds what cannot be shown."""
    name = name.strip()
    if len(name) > LONGEST_NAME or has_control(name):
        raise Invalid("field_malformed", field="name")
    return name or None


async def _begin(tx: Transaction, session_id: str, passkeys: Passkeys, party: RelyingParty) -> Ceremony:
    _, user = await own_account(tx, session_id, May.SELF_FACTORS, recent=True)
    must_have_proved_address(user)
    if len(user.passkeys) >= MOST_PASSKEYS:
        raise Conflict("too_many_passkeys", limit=MOST_PASSKEYS)
    email, shown = primary(user.emails), shown_name(user)
    ceremony = passkeys.creation(
        party,
        handle=handle_of(user),
        name=email.value if email is not None else shown,
        shown_name=shown,
        exclude=descriptors(user, party),
    )
    for earlier in await tx.owned(Ticket, user.id):
        if earlier.purpose == "add_passkey":
            tx.delete(earlier)
    tx.insert(
        Ticket(
            id=new_id(tx.now),
            user_id=user.id,
            purpose="add_passkey",
            hash=hash_of(ceremony.challenge),
            expires_at=tx.now + CHALLENGE_LIFETIME,
            created_at=tx.now,
        )
    )
    return ceremony


async def _may_add(tx: Transaction, session_id: str, challenge: str) -> tuple[User, Ticket]:
    _, user = await own_account(tx, session_id, May.SELF_FACTORS, recent=True)
    must_have_proved_address(user)
    ticket = await tx.find(Ticket, ticket_key(challenge))
    if ticket is None or (ticket.purpose, ticket.user_id) != ("add_passkey", user.id) or ticket.expires_at <= tx.now:
        raise CredentialRefused("ticket_over")
    return user, ticket


async def _add(
    tx: Transaction, session_id: str, challenge: str, created: Created, party: RelyingParty, name: str | None
) -> User:
    user, ticket = await _may_add(tx, session_id, challenge)
    tx.delete(ticket)
    passkey = Passkey(
        id=new_id(tx.now),
        dev=random_text(16),
        credential_id=created.credential_id,
        public_key=created.public_key,
        aaguid=created.aaguid,
        name=name,
        backup_state=created.backup_state,
        backup_eligible=created.backup_eligible,
        user_verified=created.user_verified,
        user_agent=tx.context.user_agent[:512] or None,
        transports=created.transports,
        rp_id=party.id,
        user_handle=handle_of(user),
        created_at=tx.now,
    )
    tx.note("passkey.added", user_id=user.id, passkey_id=passkey.id)
    _tell(tx, user, "passkey_added")
    after = keep(tx, user, replace(user, passkeys=[*user.passkeys, passkey]))
    return tx.save(with_count(after, passkey.id, created.sign_count, tx.now)) if created.sign_count else after


def _tell(tx: Transaction, user: User, message: str) -> None:
    address = primary(user.emails)
    if address is not None and address.verified:
        tx.send(message, address.value, user_id=user.id)
