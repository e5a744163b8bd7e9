"""Where the values of a field are kept, and the reads that pick users by them.

Texts are the same for both engines. A user is a number (`n`, the user's `seq`) throughout.
"""

from typing import Final, NamedTuple

from muster.storage.fragments import Probe, Sql, every
from muster.storage.text import field_number

USER_COLUMNS: Final = frozenset({"seq", "created_at", "updated_at"})
ACTIVITY_COLUMNS: Final = {
    "logins": "logins",
    "last_login": "last_login_at",
    "last_ip": "last_login_ip",
    "last_active_at": "last_active_at",
    "last_success": "last_success_at",
    "last_attempt": "last_attempt_at",
    "attempts": "attempts",
    "successes": "successes",
    "failures": "failures",
    "locked_until": "locked_until",
}


class Condition(NamedTuple):
    """How a condition is answered.

    `numbers` are the users whom an index decides, each once. The documents of those `to_look_at`, if there are any, decide
    about them; where `candidates` are few, looking at them all is cheaper than `numbers`. `in_order` says that the numbers
    come in ascending order, and `is_read` that the first of them are found at once.
    """

    numbers: Sql
    probe: Probe | None = None
    to_look_at: Sql | None = None
    candidates: Sql | None = None
    in_order: bool = False
    is_read: bool = True


class Source(NamedTuple):
    """Where the values of a field are, and the condition that picks them.

    `by_user` are the tables for reading the values of one user `u`, where an index leads from the number to them, and
    `of_user` the condition that picks them there, if it is another.
    """

    table: str
    value: str
    n: str
    where: Sql
    by_user: str = ""
    of_user: Sql | None = None
    are_terms: bool = False
    is_single: bool = False
    """A user has one value at most."""

    def reading(self, *conditions: Sql, once: bool = True) -> Sql:
        """The users with a value that meets them all, each once unless that does not matter."""
        where = every([self.where, *conditions])
        distinct = "DISTINCT " if once and not self.is_single else ""
        return Sql(f"SELECT {distinct}{self.n} AS n FROM {self.table} WHERE {where.text}", where.params)

    def probing(self, *conditions: Sql) -> Probe | None:
        """Whether one user has such a value."""
        if not self.by_user:
            return None
        where = every([self.of_user or self.where, *conditions])
        text = f"EXISTS (SELECT 1 FROM {self.by_user} WHERE {where.text} AND u.seq"
        return lambda column: Sql(f"({text} = {column}) IS TRUE)", where.params)


IS_LISTED: Final = "a.n NOT IN (SELECT i.seq FROM users i WHERE i.tenant_id = ? AND i.internal = 1)"
"""Whether the activity `a` is of a listed user."""

NOBODY: Final = Sql("SELECT seq AS n FROM users WHERE seq IS NULL")
NEVER: Final = Condition(NOBODY, lambda _: Sql("1 = 0"), in_order=True)

SINGLE_TEXTS: Final = frozenset(
    {"email", "email.domain", "phone", "username", "given_name", "family_name", "middle_name", "full_name"}
    | {"shown_name", "shown_nickname", "external_id", "realm"}
)
"""Texts of which a user has at most one."""


def everyone(tenant_id: int) -> Condition:
    """All listed users."""
    numbers = Sql("SELECT seq AS n FROM users WHERE tenant_id = ? AND internal = 0", (tenant_id,))
    return Condition(numbers, lambda _: Sql("1 = 1"), in_order=True)


def looked_through(tenant_id: int) -> Condition:
    return Condition(NOBODY, to_look_at=everyone(tenant_id).numbers, is_read=False)


def users(tenant_id: int, column: str) -> Source:
    where = Sql("u.tenant_id = ? AND u.internal = 0", (tenant_id,))
    return Source("users u", f"u.{column}", "u.seq", where, "users u", is_single=True)


def activity(tenant_id: int, column: str) -> Source:
    """Activity goes with its user, and few users are internal, so that nearly all of it is of those who are listed."""
    where = Sql(f"a.tenant_id = ? AND a.{column} IS NOT NULL AND {IS_LISTED}", (tenant_id, tenant_id))
    # SQLite looks into what is CROSS JOINed in the order given; PostgreSQL does as it likes, and has an index either way.
    same = "u.tenant_id = ? AND u.internal = 0 AND a.tenant_id = u.tenant_id AND a.user_id = u.id"
    of_user = Sql(f"{same} AND a.{column} IS NOT NULL", (tenant_id,))
    return Source("activity a", f"a.{column}", "a.n", where, "users u CROSS JOIN activity a", of_user, is_single=True)


def terms(tenant_id: int, table: str, field: str) -> Source:
    where = Sql("t.tenant_id = ? AND t.field = ?", (tenant_id, field_number(field)))
    return Source(f"{table} t", "t.value", "t.n", where, are_terms=True, is_single=field in SINGLE_TEXTS)


def text_source(tenant_id: int, field: str) -> Source | None:
    if field == "id":
        return users(tenant_id, "id")
    if field == "last_ip":
        return activity(tenant_id, ACTIVITY_COLUMNS[field])
    if field in USER_COLUMNS or field in ACTIVITY_COLUMNS:
        return None
    return terms(tenant_id, "text_terms", field)


def number_source(tenant_id: int, field: str) -> Source | None:
    """Numbers of terms are doubles, those of columns are whole."""
    if field in USER_COLUMNS:
        return users(tenant_id, field)
    if field in ("id", "last_ip"):
        return None
    if field in ACTIVITY_COLUMNS:
        return activity(tenant_id, ACTIVITY_COLUMNS[field])
    return terms(tenant_id, "number_terms", field)
