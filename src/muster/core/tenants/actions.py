"""What every tenant has from its first moment: a realm for its users, and one for the operators' own accounts."""

from muster.core.connections.model import DEFAULT_NAME, INTERNAL_NAME, Connection, UsernameRule
from muster.core.ids import random_text
from muster.core.records import Key
from muster.core.transaction import Transaction
from muster.core.users.actions import HashedPassword, NewAddress, NewUser, create_user
from muster.core.users.model import Origin, User

LONGEST_USERNAME = 128
SHORTEST_PASSWORD = 8


async def furnish(tx: Transaction) -> tuple[Connection, Connection]:
    """The default realm and the internal one, made now unless they are there already.

    The default realm takes user names, since some dialects make users with nothing else, and asks of a password only that it
    is not short.
    """
    default = await tx.find(Connection, Key("", "connection_name", DEFAULT_NAME))
    if default is None:
        options = {
            "password_options": {"complexity": {"min_length": SHORTEST_PASSWORD}},
            "requires_username": True,
            "validation": {"username": {"min": 1, "max": LONGEST_USERNAME}},
        }
        default = tx.insert(
            Connection(
                id=random_text(16),
                name=DEFAULT_NAME,
                default=True,
                requires_username=True,
                username_rule=UsernameRule(1, LONGEST_USERNAME),
                options=options,
                created_at=tx.now,
            )
        )
    internal = await tx.find(Connection, Key("", "connection_name", INTERNAL_NAME))
    if internal is None:
        internal = tx.insert(Connection(id=random_text(16), name=INTERNAL_NAME, internal=True, created_at=tx.now))
    return default, internal


async def create_operator(
    tx: Transaction, realm: Connection, email: str, username: str, password: HashedPassword
) -> User:
    """An operator's own account: in the internal realm, unseen by those who manage users."""
    return await create_user(
        tx,
        realm,
        NewUser(
            origin=Origin(door="muster", via="import"),
            emails=[NewAddress(email, verified=True)],
            username=username,
            password=password,
            hub_roles=["admin"],
        ),
    )
