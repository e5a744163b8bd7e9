"""Searches on both engines, held against a plain reading of the documents that shares no code with the one under test."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any as Anything
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from muster.core.query import All, Any, Everyone, Exists, Is, Like, Not, Order, Page, Query, Range
from muster.core.store import Change, Unit
from muster.core.users import terms
from muster.core.users.model import Activity, ForeignId, Link, Metadata, Profile, Seen, User, Username
from muster.core.users.terms import facts_of, term, terms_of
from muster.storage.store import SqlStore
from tests.storage.contract.people import NOW, address, person
from tests.thorough import examples

fresh = count()

LONG = "x" * 250
LONGER = LONG + "y"  # the same first 200 bytes
MANY = {f"k{n}": n for n in range(1_200)}

TEXTS = (
    "",
    "a",
    "ab",
    "abc",
    "abcab",
    "b",
    "A",
    "é",
    "É",
    "ß",
    "日本",
    "😀",
    "a%b",
    "a_b",
    "a\\b",
    "c\0",
    "…",
    "true",
    "1",
)
NUMBERS = (0, 1, -1, 1.5, 2**53, -1e300)
scalars = st.one_of(st.sampled_from(TEXTS), st.sampled_from(NUMBERS), st.booleans(), st.none())
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["e", "f"]), inner, max_size=2),
    max_leaves=4,
)
documents = st.none() | st.dictionaries(st.sampled_from(["a", "b", "c.d"]), values, max_size=3)
longs = st.sampled_from([{}, {}, {}, {"long": LONG}, {"long": LONGER}, {"long": [LONG, "z"]}])
names = st.none() | st.sampled_from(["Ann", "ann", "Anna", "É", "STRASSE", "Straße"])

people = st.fixed_dictionaries(
    {
        "internal": st.sampled_from([False] * 6 + [True]),
        "domain": st.none() | st.sampled_from(["one.example", "two.example"]),
        "verified": st.booleans(),
        "phone": st.booleans(),
        "username": st.booleans(),
        "realm": st.sampled_from(["r1", "r2"]),
        "foreign": st.booleans(),
        "link": st.none() | st.tuples(st.sampled_from(["google", "github"]), st.booleans(), documents),
        "created_at": st.integers(1, 3),
        "profile": st.builds(Profile, name=names, nickname=names, given_name=names, family_name=names),
        "private": documents,
        "unsafe": documents,
        "public": documents,
        "long": longs,
        "many": st.sampled_from([False] * 40 + [True]),
        "suspended": st.none() | st.booleans(),
        "logins": st.integers(0, 2),
        "last": st.none() | st.builds(Seen, at=st.integers(1, 3), ip=st.sampled_from(["", "::1", "::2"])),
    }
)

PATHS = [f"{root}.{path}" for root in ("private", "unsafe", "public") for path in ("a", "b", r"c\.d", "a.e", "a.e.f")]
FIELDS = [
    *("id", "id:auth0", "seq", "created_at", "updated_at", "logins", "last_login", "last_ip"),
    *("email", "emails", "email.domain", "email_verified", "phone", "phone_verified", "username", "suspended"),
    *("shown_name", "shown_nickname", "given_name", "family_name", "connection"),
    *("link.provider", "link.subject", "link.social", "link.profile.a", "link.profile.a.e"),
    *("text", "private", "unsafe", "nothing", *PATHS),
]
OWN_TEXTS = (
    *("0@one.example", "1@two.example", "one.example", "+491", "+492", "user0", "user1", "auth0|f0", "auth0|f1", "s1"),
    *(
        "ann",
        "anna",
        "strasse",
        "r1",
        "r2",
        "google",
        "github",
        "::1",
        "::2",
        "0",
        "r",
        LONG,
        LONGER,
        "x" * 199,
        "x" * 200,
    ),
)
fields = st.sampled_from([*FIELDS, "private.long", "private.k3", "private.k1199"])
texts = st.sampled_from([*TEXTS, *OWN_TEXTS])
numbers = st.sampled_from([*NUMBERS, 2, 3, 0.5, float("inf"), 10**400])
ends = st.none() | texts | numbers
leaves = (
    st.builds(Everyone)
    | st.builds(Is, fields, texts | numbers | st.booleans())
    | st.builds(Range, fields, ends, ends, st.booleans(), st.booleans()).filter(
        lambda asked: asked.low != 10**400 != asked.high
    )
    | st.builds(Like, fields, st.lists(texts | st.just(""), min_size=2, max_size=4).map(tuple))
    | st.builds(Exists, fields)
)
queries: st.SearchStrategy[Query] = st.recursive(
    leaves,
    lambda inner: (
        st.builds(All, st.lists(inner, max_size=3).map(tuple))
        | st.builds(Any, st.lists(inner, max_size=3).map(tuple))
        | st.builds(Not, inner)
    ),
    max_leaves=6,
)
orders = st.builds(
    Order, st.sampled_from([field for field in FIELDS if field not in ("text", "private", "unsafe")]), st.booleans()
)
pages = st.builds(Page, st.integers(0, 5), st.integers(0, 5))


# ------------------------------------------------------------------------------------------------------ a plain reading


def members_of(user: User) -> dict[str, list[Anything]]:
    """Everything that can be asked about a user, under the names of the core."""
    activity = user.activity
    last = activity.last_login if activity else None
    email = next((one for one in user.emails if one.primary), None)
    phone = next((one for one in user.phones if one.primary), None)
    found: dict[str, list[Anything]] = {
        "id": [user.id],
        "id:auth0": [one.value for one in user.foreign_ids if one.kind == "auth0"],
        "seq": [user.seq],
        "created_at": [user.created_at],
        "updated_at": [user.updated_at],
        "logins": [activity.logins] if activity and activity.logins else [],
        "last_login": [last.at] if last else [],
        "last_ip": [last.ip] if last and last.ip else [],
        "email": [email.value] if email else [],
        "emails": [one.value for one in user.emails],
        "email.domain": [email.value.split("@")[1]] if email else [],
        "email_verified": [email.verified] if email else [],
        "phone": [phone.value] if phone else [],
        "phone_verified": [phone.verified] if phone else [],
        "username": [user.username.key] if user.username else [],
        "suspended": [] if user.suspended is None else [user.suspended],
        "shown_name": [shown(user, "name").casefold()],
        "shown_nickname": [shown(user, "nickname").casefold()],
        "given_name": [user.profile.given_name.casefold()] if user.profile.given_name else [],
        "family_name": [user.profile.family_name.casefold()] if user.profile.family_name else [],
        "connection": [user.realm, *(link.connection_id for link in user.links)],
        "link.provider": [link.provider for link in user.links],
        "link.subject": [link.subject for link in user.links],
        "link.social": [link.kind == "social" for link in user.links],
    }
    both = " ".join(filter(None, [user.profile.given_name, user.profile.family_name]))
    found["text"] = [
        text.casefold()
        for text in (
            *found["emails"],
            *(one.value for one in user.phones),
            *found["username"],
            shown(user, "name"),
            both,
            user.profile.given_name,
            user.profile.family_name,
            user.id,
        )
        if text
    ]
    for root, document in (
        *(("link.profile", link.profile) for link in user.links),
        ("private", user.metadata.private),
        ("unsafe", user.metadata.unsafe),
        ("public", user.metadata.public),
    ):
        for path, value in inside(root, document):
            found.setdefault(path, []).append(value)
    return found


def shown(user: User, what: str) -> str:
    """The name or the nickname, or what stands in for it."""
    stored = getattr(user.profile, what)
    if stored:
        return str(stored)
    if user.emails:
        address = next(one.value for one in user.emails if one.primary)
        return address if what == "name" else address.split("@")[0]
    given, family = user.profile.given_name, user.profile.family_name
    phone = user.phones[0].value if user.phones else None
    username = user.username.key if user.username else None
    own = user.foreign_ids[0].value.split("|")[1] if user.foreign_ids else user.id
    if what == "nickname":
        return username or given or phone or own
    return " ".join(filter(None, [given, family])) or username or phone or own


def inside(path: str, value: Anything) -> Iterator[tuple[str, Anything]]:
    """Every object that is not empty, as itself, and every scalar that is not null; arrays are looked through."""
    if isinstance(value, list):
        for one in value:
            yield from inside(path, one)
    elif isinstance(value, dict):
        if value:
            yield path, value
        for key, one in value.items():
            yield from inside(f"{path}.{key.replace('.', chr(92) + '.')}", one)
    elif value is not None:
        yield path, value


def is_true(query: Query, members: dict[str, list[Anything]]) -> bool:
    match query:
        case Everyone():
            return True
        case All(parts):
            return all(is_true(part, members) for part in parts)
        case Any(parts):
            return any(is_true(part, members) for part in parts)
        case Not(part):
            return not is_true(part, members)
        case Exists(field):
            return bool(members.get(field))
        case Is(field, value):
            return any(kind(one) == kind(value) and one == value for one in members.get(field, []))
        case Like(field, parts):
            return any(kind(one) == "text" and is_like(one, parts) for one in members.get(field, []))
        case Range(field):
            return any(is_within(one, query) for one in members.get(field, []))


def kind(value: Anything) -> str:
    if isinstance(value, bool):
        return "truth"
    return "text" if isinstance(value, str) else "object" if isinstance(value, dict) else "number"


def is_like(text: str, parts: tuple[str, ...]) -> bool:
    """Every way to place the parts is tried."""
    first, *rest = parts
    if not text.startswith(first):
        return False
    left = text[len(first) :]
    if len(rest) == 1:
        return left.endswith(rest[0])
    return any(is_like(left[skipped:], tuple(rest)) for skipped in range(len(left) + 1))


def is_within(value: Anything, asked: Range) -> bool:
    if kind(value) not in ("text", "number"):
        return False
    for end, included, sign in ((asked.low, asked.low_included, 1), (asked.high, asked.high_included, -1)):
        if end is None:
            continue
        if kind(end) != kind(value):
            return False
        mine, theirs = _comparable(value), _comparable(end)
        compared = (mine > theirs) - (mine < theirs)
        if compared * sign < 0 or (compared == 0 and not included):
            return False
    return True


def _comparable(value: Anything) -> Anything:
    return value.encode() if isinstance(value, str) else value


def in_order(users: list[User], order: Order) -> list[User]:
    """Truth values and numbers before texts; of several the least counts, or the greatest; who has none comes last."""

    def keys(user: User) -> list[tuple[int, Anything]]:
        found = [one for one in members_of(user).get(order.field, []) if kind(one) != "object"]
        return [(1 if isinstance(one, str) else 0, _comparable(one)) for one in found]

    best = max if order.descending else min
    having = sorted(
        (user for user in users if keys(user)),
        key=lambda user: (best(keys(user)), user.seq),
        reverse=order.descending,
    )
    without = [user for user in users if not keys(user)]
    return having + (without[::-1] if order.descending else without)


# -------------------------------------------------------------------------------------------------------- the comparison


def made(place: int, members: dict[str, Anything]) -> User:
    domain, link, private = members["domain"], members["link"], members["private"]
    more = {**members["long"], **(MANY if members["many"] else {})}
    return person(
        internal=members["internal"],
        realm=members["realm"],
        emails=[
            address(f"{place}@{domain}", verified=members["verified"]),
            address(f"other{place}@{domain}", primary=False),
        ]
        if domain
        else [],
        phones=[address(f"+49{place}", verified=members["verified"])] if members["phone"] else [],
        username=Username(id="id", value=f"User{place}", key=f"user{place}") if members["username"] else None,
        foreign_ids=[ForeignId(kind="auth0", value=f"auth0|f{place}")] if members["foreign"] else [],
        links=[
            Link(
                id="link",
                kind="social" if link[1] else "enterprise",
                connection_id="c1",
                provider=link[0],
                subject=f"s{place}",
                profile=link[2] or {},
                created_at=NOW,
                updated_at=NOW,
            )
        ]
        if link
        else [],
        created_at=members["created_at"],
        profile=members["profile"],
        metadata=Metadata.of(
            private={**(private or {}), **more} if more else private, unsafe=members["unsafe"], public=members["public"]
        ),
        suspended=members["suspended"],
    )


async def write(store: SqlStore, tenant_id: int, before: User | None, after: User | None, activity: Activity) -> None:
    """As the core's transaction splits a change."""
    old = before.activity if before is not None else None
    changes = [Change(replace(before, activity=None) if before is not None else None, after)]
    if after is not None:
        version = old.version + 1 if old is not None else 1
        changes.append(Change(old, replace(activity, id=after.id, version=version)))
    await store.commit(Unit(tenant_id, changes))


def lacks_terms_of(field: str, user: User) -> bool:
    """Whether some of the field's terms are among those that were too many: the user may then be sorted by the others."""
    kept, overflow = terms_of(user)
    return overflow and any(term(*fact) not in kept for fact in facts_of(user) if fact[0] in (field, f"?{field}"))


@pytest.mark.parametrize("most_terms", [1_000, 24])
@given(
    edits=st.lists(st.tuples(st.integers(0, 5), st.none() | people), min_size=3, max_size=12),
    asked=st.lists(st.tuples(queries, orders, pages), min_size=10, max_size=25),
)
@settings(
    max_examples=examples(8, 100),
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.differing_executors,
    ],
)
async def test_what_is_found_is_what_a_plain_reading_finds(
    store: SqlStore,
    most_terms: int,
    edits: list[tuple[int, dict[str, Anything] | None]],
    asked: list[tuple[Query, Order, Page]],
) -> None:
    """With few terms a user, many have more facts than are indexed: what is in their documents finds them, but may not sort them."""
    with mock.patch.object(terms, "MOST_TERMS", most_terms):
        tenant = await store.create_tenant(f"t{next(fresh)}", NOW)
        present: dict[int, str] = {}
        for place, members in edits:
            before = await store.get(tenant.number, User, present.pop(place)) if place in present else None
            after = made(place, members) if members else None
            if before is not None and after is not None:
                after = replace(after, id=before.id, seq=before.seq, version=before.version + 1)
            if after is not None:
                present[place] = after.id
            if before is not None or after is not None:
                activity = (
                    Activity(id="", logins=members["logins"], last_login=members["last"])
                    if members
                    else Activity(id="")
                )
                await write(store, tenant.number, before, after, activity)

        stored = [await store.get(tenant.number, User, id_) for id_ in present.values()]
        listed = sorted((user for user in stored if user and not user.internal), key=lambda user: user.seq)
        for query, order, page in asked:
            expected = in_order([user for user in listed if is_true(query, members_of(user))], order)
            assert await store.count_users(tenant.number, query) == len(expected), query
            if any(lacks_terms_of(order.field, user) for user in listed):
                everyone = await store.search_users(tenant.number, query, order, Page(0, 50))
                assert sorted(user.seq for user in everyone) == sorted(user.seq for user in expected), query
                continue
            found = await store.search_users(tenant.number, query, order, page)
            assert found == expected[page.offset : page.offset + page.limit], (query, order, page)
            everyone = await store.search_users(tenant.number, query, order, Page(0, 50))
            assert everyone == expected, (query, order)
        for id_ in present.values():  # the next look at the whole database goes by the usual number of terms
            user = await store.get(tenant.number, User, id_)
            if user is not None:
                await store.commit(Unit(tenant.number, [Change(replace(user, activity=None), None)]))
