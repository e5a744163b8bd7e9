"""What can be done with the records of issued credentials. They go with their user; what was issued stays valid."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from msgspec.structs import replace

from muster.core.actor import Actor
from muster.core.actor import Permissions as May
from muster.core.errors import Conflict
from muster.core.issued_credentials.model import IssuedCredential
from muster.core.store import Store
from muster.core.transaction import Transaction
from muster.core.users.model import User

MOST_OF_ONE_USER: Final = 1_000


class Place(NamedTuple):
    """A place in a list by creation."""

    at: int
    id: str


async def list_issued(
    store: Store, tenant_id: int, actor: Actor, user_id: str, after: Place | None, limit: int
) -> Sequence[IssuedCredential]:
    """What was issued to a user, oldest record first, behind a place; nothing for an unknown user."""
    actor.must(May.USERS_READ)
    records = await store.owned(tenant_id, IssuedCredential, user_id)
    return [record for record in records if after is None or (record.created_at, record.id) > after][:limit]


async def record_issued(tx: Transaction, user: User, record: IssuedCredential) -> bool:
    """Keep a record; whether it is new, and not another state of one that this user has.

    `Conflict("other_holder")` when the id is another user's, `Conflict("too_many_issued")` at `MOST_OF_ONE_USER`.
    """
    tx.actor.must(May.USERS_UPDATE)
    tx.expect(user)
    before = await tx.get(IssuedCredential, record.id)
    if before is not None:
        if before.user_id != user.id:
            raise Conflict("other_holder", id=record.id)
        kept = replace(
            record,
            version=before.version,
            user_id=before.user_id,
            created_at=before.created_at,
            updated_at=before.updated_at,
        )
        tx.save(kept)
        return False
    if len(await tx.owned(IssuedCredential, user.id)) >= MOST_OF_ONE_USER:
        raise Conflict("too_many_issued", limit=MOST_OF_ONE_USER)
    tx.insert(replace(record, user_id=user.id, created_at=tx.now))
    return True
