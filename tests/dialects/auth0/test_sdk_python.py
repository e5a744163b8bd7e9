"""The vendor's own Python client, unmodified, against the real process: only its domain and credentials are ours."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any
from uuid import uuid4

import pytest
from auth0.authentication import GetToken
from auth0.authentication.exceptions import Auth0Error
from auth0.management import AsyncManagementClient, Auth0, ManagementClient
from auth0.management.core.api_error import ApiError
from auth0.management.core.parse_error import ParsingError
from auth0.management.errors import (
    BadRequestError,
    ConflictError,
    ContentTooLargeError,
    ForbiddenError,
    NotFoundError,
    TooManyRequestsError,
    UnauthorizedError,
)

from tests.conftest import ENGINES
from tests.process import Muster, serving
from tests.served import served_on

REALM = "Username-Password-Authentication"
PASSWORD = "correct horse battery"
ONCE: Any = {"max_retries": 0}
NO_USER = {
    "statusCode": 404,
    "error": "Not Found",
    "message": "The user does not exist.",
    "errorCode": "inexistent_user",
}


@pytest.fixture(scope="module", params=ENGINES)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Muster]:
    databases = request.getfixturevalue(f"{request.param}_databases")
    with served_on(databases, tmp_path_factory.mktemp("sdk")) as running:
        yield running


@pytest.fixture(scope="module")
def credentials(server: Muster) -> dict[str, Any]:
    return server.credentials()


@pytest.fixture(autouse=True)
def _trusted(credentials: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """All that a program's surroundings must say, as the README tells it."""
    monkeypatch.setenv("SSL_CERT_FILE", credentials["ca_file"])


@pytest.fixture
def auth0(credentials: dict[str, Any]) -> Iterator[ManagementClient]:
    with management(credentials["auth0"]) as client:
        yield client


@contextmanager
def management(given: dict[str, Any]) -> Iterator[ManagementClient]:
    client = ManagementClient(
        domain=given["domain"], client_id=given["client_id"], client_secret=given["client_secret"]
    )
    with closing(client._api._client_wrapper.httpx_client.httpx_client):
        yield client


@pytest.fixture
def optional(auth0: ManagementClient) -> str:
    """A connection of the test's own, whose users need no password, which would take longer to hash than all the rest."""
    options = {"authentication_methods": {"password": {"enabled": True, "api_behavior": "optional"}}}
    name = f"c-{uuid4().hex}"
    auth0.connections.create(name=name, strategy="auth0", options=options)  # type: ignore[arg-type]  # a dict will do
    return name


def address() -> str:
    return f"{uuid4().hex}@example.com"


def wire(model: Any) -> dict[str, Any]:
    """What the client read, under the names of the API."""
    shown: dict[str, Any] = model.model_dump(by_alias=True, exclude_unset=True)
    return shown


def body(refused: pytest.ExceptionInfo[ApiError]) -> Any:
    return refused.value.body


# ---------------------------------------------------------------------------------------------------------------- users


def test_a_user_is_created_read_changed_and_deleted(auth0: ManagementClient) -> None:
    name = uuid4().hex
    made = auth0.users.with_raw_response.create(
        connection=REALM,
        email=f"{name}@Example.com",
        password=PASSWORD,
        given_name="Jane",
        user_metadata={"plan": "free"},
        app_metadata={"seats": 3},
    )
    user, user_id = made.data, str(made.data.user_id)
    assert made.status_code == 201
    assert re.fullmatch(r"auth0\|[0-9a-f]{32}", user_id)
    assert user.created_at == user.updated_at
    assert wire(user) == {
        "user_id": user_id,
        "email": f"{name}@example.com",
        "email_verified": False,
        "given_name": "Jane",
        "name": f"{name}@example.com",
        "nickname": name,
        "picture": user.picture,
        "user_metadata": {"plan": "free"},
        "app_metadata": {"seats": 3},
        "identities": [{"connection": REALM, "user_id": user_id[6:], "provider": "auth0", "isSocial": False}],
        "created_at": user.created_at,
        "updated_at": user.updated_at,
    }
    assert wire(auth0.users.get(user_id)) == wire(user)

    changed = auth0.users.update(user_id, given_name=None, nickname="jj", blocked=True)
    expected = wire(user) | {"nickname": "jj", "blocked": True, "updated_at": changed.updated_at}
    del expected["given_name"]
    assert wire(changed) == expected
    assert wire(auth0.users.get(user_id)) == wire(changed)

    auth0.users.delete(user_id)
    with pytest.raises(NotFoundError) as refused:
        auth0.users.get(user_id)
    assert body(refused) == NO_USER
    auth0.users.delete(user_id)  # of who does not exist, as the vendor has it


def test_a_new_address_and_a_new_password(auth0: ManagementClient) -> None:
    user_id = str(auth0.users.create(connection=REALM, email=address(), password=PASSWORD).user_id)
    email = address()
    moved = auth0.users.update(user_id, email=email, email_verified=True, connection=REALM)
    assert (moved.email, moved.email_verified, moved.last_password_reset) == (email, True, None)
    reset = auth0.users.update(user_id, password="another horse battery")
    assert reset.last_password_reset == reset.updated_at
    with pytest.raises(BadRequestError) as refused:
        auth0.users.update(user_id, email=address(), password=PASSWORD)
    assert body(refused)["message"] == "Cannot update password and email simultaneously."


def test_metadata_is_merged_on_the_first_level(auth0: ManagementClient, optional: str) -> None:
    user_id = str(auth0.users.create(connection=optional, email=address()).user_id)
    steps: list[tuple[dict[str, Any] | None, dict[str, Any] | None]] = [
        ({"a": 1, "home": {"street": "x", "no": 1}}, {"a": 1, "home": {"street": "x", "no": 1}}),
        ({"home": {"street": "y"}, "b": [1, {"c": None}]}, {"a": 1, "home": {"street": "y"}, "b": [1, {"c": None}]}),
        ({"a": None}, {"home": {"street": "y"}, "b": [1, {"c": None}]}),
        ({}, None),
    ]
    for sent, expected in steps:
        for document in ("user_metadata", "app_metadata"):
            auth0.users.update(user_id, **{document: sent})  # type: ignore[arg-type]
        found = wire(auth0.users.get(user_id))
        assert [found.get("user_metadata") or None, found.get("app_metadata") or None] == [expected, expected]


def test_some_members_alone(auth0: ManagementClient, optional: str) -> None:
    email = address()
    user = auth0.users.create(connection=optional, email=email, user_metadata={"k": "v"})
    user_id = str(user.user_id)
    assert wire(auth0.users.get(user_id, fields="email,user_metadata")) == {"email": email, "user_metadata": {"k": "v"}}
    rest = wire(auth0.users.get(user_id, fields="identities,picture,user_metadata", include_fields=False))
    assert rest.keys() == {"user_id", "email", "email_verified", "name", "nickname", "created_at", "updated_at"}
    [found] = auth0.users.list_users_by_email(email=email, fields="user_id", include_fields=True)
    assert wire(found) == {"user_id": user_id}


def test_users_by_email_are_those_of_every_connection(auth0: ManagementClient, optional: str) -> None:
    name = uuid4().hex
    first = auth0.users.create(connection=optional, email=f"{name}+x@example.com")
    second = auth0.users.create(connection=REALM, email=f"{name}+X@example.com", password=PASSWORD)
    found = auth0.users.list_users_by_email(email=f"{name}+x@example.com")
    assert [wire(user) for user in found] == [wire(first), wire(second)]
    assert auth0.users.list_users_by_email(email=f"{name}+X@example.com") == []


def test_a_list_is_searched_sorted_cut_and_counted(auth0: ManagementClient, optional: str) -> None:
    users = [
        auth0.users.create(
            connection=optional,
            email=f"{letter}@{optional}.example.com",
            name=letter * 2,
            user_metadata={"place": {"no": number % 2}},
        )
        for number, letter in enumerate("bdaec")
    ]
    in_order = sorted((user.email for user in users), key=str)
    q = f'identities.connection:"{optional}"'
    page = auth0.users.list(q=q, sort="email:-1", per_page=2, page=1, search_engine="v3", primary_order=False)
    assert page.response.model_dump(exclude={"users"}) == {"start": 2, "limit": 2, "length": 2, "total": 5}
    assert [user.email for user in page.items or []] == [in_order[2], in_order[1]]
    assert [user.email for user in auth0.users.list(q=q, sort="email:1", per_page=2)] == in_order
    # without a word on the order: as they were made
    assert [wire(user) for user in auth0.users.list(q=q)] == [wire(user) for user in users]
    named = auth0.users.list(q=f"{q} AND name:AA", fields="email,name")
    assert [wire(user) for user in named] == [{"email": in_order[0], "name": "aa"}]
    even = auth0.users.list(q=f"{q} AND user_metadata.place.no:0", sort="email:1")
    assert [user.name for user in even] == ["aa", "bb", "cc"]
    empty = auth0.users.list(q="email:nobody@example.com")
    assert empty.response.model_dump() == {"start": 0, "limit": 50, "length": 0, "total": 0, "users": []}


def test_a_list_without_totals_is_a_bare_array_as_the_vendor_s_own_client_complains(auth0: ManagementClient) -> None:
    with pytest.raises(ParsingError) as bare:
        auth0.users.list(include_totals=False, q="email:nobody@example.com")
    assert (bare.value.status_code, bare.value.body) == (200, [])


def test_paging_does_not_end_at_a_thousand(server: Muster, auth0: ManagementClient, optional: str) -> None:
    people = [f"{number:04}@{optional}.example.com" for number in range(1050)]
    rows = "".join(json.dumps({"email": email}) + "\n" for email in people)
    imported = server.run("import", "auth0", "-", "--connection", optional, sent=rows)
    assert imported.returncode == 0, imported.stderr
    pages = list(
        auth0.users.list(
            q=f'identities.connection:"{optional}"', per_page=100, sort="email:1", fields="email"
        ).iter_pages()
    )
    assert [len(page.items or []) for page in pages] == [100] * 10 + [50]
    assert {page.response.total for page in pages} == {1050}
    assert [user.email for page in pages for user in page.items or []] == people


@pytest.mark.parametrize("given", ["conn|a/c@x.com", "a%2Fb", "..", "a+b?c#d&e=f", "ünï|日本", "x" * 255, "~'\"<>`\\"])
def test_a_given_id_is_found_whatever_is_in_it(auth0: ManagementClient, optional: str, given: str) -> None:
    made = auth0.users.create(connection=optional, email=address(), user_id=given)
    user_id = f"auth0|{given}"
    assert (made.user_id, (made.identities or [])[0].user_id) == (user_id, given)
    assert wire(auth0.users.get(user_id)) == wire(made)
    assert auth0.users.update(user_id, nickname="n").nickname == "n"
    auth0.users.delete(user_id)
    with pytest.raises(NotFoundError):
        auth0.users.get(user_id)


def test_another_provider_s_id_is_nobody_s(auth0: ManagementClient) -> None:
    strange = "samlp|conn|a b/c@x.com"
    for call in (lambda: auth0.users.get(strange), lambda: auth0.users.update(strange, nickname="n")):
        with pytest.raises(NotFoundError) as refused:
            call()
        assert body(refused) == NO_USER
    auth0.users.delete(strange)


# ------------------------------------------------------------------------------------------------------------- refusals


def test_a_bad_request_says_what_is_bad(auth0: ManagementClient, optional: str) -> None:
    def answer(call: Callable[[], Any]) -> tuple[str, str]:
        with pytest.raises(BadRequestError) as refused:
            call()
        assert body(refused).keys() == {"statusCode", "error", "message", "errorCode"}
        return body(refused)["errorCode"], body(refused)["message"]

    users = auth0.users
    assert answer(lambda: users.create(connection="nowhere", email=address())) == (
        "inexistent_connection",
        "Connection does not exist.",
    )
    code, text = answer(lambda: users.create(connection=optional, email="no address"))
    assert code == "invalid_body"
    assert text.startswith("Payload validation error: 'Object didn't pass validation for format email: no address' on ")
    assert answer(lambda: users.create(connection=optional)) == (
        "invalid_body",
        "Payload validation error: 'Missing required property: email'.",
    )
    assert answer(lambda: users.create(connection=REALM, email=address(), password="short")) == (
        "auth0_idp_error",
        "PasswordStrengthError: Password is too weak",
    )
    assert answer(lambda: users.get("no-pipe")) == (
        "invalid_uri",
        "Object didn't pass validation for format user-id: no-pipe",
    )
    assert answer(lambda: users.list(q='email:"open'))[0] == "invalid_query_string"
    assert answer(lambda: users.list(per_page=101))[0] == "invalid_query_string"
    assert answer(lambda: users.list(search_engine="v1"))[0] == "invalid_query_string"
    assert answer(lambda: users.get("auth0|x", fields="email,shoe_size"))[0] == "invalid_query_string"
    taken = users.create(connection=optional, email=address())
    other = users.create(connection=optional, email=address())
    assert answer(lambda: users.update(str(other.user_id), email=taken.email)) == (
        "auth0_idp_error",
        "The specified new email already exists",
    )


def test_a_taken_address_is_a_conflict_each_time_it_is_tried(
    auth0: ManagementClient, optional: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    email = address()
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)
    auth0.users.create(connection=optional, email=email)
    for options, retries in (({}, 2), (ONCE, 0)):
        waits.clear()
        with pytest.raises(ConflictError) as refused:
            auth0.users.create(connection=optional, email=email, request_options=options)  # type: ignore[arg-type]
        assert len(waits) == retries
        assert body(refused) == {
            "statusCode": 409,
            "error": "Conflict",
            "message": "The user already exists.",
            "errorCode": "auth0_idp_error",
        }
    assert len(auth0.users.list_users_by_email(email=email)) == 1


def test_too_large_a_document(auth0: ManagementClient, optional: str) -> None:
    with pytest.raises((ContentTooLargeError, ApiError)) as refused:
        auth0.users.create(connection=optional, email=address(), user_metadata={"text": "x" * 1_100_000})
    assert refused.value.status_code == 413
    assert body(refused)["message"] == "Payload content length greater than maximum allowed: 1048576"


def test_a_key_may_do_what_its_scopes_say(server: Muster, credentials: dict[str, Any], auth0: ManagementClient) -> None:
    user_id = str(auth0.users.create(connection=REALM, email=address(), password=PASSWORD).user_id)
    answer = server.run("key", "create", f"sync {uuid4().hex}", "--scopes", "read:users", "--json")
    assert answer.returncode == 0, answer.stderr
    made = json.loads(answer.stdout)
    with management({**made, "domain": credentials["auth0"]["domain"]}) as narrow:
        assert narrow.users.get(user_id).user_id == user_id
        for call, scopes in (
            (lambda: narrow.users.delete(user_id), "delete:users,delete:current_user"),
            (narrow.connections.list, "read:connections"),
            (
                lambda: narrow.users.update(user_id, nickname="n"),
                "update:users,update:users_app_metadata,update:current_user_metadata",
            ),
        ):
            with pytest.raises(ForbiddenError) as refused:
                call()
            assert body(refused) == {
                "statusCode": 403,
                "error": "Forbidden",
                "message": f"Insufficient scope, expected any of: {scopes}",
                "errorCode": "insufficient_scope",
            }


def test_a_token_that_is_none(credentials: dict[str, Any], server: Muster) -> None:
    forged = server.token(credentials).rpartition(".")[0] + ".c2lnbmVk"
    for token, text in (
        ("no.token.atall", "Invalid token"),
        (forged, "Invalid signature received for JSON Web Token validation"),
    ):
        client = ManagementClient(domain=credentials["auth0"]["domain"], token=token)
        with closing(client._api._client_wrapper.httpx_client.httpx_client):
            with pytest.raises(UnauthorizedError) as refused:
                client.users.get("auth0|x")
            assert body(refused) == {
                "statusCode": 401,
                "error": "Unauthorized",
                "message": text,
                "attributes": {"error": text},
            }


def test_what_is_not_served_is_plainly_not_found(auth0: ManagementClient) -> None:
    for call in (lambda: auth0.users.roles.list("auth0|x"), auth0.roles.list):
        with pytest.raises(ApiError) as refused:
            call()
        assert body(refused) == {"statusCode": 404, "error": "Not Found", "message": "Not Found"}


# ---------------------------------------------------------------------------------------------- other ways to reach it


def test_over_plain_http_with_a_token_of_one_s_own(server: Muster, credentials: dict[str, Any]) -> None:
    """By either address, and by the audience that the client makes from the domain it was given."""
    given, domain = credentials["auth0"], server.url.removeprefix("http://")
    tokens = GetToken(domain, given["client_id"], client_secret=given["client_secret"], protocol="http")
    for audience in (given["audience"], f"http://{domain}/api/v2/", f"https://localhost:{server.port}/api/v2/"):
        answer = tokens.client_credentials(audience)
        assert answer == {
            "access_token": answer["access_token"],
            "scope": answer["scope"],
            "expires_in": 86_400,
            "token_type": "Bearer",
        }
        client = Auth0(base_url=f"{server.url}/api/v2", token=answer["access_token"])
        with closing(client._client_wrapper.httpx_client.httpx_client):
            assert client.users.list_users_by_email(email="nobody@example.com") == []
    with pytest.raises(Auth0Error) as refused:
        tokens.client_credentials("https://api.example.com/")
    assert (refused.value.status_code, refused.value.error_code, refused.value.message) == (
        403,
        "access_denied",
        "Service not enabled within domain: https://api.example.com/",
    )
    with pytest.raises(Auth0Error) as refused:
        GetToken(domain, given["client_id"], client_secret="wrong", protocol="http").client_credentials("x")
    assert (refused.value.status_code, refused.value.error_code, refused.value.message) == (
        401,
        "access_denied",
        "Unauthorized",
    )


async def test_the_asynchronous_client(credentials: dict[str, Any], optional: str) -> None:
    given = credentials["auth0"]
    client = AsyncManagementClient(
        domain=given["domain"], client_id=given["client_id"], client_secret=given["client_secret"]
    )
    async with client._api._client_wrapper.httpx_client.httpx_client:
        users = [await client.users.create(connection=optional, email=address()) for _ in range(3)]
        pager = await client.users.list(q=f'identities.connection:"{optional}"', per_page=2)
        assert [wire(user) async for user in pager] == [wire(user) for user in users]


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Muster]:
    """A server with the vendor's own limits; they are counted in the process, whichever database is below."""
    with serving(
        tmp_path_factory.mktemp("strict") / "data", "--rate-limits", "vendor", "--most-results", "4"
    ) as running:
        yield running


def test_the_vendor_s_limits_where_they_are_asked_for(strict: Muster, monkeypatch: pytest.MonkeyPatch) -> None:
    found = strict.credentials()
    monkeypatch.setenv("SSL_CERT_FILE", found["ca_file"])
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)
    with management(found["auth0"]) as auth0:
        with pytest.raises(BadRequestError) as beyond:
            auth0.users.list(page=2, per_page=2)
        assert body(beyond) == {
            "statusCode": 400,
            "error": "Bad Request",
            "message": "You can only page through the first 4 records. See https://auth0.com/docs/users/search/v3/"
            "view-search-results-by-page#limitation",
            "errorCode": "invalid_paging",
        }
        with pytest.raises(TooManyRequestsError) as refused:
            [auth0.users.list_users_by_email(email="nobody@example.com") for _ in range(100)]
        assert body(refused) == {
            "statusCode": 429,
            "error": "Too Many Requests",
            "message": "Global limit has been reached",
            "errorCode": "too_many_requests",
        }
        headers = refused.value.headers or {}
        limits = {name: headers[name] for name in ("x-ratelimit-limit", "x-ratelimit-remaining", "retry-after")}
        assert limits == {"x-ratelimit-limit": "10", "x-ratelimit-remaining": "0", "retry-after": "1"}
        assert waits == [1.0, 1.0]  # as it was told to, before it gave up


# ----------------------------------------------------------------------------- connections, clients, APIs and their grants


def test_connections(auth0: ManagementClient) -> None:
    names = [f"c-{uuid4().hex}" for _ in range(3)]
    made = [auth0.connections.create(name=name, strategy="auth0") for name in names]
    connection, connection_id = made[0], str(made[0].id)
    assert re.fullmatch(r"con_[A-Za-z0-9]{16}", connection_id)
    assert wire(auth0.connections.get(connection_id)) == wire(connection)
    assert wire(auth0.connections.get(connection_id, fields="name,strategy")) == {
        "name": names[0],
        "strategy": "auth0",
    }
    changed = auth0.connections.update(connection_id, display_name="Customers", metadata={"k": "v"})
    assert wire(changed) == wire(connection) | {"display_name": "Customers", "metadata": {"k": "v"}}

    pages = list(auth0.connections.list(take=2, strategy=["auth0"], fields="name").iter_pages())
    listed = [entry.name for page in pages for entry in page.items or []]
    assert listed.count(names[0]) == listed.count(names[1]) == listed.count(names[2]) == 1
    assert [len(page.items or []) for page in pages[:-1]] == [2] * (len(pages) - 1)
    assert [entry.id for entry in auth0.connections.list(name=names[1])] == [made[1].id]

    app = auth0.clients.create(name="portal")
    client_id = str(app.client_id)
    auth0.connections.clients.update(connection_id, request=[{"client_id": client_id, "status": True}])
    assert [entry.client_id for entry in auth0.connections.clients.get(connection_id)] == [client_id]
    auth0.connections.check_status(connection_id)

    email = address()
    auth0.users.create(connection=names[0], email=email, password="fifteen characters long")
    auth0.connections.users.delete_by_email(connection_id, email=email)
    assert auth0.users.list_users_by_email(email=email) == []
    with pytest.raises(ConflictError) as taken:
        auth0.connections.create(name=names[1], strategy="auth0", request_options=ONCE)
    assert body(taken)["statusCode"] == 409

    auth0.connections.delete(connection_id)
    with pytest.raises(NotFoundError) as refused:
        auth0.connections.get(connection_id)
    assert body(refused) == {
        "statusCode": 404,
        "error": "Not Found",
        "message": "The connection does not exist",
        "errorCode": "inexistent_connection",
    }


def test_clients(auth0: ManagementClient, credentials: dict[str, Any], server: Muster) -> None:
    name = f"app {uuid4().hex}"
    made = auth0.clients.create(name=name, app_type="non_interactive", callbacks=["https://app.example.com/cb"])
    client_id, secret = str(made.client_id), str(made.client_secret)
    assert re.fullmatch("[A-Za-z0-9]{32}", client_id)
    assert re.fullmatch("[A-Za-z0-9]{64}", secret)
    assert wire(auth0.clients.get(client_id)) == wire(made)
    assert wire(auth0.clients.get(client_id, fields="client_id,name")) == {"client_id": client_id, "name": name}
    changed = auth0.clients.update(client_id, description="nightly", client_metadata={"team": "core"})
    assert wire(changed) == wire(made) | {"description": "nightly", "client_metadata": {"team": "core"}}
    rotated = auth0.clients.rotate_secret(client_id)
    assert rotated.client_secret != secret
    assert wire(rotated) == wire(changed) | {"client_secret": rotated.client_secret}

    others = [auth0.clients.create(name=name).client_id for _ in range(3)]
    listed = [entry.client_id for entry in auth0.clients.list(per_page=2) if entry.name == name]
    assert listed == [client_id, *others]
    page = auth0.clients.list(per_page=2)
    assert page.response.model_dump(include={"start", "limit"}) == {"start": 0, "limit": 2}
    auth0.clients.delete(client_id)
    with pytest.raises(NotFoundError) as refused:
        auth0.clients.get(client_id)
    assert body(refused) == {
        "statusCode": 404,
        "error": "Not Found",
        "message": "The client does not exist",
        "errorCode": "inexistent_client",
    }


def test_resource_servers_and_grants(auth0: ManagementClient) -> None:
    identifier = f"https://{uuid4().hex}.example.com/a b?c"
    made = auth0.resource_servers.create(
        identifier=identifier,
        name="Orders",
        scopes=[{"value": "read:orders", "description": "See orders"}],  # type: ignore[list-item]
    )
    api_id = str(made.id)
    assert re.fullmatch("[0-9a-f]{24}", api_id)
    assert wire(auth0.resource_servers.get(api_id)) == wire(auth0.resource_servers.get(identifier)) == wire(made)
    changed = auth0.resource_servers.update(identifier, name="All orders", token_lifetime=60)
    assert (changed.name, changed.token_lifetime) == ("All orders", 60)
    assert api_id in [entry.id for entry in auth0.resource_servers.list(per_page=1)]
    assert [entry.id for entry in auth0.resource_servers.list(identifiers=[identifier])] == [api_id]

    app_id = str(auth0.clients.create(name="caller", app_type="non_interactive").client_id)
    grant = auth0.client_grants.create(client_id=app_id, audience=identifier, scope=["read:orders"])
    grant_id = str(grant.id)
    assert wire(grant) == {"id": grant_id, "client_id": app_id, "audience": identifier, "scope": ["read:orders"]}
    assert wire(auth0.client_grants.get(grant_id)) == wire(grant)
    assert [wire(entry) for entry in auth0.client_grants.list(client_id=app_id, take=1)] == [wire(grant)]
    assert grant_id in [entry.id for entry in auth0.client_grants.list(take=1)]
    with pytest.raises(ConflictError):
        auth0.client_grants.create(client_id=app_id, audience=identifier, scope=[], request_options=ONCE)
    assert auth0.client_grants.update(grant_id, scope=[]).scope == []
    auth0.client_grants.delete(grant_id)
    with pytest.raises(NotFoundError) as refused:
        auth0.client_grants.get(grant_id)
    assert body(refused)["errorCode"] == "inexistent_client_grant"

    auth0.resource_servers.delete(api_id)
    with pytest.raises(NotFoundError) as refused:
        auth0.resource_servers.get(identifier)
    assert body(refused)["errorCode"] == "inexistent_resource_server"
