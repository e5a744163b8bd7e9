"""Questions made at random, written as text, and asked over HTTP: what they find is held against the users as they are shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from muster.core.connections.model import Connection
from muster.core.store import Change, Unit
from muster.core.users.model import Activity, Link, Seen, User
from tests.dialects.auth0.service import REALM, Auth0
from tests.thorough import examples

FOLDED = ("email", "email.domain", "name", "nickname", "given_name", "family_name")
BARE = ("email", "name", "nickname", "given_name", "family_name", "username")
DATES = ("created_at", "updated_at", "last_login")
TRUTHS = ("email_verified", "blocked", "identities.isSocial", "identities.profileData.email_verified")
TEXTS = (
    *("user_id", "email", "email.domain", "username", "name", "nickname", "given_name", "family_name", "last_ip"),
    *("identities.provider", "identities.connection", "identities.user_id", "identities.profileData.name"),
)
APP = tuple(f"app_metadata.{path}" for path in ("plan", "n", "on", "tags", "deep", "deep.city", "odd key"))
USER = tuple(f"user_metadata.{path}" for path in ("plan", "n", "tags.x"))
SORTS = (
    "email",
    "name",
    "nickname",
    "given_name",
    "username",
    "created_at",
    "updated_at",
    "last_login",
    "logins_count",
    "blocked",
)

PEOPLE: list[dict[str, Any]] = [
    {"email": "Jane@one.example", "name": "Jane Smith", "given_name": "Jane", "app_metadata": {"plan": "pro", "n": 13}},
    {"email": "jim@one.example", "name": "Jim", "blocked": True, "app_metadata": {"plan": "Pro", "n": "13", "tags": ["a", "b"]}},
    {"email": "straße@two.example", "name": "STRASSE", "nickname": "é", "user_metadata": {"plan": "pro", "n": 1.5}},
    {"email": "o'neil+x@two.example", "family_name": "O'Neil", "email_verified": True, "app_metadata": {"deep": {"city": "Paris"}}},
    {"email": "b@one.example", "blocked": False, "app_metadata": {"deep": [{"city": "Rome"}, {"city": ["Paris", "Oslo"]}]}},
    {"email": "c@one.example", "user_id": "jane|x", "app_metadata": {"on": True, "n": -5, "odd key": "AND"}},
    {"email": "d@one.example", "user_id": "0", "app_metadata": {"on": "true", "plan": None, "tags": [], "deep": {}}},
    {"email": "e@one.example", "name": 'say "hi" (a OR b)', "user_metadata": {"tags": [{"x": 1}, {"x": "1"}], "plan": "a*b"}},
    {"email": "f@two.example", "name": "日本", "given_name": "jane", "nickname": "jane"},
    {"email": "g@two.example", "username": "jane", "app_metadata": {"n": 13.5, "plan": "x" * 250}},
]  # fmt: skip

WORDS = st.sampled_from(
    [
        *("jane", "Jane", "JANE@one.example", "jim@one.example", "one.example", "Jane Smith", "jim", "strasse", "straße"),
        *("é", "o'neil", "o'neil+x@two.example", 'say "hi" (a OR b)', "日本", "pro", "Pro", "13", "1.5", "-5", "true", "1"),
        *("Paris", "Oslo", "a", "b", "AND", "a*b", "x" * 250, "", "auth0|jane|x", "auth0|0", "jane|x", "0", "auth0"),
        *("google-oauth2", "fuzz", "google", "192.0.2.1", "2001:db8::1", "/x", "<5", "!x", "\\", "a\tb"),
    ]
)  # fmt: skip
PIECES = st.sampled_from(
    ["j", "jan", "Jan", "e", "smith", "one.ex", "@", "auth0", "auth0|", "|", "1", "par", "Pa", "ris", "192."]
)
MOMENTS = st.sampled_from(
    [
        "2027",
        "2027-01",
        "2027-01-15",
        "2027-01-16",
        "2027-01-18",
        "2027-02",
        "2027-01-17T08",
        "2027-01-17T08:00:00Z",
        "2026",
    ]
)
COUNTS = st.sampled_from(["0", "1", "2", "2.5", "3", "-1", "1e0"])

leaves = (
    st.tuples(st.just("equal"), st.sampled_from((*TEXTS, *APP, *USER)), WORDS, st.booleans())
    | st.tuples(st.just("equal"), st.sampled_from(TRUTHS), st.sampled_from(["true", "false"]), st.booleans())
    | st.tuples(st.just("equal"), st.just("logins_count"), COUNTS, st.booleans())
    | st.tuples(st.just("equal"), st.sampled_from(DATES), MOMENTS, st.booleans())
    | st.tuples(st.just("bare"), st.just(""), WORDS.filter(bool), st.booleans())
    | st.tuples(st.just("like"), st.sampled_from((*TEXTS, *APP)), PIECES.map(lambda piece: (piece, "")))
    | st.tuples(st.just("like"), st.sampled_from((*TEXTS, *APP)), st.tuples(st.just(""), PIECES, st.just("ane")))
    | st.tuples(
        st.just("exists"), st.sampled_from((*TEXTS, *TRUTHS, *DATES, "logins_count", *APP, *USER, "app_metadata"))
    )
    | st.tuples(
        st.just("range"), st.sampled_from(DATES), st.none() | MOMENTS, st.none() | MOMENTS, st.booleans(), st.booleans()
    )
    | st.tuples(st.just("range"), st.just("logins_count"), st.none() | COUNTS, COUNTS, st.booleans(), st.booleans())
    | st.tuples(st.just("range"), st.just("app_metadata.n"), st.none() | COUNTS, COUNTS, st.booleans(), st.booleans())
    | st.tuples(
        st.just("range"),
        st.sampled_from(("user_id", *TEXTS[1:9])),
        WORDS.filter(bool),
        st.none() | WORDS.filter(bool),
        st.booleans(),
        st.booleans(),
    )
)
Tree = tuple[Any, ...]
trees: st.SearchStrategy[Tree] = st.recursive(
    leaves,
    lambda inner: (
        st.tuples(st.sampled_from(["and", "or", "beside"]), st.lists(inner, min_size=2, max_size=3))
        | st.tuples(st.just("not"), inner)
    ),
    max_leaves=6,
)

# ------------------------------------------------------------------------------------------------------- how it is written


def written(tree: Tree) -> str:
    match tree:
        case ("and", parts):
            return " AND ".join(
                f"({written(part)})" if part[0] in ("or", "beside") else written(part) for part in parts
            )
        case ("or", parts):
            return " OR ".join(f"({written(part)})" if part[0] == "beside" else written(part) for part in parts)
        case ("beside", parts):
            return " ".join(f"({written(part)})" for part in parts)
        case ("not", part):
            return f"NOT ({written(part)})"
        case ("equal", field, value, quoted):
            return f"{name_of(field)}:{spelled(value, quoted=quoted)}"
        case ("bare", _, value, quoted):
            return spelled(value, quoted=quoted or ":" in value)
        case ("like", field, parts):
            return f"{name_of(field)}:{'*'.join(spelled(part) if part else '' for part in parts)}"
        case ("exists", field):
            return f"_exists_:{name_of(field)}"
        case ("range", field, low, high, low_included, high_included):
            ends = ["*" if end is None else spelled(end) for end in (low, high)]
            return f"{name_of(field)}:{'[{'[not low_included]}{ends[0]} TO {ends[1]}{']}'[not high_included]}"
    raise ValueError(tree)


def name_of(field: str) -> str:
    return field.replace(" ", "\\ ")


def spelled(text: str, *, quoted: bool = False) -> str:
    if quoted or not text:
        return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'
    if text in ("AND", "OR", "NOT"):
        return f"\\{text}"
    return re.sub(r'(^[-+/<>!]|[\s"()\[\]{}^~?*\\])', r"\\\1", text)


# ----------------------------------------------------------------------------------------------------------- what it means


def values(user: dict[str, Any], field: str) -> list[Any]:
    """What is shown under a name, arrays looked through; an e-mail's domain is a part of it."""
    if field == "email.domain":
        return [user["email"].split("@")[1]]
    return list(below(user, field.split(".")))


def below(value: Any, path: list[str]) -> Iterator[Any]:
    if isinstance(value, list):
        for one in value:
            yield from below(one, path)
    elif path:
        if isinstance(value, dict) and path[0] in value:
            yield from below(value[path[0]], path[1:])
    elif value is not None and value != {}:
        yield value


def is_true(tree: Tree, user: dict[str, Any]) -> bool:
    match tree:
        case ("and", parts):
            return all(is_true(part, user) for part in parts)
        case ("or" | "beside", parts):
            return any(is_true(part, user) for part in parts)
        case ("not", part):
            return not is_true(part, user)
        case ("exists", field):
            return bool(values(user, field))
        case ("bare", _, value, _):
            return user["user_id"] == value or any(
                one.casefold() == value.casefold() for field in BARE for one in values(user, field)
            )
        case ("equal", field, value, quoted):
            return any(is_equal(field, one, value, quoted=quoted) for one in values(user, field))
        case ("like", field, parts):
            pattern = re.compile(".*".join(re.escape(folded(field, part)) for part in parts), re.DOTALL)
            return any(isinstance(one, str) and pattern.fullmatch(folded(field, one)) for one in values(user, field))
        case ("range", field, low, high, low_included, high_included):
            return any(
                (low is None or is_above(field, one, low, included=low_included))
                and (high is None or is_below(field, one, high, included=high_included))
                for one in values(user, field)
            )
    raise ValueError(tree)


def folded(field: str, text: str) -> str:
    return text.casefold() if field in FOLDED else text


def is_equal(field: str, shown: Any, value: str, *, quoted: bool) -> bool:
    if field in DATES:
        return bool(shown.startswith(value.rstrip("Z")))
    if isinstance(shown, bool):
        return (not quoted or field in TRUTHS) and value == str(shown).lower()
    if isinstance(shown, str):
        return folded(field, shown) == folded(field, value)
    return (not quoted or field == "logins_count") and is_number(value) and shown == float(value)


def is_number(text: str) -> bool:
    return re.fullmatch(r"-?\d+(\.\d+)?(e\d)?", text) is not None


def is_above(field: str, shown: Any, low: str, *, included: bool) -> bool:
    if field in DATES:
        end = low.rstrip("Z")
        return bool(shown >= end if included else shown > end and not shown.startswith(end))
    if isinstance(shown, str):
        return field in TEXTS and (folded(field, shown), 0) >= (folded(field, low), 0 if included else 1)
    return (shown, 0) >= (float(low), 0 if included else 1)


def is_below(field: str, shown: Any, high: str, *, included: bool) -> bool:
    if field in DATES:
        end = high.rstrip("Z")
        return bool(shown < end or (included and shown.startswith(end)))
    if isinstance(shown, str):
        return field in TEXTS and (folded(field, shown), 0) < (folded(field, high), 1 if included else 0)
    return (shown, 0) < (float(high), 1 if included else 0)


def in_order(users: list[dict[str, Any]], field: str, *, descending: bool) -> list[str]:
    """Who lacks the field comes last; among equals, who was made first, or last when descending."""
    having = [user for user in users if field in user]
    having.sort(key=lambda user: user[field] if not isinstance(user[field], str) else folded(field, user[field]))
    lacking = [user for user in users if field not in user]
    if descending:
        reverse = users[::-1]
        having = sorted(
            (user for user in reverse if field in user),
            key=lambda user: user[field] if not isinstance(user[field], str) else folded(field, user[field]),
            reverse=True,
        )
        lacking.reverse()
    return [user["user_id"] for user in having + lacking]


# -------------------------------------------------------------------------------------------------------- the comparison


async def populate(auth0: Auth0) -> list[dict[str, Any]]:
    """Everybody as shown, in the order in which they were made: three a day, some changed later, some of whom have signed in."""
    optional = {
        "authentication_methods": {"password": {"enabled": True, "api_behavior": "optional"}},
        "requires_username": True,
    }
    async with auth0.client() as client:
        answer = await client.post("/connections", json={"name": "fuzz", "strategy": "auth0", "options": optional})
        assert answer.status_code == 201, answer.text
        made = []
        for person in PEOPLE:
            answer = await client.post("/users", json={"connection": "fuzz", **person})
            assert answer.status_code == 201, answer.text
            made.append(answer.json()["user_id"])
            auth0.clock.turn(seconds=7 * 3600)
            client.headers["authorization"] = f"Bearer {auth0.token()}"
        await with_activity(auth0)
        answer = await client.patch(f"/users/{made[2]}", json={"given_name": "Anne"})
        assert answer.status_code == 200, answer.text
        shown = await client.get("/users", params={"per_page": 100})
    users: list[dict[str, Any]] = shown.json()
    assert [user["user_id"] for user in users] == made
    return users


async def with_activity(auth0: Auth0) -> None:
    tenant = auth0.tenant.number
    stored = [user async for user in auth0.store.export_users(tenant)]
    now = auth0.clock.now()
    google = Connection(
        id="con_google",
        name="google",
        kind="social",
        strategy="google-oauth2",
        created_at=now,
        updated_at=now,
        version=1,
    )
    changes = [Change(None, google)]
    for number, user in enumerate(stored):
        if number % 3 == 0:
            seen = Seen(at=user.created_at + 1_000 * number, ip=("192.0.2.1", "2001:db8::1")[number % 2])
            before = user.activity
            version = before.version + 1 if before is not None else 1
            changes.append(
                Change(before, Activity(id=user.id, version=version, logins=1 + number // 3, last_login=seen))
            )
    for number in (1, 5):
        brought = {"name": "Jane", "email_verified": number == 1}
        link = Link(
            id=f"link{number}",
            kind="social",
            connection_id=google.id,
            provider="google",
            subject=f"1{number}",
            profile=brought,
            created_at=now,
            updated_at=now,
        )
        before_user: User = replace(stored[number], activity=None)
        changes.append(Change(before_user, replace(before_user, version=before_user.version + 1, links=[link])))
    await auth0.store.commit(Unit(tenant, changes))


@given(asked=st.lists(st.tuples(trees, st.sampled_from(SORTS), st.booleans()), min_size=5, max_size=15))
@settings(
    max_examples=examples(5, 100),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
async def test_what_is_found_is_what_the_shown_users_say(
    population: tuple[Auth0, list[dict[str, Any]]], asked: list[tuple[Tree, str, bool]]
) -> None:
    auth0, users = population
    async with auth0.client() as client:
        for tree, sort, descending in asked:
            q = written(tree)
            params = {"q": q, "sort": f"{sort}:{-1 if descending else 1}", "per_page": "100", "include_totals": "true"}
            answer = await client.get("/users", params=params)
            assert answer.status_code == 200, (q, answer.text)
            found = answer.json()
            expected = in_order([user for user in users if is_true(tree, user)], sort, descending=descending)
            assert ([user["user_id"] for user in found["users"]], found["total"]) == (expected, len(expected)), (
                q,
                sort,
            )


LARGEST = [
    " OR ".join(f"*ab{n}*" for n in range(28)),
    " AND ".join(f"*ab{n}*" for n in range(28)),
    " AND ".join(f"NOT ab{n}" for n in range(36)),
    " ".join(f"-user_id:*a{n}b*" for n in range(10, 74)),
    " AND ".join(f"app_metadata.plan:*ab{n}*" for n in range(64)),
    " OR ".join(f"app_metadata.plan:*ab{n}*" for n in range(64)),
    "(app_metadata.plan:*abc* AND NOT " * 31 + "app_metadata.plan:*abc*" + ")" * 31,
    "(_exists_:app_metadata.plan AND NOT " * 31 + "_exists_:app_metadata.n" + ")" * 31,
    " OR ".join(f"(app_metadata.n:[{n} TO 9] AND NOT _exists_:user_metadata.k{n})" for n in range(32)),
    "(NOT jane AND " * 31 + "jane" + ")" * 31,
    "(NOT jane OR " * 31 + "jane" + ")" * 31,
    "NOT(" * 32 + "jane AND jim" + ")" * 32,
    "name:" + "*abc" * 16,
    "user_id:" + "*a" * 16,
    "app_metadata.plan:" + "x" * 4_000,
    "app_metadata.plan:" + "x*" * 16,
    "app_metadata.n:" + "9" * 4_000,
    "logins_count:[-1e999 TO 1e999]",
    "app_metadata.n:{* TO 1e999}",
    f"app_metadata.{'k.' * 1_000}k:x",
    "*:* OR name:nobody",
    "*:* AND NOT *:*",
]


@pytest.mark.parametrize("q", LARGEST)
async def test_the_largest_questions_are_answered(auth0: Auth0, q: str) -> None:
    """As large as the language lets them be: no engine's own limit comes before ours."""
    async with auth0.client() as client:
        made = await client.post("/users", json={"connection": REALM, "email": "a@b.example", "password": "x" * 40})
        assert made.status_code == 201, made.text
        for asked in (q, f"NOT ({q})" if q.count("(") < 31 else f"-{q}"):
            params = {"q": asked[:4_096], "include_totals": "true", "sort": "name:-1"}
            answer = await client.get("/users", params=params)
            assert answer.status_code in (200, 400), (asked, answer.text)
            assert answer.status_code == 200 or asked != q, answer.text
        none = await client.get("/users", params={"q": f"({q}) AND NOT ({q})"[:4_096]})
        assert none.status_code == 400 or none.json() == []


@pytest.fixture
async def population(auth0: Auth0) -> tuple[Auth0, list[dict[str, Any]]]:
    return auth0, await populate(auth0)
