"""Groups by their names, for callers who know no ids: read, and set as a whole."""

from collections.abc import Iterable, Mapping, Sequence

from muster.core.errors import Invalid, NotFound
from muster.core.groups.actions import MOST_MEMBERSHIPS, create_group, join_group, leave_group
from muster.core.groups.model import Group, group_key
from muster.core.transaction import Transaction
from muster.core.users.model import User


def group_names(user: User, groups: Mapping[str, Group]) -> list[str]:
    """The names of the user's groups, in the order of joining; one that was deleted has none."""
    return [groups[joined.group_id].name for joined in user.groups if joined.group_id in groups]


def group_ids(user: User) -> frozenset[str]:
    """The ids of the user's groups."""
    return frozenset(joined.group_id for joined in user.groups)


async def set_groups(tx: Transaction, user: User, names: Sequence[str], *, only: Iterable[str] | None = None) -> User:
    """The user is in the groups of these names and in no other. An unknown name makes a group.

    With `only` no membership of another group than those ids begins or ends, and none is made: `NotFound("group")`.
    """
    if len(names) > MOST_MEMBERSHIPS:
        raise Invalid("too_many_memberships", limit=MOST_MEMBERSHIPS)
    mine = None if only is None else frozenset(only)
    known = {group_key(group.name): group for group in await tx.records(Group)}
    had = group_ids(user) & {group.id for group in known.values()}
    wanted: dict[str, None] = {}
    for name in names:
        group = known.get(group_key(name))
        if group is None:
            if mine is not None:
                raise NotFound("group", name=name)
            group = known[group_key(name)] = await create_group(tx, name)
        wanted[group.id] = None
    if mine is not None and not wanted.keys() ^ had <= mine:
        raise NotFound("group")
    for group_id in sorted(had - wanted.keys()):
        user = await leave_group(tx, user, group_id)
    for group_id in wanted:
        user, _ = await join_group(tx, user, group_id)
    return user
