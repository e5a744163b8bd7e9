"""What can be done with hub roles: define them, give them to users. A tenant always keeps somebody who manages its users."""

from collections.abc import Sequence

from msgspec.structs import replace

from muster.core.actor import Permissions as May
from muster.core.errors import Conflict, Invalid, NotAllowed, NotFound
from muster.core.hub_roles.model import MOST_OWN_ROLES, POWERS, HubRole, HubRoles
from muster.core.hub_roles.rank import must_hold, must_outrank
from muster.core.ids import random_text
from muster.core.query import Any, Is, Order, Page
from muster.core.store import Store
from muster.core.transaction import Transaction
from muster.core.users.model import User
from muster.core.users.shapes import has_control, username_key

LONGEST_NAME = 100
MOST_CANDIDATES = 100


async def hub_roles(store: Store, tenant_id: int) -> HubRoles:
    """Every hub role there is."""
    return HubRoles(await store.records(tenant_id, HubRole))


async def create_hub_role(
    tx: Transaction, name: str, display_name: str, powers: Sequence[str], *, external_name: str | None = None
) -> HubRole:
    """A new role. A name that is in use is `Taken("hub_role", …)`; a power that the caller lacks is refused."""
    roles = await _writable(tx)
    if not name.strip() or len(name) > LONGEST_NAME or has_control(name) or name != name.strip():
        raise Invalid("hub_role_malformed")
    existing = roles.named(name)
    if existing is not None and existing.built_in:
        raise Conflict("hub_role_taken", name=existing.name)
    if len(await tx.records(HubRole)) >= MOST_OWN_ROLES:
        raise Invalid("too_many_hub_roles", limit=MOST_OWN_ROLES)
    role = HubRole(
        id=random_text(16),
        name=name,
        display_name=display_name,
        external_name=external_name,
        powers=_powers(tx, powers),
        created_at=tx.now,
    )
    tx.note("hub_role.created", role=name)
    return tx.insert(role)


async def update_hub_role(
    tx: Transaction, name: str, display_name: str, powers: Sequence[str], *, external_name: str | None = None
) -> HubRole:
    """Another name to show and other powers; the name stays. `Conflict("last_manager")` when nobody would manage users."""
    role = await _own(tx, name)
    wanted = _powers(tx, powers)
    must_hold(tx.actor, role.powers)
    after = tx.save(replace(role, display_name=display_name, external_name=external_name, powers=wanted))
    if May.HUB_USERS in role.powers and May.HUB_USERS not in wanted:
        await keep_a_manager(tx)
    tx.note("hub_role.updated", role=role.name)
    tx.revoke_cached_access()
    return after


async def delete_hub_role(tx: Transaction, name: str) -> None:
    """A role goes; `Conflict("hub_role_in_use")` while somebody has it."""
    role = await _own(tx, name)
    must_hold(tx.actor, role.powers)
    if await _holders(tx, [role.name], limit=1):
        raise Conflict("hub_role_in_use", name=role.name)
    tx.delete(role)
    tx.note("hub_role.deleted", role=role.name)


async def set_hub_roles(tx: Transaction, user: User, names: Sequence[str]) -> User:
    """These roles in the place of those the user had, spelled as the roles are.

    `NotFound("hubrole")` for an unknown name, `NotAllowed("outranked")` for a power given or taken that the caller lacks,
    `Conflict("last_manager")` when nobody would be left to manage users.
    """
    tx.actor.must(May.HUB_USERS, May.HUB_USERS_IN_GROUPS)
    roles = HubRoles(await tx.records(HubRole))
    wanted = []
    for name in dict.fromkeys(map(username_key, names)):
        role = roles.named(name)
        if role is None:
            raise NotFound("hubrole", name=name)
        wanted.append(role)
    before, after = roles.powers_of(user.hub_roles), roles.powers_of(role.name for role in wanted)
    must_hold(tx.actor, before ^ after)
    saved = [role.name for role in wanted]
    if saved == user.hub_roles:
        return user
    await must_outrank(tx, user)
    had = set(map(username_key, user.hub_roles))
    for role in wanted:
        if not role.built_in and username_key(role.name) not in had:
            # Whoever deletes the role at the same time and has found no holder must look again.
            tx.save(replace(role, given=role.given + 1), quietly=True)
    changed = tx.save(replace(user, hub_roles=saved), quietly=True)  # what somebody may do is no change of the person
    if May.HUB_USERS in before and May.HUB_USERS not in after:
        await keep_a_manager(tx)
    tx.note("user.hub_roles_changed", user_id=user.id, roles=saved)
    return changed


async def keep_a_manager(tx: Transaction) -> None:
    """`Conflict("last_manager")` unless somebody manages every user of the tenant after what this act has done so far.

    Whoever that is must stay so until the act commits: of two who give it up at once, the second is refused.
    """
    roles = HubRoles(await tx.records(HubRole))
    for user in await _holders(tx, roles.names_with(May.HUB_USERS), limit=MOST_CANDIDATES):
        if user.suspended is not True and May.HUB_USERS in roles.powers_of(user.hub_roles):
            tx.expect(user)
            for name in user.hub_roles:
                role = roles.named(name)
                if role is not None and not role.built_in:
                    tx.expect(role)
            return
    raise Conflict("last_manager")


async def _holders(tx: Transaction, names: Sequence[str], *, limit: int) -> list[User]:
    """Users with one of the roles, as this act has them: operators' own accounts first, then at most `limit` others."""
    keys = {username_key(name) for name in names}
    query = Any(tuple(Is("hub_role", key) for key in sorted(keys)))
    found = [
        *await tx.store.internal_users(tx.tenant_id),
        *await tx.store.search_users(tx.tenant_id, query, Order(), Page(limit=limit + 1)),
    ]
    users = [await tx.get(User, user.id) for user in found]
    return [user for user in users if user is not None and keys & {username_key(name) for name in user.hub_roles}]


async def _writable(tx: Transaction) -> HubRoles:
    tx.actor.must(May.HUB_ROLES)
    return HubRoles(await tx.records(HubRole))


async def _own(tx: Transaction, name: str) -> HubRole:
    """A role that may be changed."""
    role = (await _writable(tx)).named(name)
    if role is None:
        raise NotFound("hubrole", name=name)
    if role.built_in:
        raise NotAllowed("hub_role_built_in", name=role.name)
    return role


def _powers(tx: Transaction, powers: Sequence[str]) -> list[str]:
    unknown = [power for power in powers if power not in POWERS]
    if unknown:
        raise Invalid("hub_power_unknown", powers=unknown)
    must_hold(tx.actor, powers)
    return list(dict.fromkeys(powers))
