"""What an import does to users: makes new ones, or renews what an import may change of one who exists."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal

from msgspec.structs import asdict

from muster.core.actor import Permissions as May
from muster.core.connections.model import Connection
from muster.core.errors import Conflict, Invalid, NotAllowed
from muster.core.hub_roles.rank import must_outrank
from muster.core.records import Key
from muster.core.transaction import Transaction
from muster.core.users import access, identifiers, metadata, profile
from muster.core.users.metadata import Kind
from muster.core.users.model import User
from muster.core.users.saving import keep
from muster.core.users.shapes import canonical
from muster.importers.record import Person

_DOCUMENTS: tuple[Kind, ...] = ("public", "private", "unsafe")


async def insert_people(tx: Transaction, realm_id: str, users: Sequence[User]) -> None:
    """New users of one realm, all of them or none."""
    tx.actor.must(May.JOBS_IMPORT)
    realm = await tx.need(Connection, realm_id)
    tx.expect(realm)  # nobody comes in while the connection is being closed
    if realm.disabled:
        raise Invalid("connection_disabled", name=realm.name)
    for user in users:
        note_created(tx, user, realm)


def note_created(tx: Transaction, user: User, realm: Connection) -> None:
    """Want a new user, and the event that tells of it."""
    tx.insert(user)
    tx.note("user.created", user_id=user.id, realm=realm.name)


async def insert_prepared(tx: Transaction, realm_ids: Iterable[str], prepared: Sequence[Any]) -> None:
    """New users of these realms, whose writes were made ready beforehand; all of them or none."""
    tx.actor.must(May.JOBS_IMPORT)
    for realm_id in realm_ids:
        realm = await tx.need(Connection, realm_id)
        tx.expect(realm)
        if realm.disabled:
            raise Invalid("connection_disabled", name=realm.name)
    tx.unit.prepared = prepared


async def keep_person(
    tx: Transaction, realm_id: str, user: User, person: Person, existing: Key | None
) -> Literal["inserted", "updated"]:
    """A new user; or, where the key `existing` leads to one, that user with what an import may change.

    `Conflict("user_may_do_more")` for one who may do more on this server than whoever imports.
    """
    tx.actor.must(May.JOBS_IMPORT)
    found = await tx.find(User, existing) if existing is not None else None
    if found is None:
        await insert_people(tx, realm_id, [user])
        return "inserted"
    try:
        await must_outrank(tx, found)
    except NotAllowed:
        raise Conflict("user_may_do_more") from None  # the row is refused, and not the run
    keep(tx, found, renewed(found, person, tx.now))
    return "updated"


def renewed(user: User, person: Person, now: int) -> User:
    """The user after the row of an import with upsert.

    Names and picture change where the row has them, and metadata are replaced whole. The address counts as verified only if
    the row says so. A password is replaced only by a row that may, and until the user has signed in with the former one.
    """
    new = person.new
    given = {name: value for name, value in asdict(new.profile).items() if value}
    user = profile.update_profile(user, given)
    for kind in _DOCUMENTS:
        document = getattr(new.metadata, kind)
        if document is not None:
            user = metadata.set_metadata(user, kind, document, "replace")
    address = new.emails[0]
    for own in user.emails:
        if own.value == canonical("email", address.value):
            user = identifiers.set_verified(user, "email", own.id, now, verified=address.verified)
    return _with_password(user, person, now)


def _with_password(user: User, person: Person, now: int) -> User:
    password = person.new.password
    signed_in = user.activity is not None and user.activity.logins > 0
    if password is None or not person.renews_password or signed_in:
        return user
    if user.password is not None and user.password.hash == password.hash:
        return user
    return access.set_password(user, password.hash, password.scheme, now)
