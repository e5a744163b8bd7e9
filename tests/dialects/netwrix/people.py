"""Users as other dialects make them, for tests of how this one shows them."""

from typing import Any

from msgspec.structs import replace

from muster.core.connections.actions import create_connection
from muster.core.connections.model import Connection
from muster.core.ids import new_id, random_text
from muster.core.transaction import Transaction
from muster.core.users.actions import HashedPassword, NewAddress, NewUser, create_user
from muster.core.users.model import Link, Origin, User
from tests.dialects.netwrix.service import PASSWORD, Netwrix


async def made(
    netwrix: Netwrix,
    *,
    realm: Connection | None = None,
    emails: tuple[str, ...] = (),
    phones: tuple[str, ...] = (),
    **given: Any,
) -> User:
    """A user of the default realm, or of another, with `PASSWORD`."""

    async def act(tx: Transaction) -> User:
        new = NewUser(
            origin=Origin(door="auth0"),
            emails=[NewAddress(each) for each in emails],
            phones=[NewAddress(each) for each in phones],
            password=HashedPassword(await netwrix.passwords.hash(PASSWORD), "argon2"),
            **given,
        )
        return await create_user(tx, realm or netwrix.default, new)

    user: User = await netwrix.act(act)
    return user


async def connection(netwrix: Netwrix, name: str) -> Connection:
    """One more realm."""
    made_: Connection = await netwrix.act(create_connection, Connection(id=random_text(16), name=name))
    return made_


async def linked(netwrix: Netwrix, email: str, *, kind: Any, provider: str) -> None:
    """A user without a password, known by an identity elsewhere."""

    async def act(tx: Transaction) -> None:
        user = await create_user(
            tx, netwrix.default, NewUser(origin=Origin(door="auth0", via="external"), emails=[NewAddress(email)])
        )
        link = Link(
            id=new_id(tx.now),
            kind=kind,
            connection_id="c" * 16,
            provider=provider,
            subject=email,
            created_at=tx.now,
            updated_at=tx.now,
        )
        tx.save(replace(user, links=[link]))

    await netwrix.act(act)
