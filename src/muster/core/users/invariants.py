"""What must be true of every user, whoever wrote it and by whatever door. Checked on every save."""

from muster.core.errors import Invalid
from muster.core.users.identifiers import LISTS, MOST_IDENTIFIERS
from muster.core.users.model import User

MOST_LINKS = 50


def check(user: User) -> None:
    """Refuse what no user may be: too many identifiers or links, two primaries, an address twice, a time before 1970."""
    addresses = [getattr(user, name) for name in LISTS.values()]
    if sum(map(len, addresses)) + (user.username is not None) > MOST_IDENTIFIERS:
        raise Invalid("too_many_identifiers", limit=MOST_IDENTIFIERS)
    if len(user.links) > MOST_LINKS:
        raise Invalid("too_many_links", limit=MOST_LINKS)
    for entries in addresses:
        if [entry.primary for entry in entries] != [True, *[False] * (len(entries) - 1)][: len(entries)]:
            raise Invalid("primary_not_one")
        if len({entry.value for entry in entries}) != len(entries):
            raise Invalid("identifier_twice")
    if user.created_at < 0:
        raise Invalid("time_before_1970", member="created_at")
