"""What a verifiable-credential API does with users: make and change them by their claims and their one outside identity."""

from typing import Final, NamedTuple

from msgspec.structs import replace

from muster.core.actor import Permissions as May
from muster.core.connections.model import Connection
from muster.core.hub_roles.rank import must_outrank
from muster.core.ids import new_id
from muster.core.transaction import Transaction
from muster.core.users import invariants
from muster.core.users.actions import NewUser, create_user
from muster.core.users.claims import is_same_document, replace_claims
from muster.core.users.model import Document, Link, User
from muster.core.users.saving import keep

PROVIDER: Final = "oidc"
"""What an identity at an OpenID provider of the tenant's own is called."""


class Subject(NamedTuple):
    """Who somebody is at an outside provider: the connection that stands for it, and the id there.

    `issuer` is the provider's address, kept with the identity so that it is still known when the connection is gone.
    """

    connection_id: str
    id: str
    issuer: str


async def create_user_by_claims(
    tx: Transaction, realm: Connection, new: NewUser, claims: Document, subject: Subject | None
) -> User:
    """A new user. A subject that somebody else is linked with is `Taken("subject")` at the commit."""
    user = await create_user(tx, realm, new)
    after = replace_claims(user, claims)
    if subject is not None:
        after = await _linked(tx, after, subject)
    invariants.check(after)
    return tx.save(after)


async def change_user_by_claims(tx: Transaction, user: User, claims: Document, subject: Subject | None) -> User:
    """All claims are replaced; the identity is replaced when one is given, and kept otherwise."""
    tx.actor.must(May.USERS_UPDATE)
    after = replace_claims(user, claims)
    if subject is not None:
        await must_outrank(tx, user)
        after = await _linked(tx, after, subject)
    if after == user and not is_same_document(after.claims, user.claims):
        after = replace(after, updated_at=user.updated_at + 1)  # so that it counts as a change
    return keep(tx, user, after)


async def _linked(tx: Transaction, user: User, subject: Subject) -> User:
    """The user with this identity in the place of a former one at a provider; others stay."""
    tx.expect(await tx.need(Connection, subject.connection_id))
    before = next((link for link in user.links if is_provider_link(link)), None)
    if before is not None and (before.connection_id, before.subject) == (subject.connection_id, subject.id):
        return user
    link = Link(
        id=new_id(tx.now),
        kind="enterprise",
        connection_id=subject.connection_id,
        provider=PROVIDER,
        subject=subject.id,
        profile={"iss": subject.issuer},
        created_at=tx.now,
        updated_at=tx.now,
    )
    return replace(user, links=[*(other for other in user.links if other is not before), link])


def is_provider_link(link: Link) -> bool:
    """Whether the link was made here: by the issuer that it bears."""
    return link.provider == PROVIDER and isinstance(link.profile.get("iss"), str)
