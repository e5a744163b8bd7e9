"""Who may do what: tokens, roles, and what a client without them is told."""

from typing import Any

from msgspec.structs import replace

from muster.core.actor import Permissions as May
from muster.core.apps.actions import delete_app
from muster.dialects.kit.api import Api
from muster.dialects.kit.call import Site
from muster.dialects.kit.limits import TokenBucket
from muster.dialects.mattr import app, furnish
from muster.dialects.mattr.access import ROLES, audiences
from tests.dialects.mattr.service import AUDIENCE, PUBLIC_URL, SECRETS, Mattr, running

REFUSED = {"error": "access_denied", "error_description": "Unauthorized"}

ALLOWED: dict[str, set[str]] = {
    "admin": {"users", "providers", "events"},
    "issuer": {"users", "providers"},
    "auditor": {"events"},
    "verifier": set(),
    "dts-provider": set(),
    "dts-consumer": set(),
}


def test_what_each_role_is_for() -> None:
    """That the operations ask for these, and for a token first, is tried for each of them in tests/access."""
    groups = {
        "users": {May.USERS_READ, May.USERS_CREATE, May.USERS_UPDATE, May.USERS_DELETE},
        "providers": {May.CONNECTIONS_READ, May.CONNECTIONS_WRITE},
        "events": {May.EVENTS_READ},
    }
    shown = {role: {may for group in allowed for may in groups[group]} for role, allowed in ALLOWED.items()}
    assert {role: set(permissions) for role, permissions in ROLES.items()} == shown


async def test_a_token_is_asked_for(mattr: Mattr) -> None:
    client = mattr.clients[mattr.site.tenant_id]
    form: dict[str, Any] = {"grant_type": "client_credentials", "audience": AUDIENCE, **client._asdict()}
    async with mattr.bare() as http:
        for given in list[dict[str, Any]](
            [{"json": form}, {"data": form}, {"json": form | {"audience": f"{PUBLIC_URL}mattr"}}]
        ):
            answer = await http.post("/oauth/token", **given)
            token = answer.json()
            assert (answer.status_code, token) == (
                200,
                {"access_token": token["access_token"], "expires_in": 86_400, "token_type": "Bearer"},
            )
            assert answer.headers["cache-control"] == "no-store"
        for wrong in (
            {"client_secret": "wrong"},
            {"client_secret": None},
            {"client_secret": ""},
            {"client_id": "unknown"},
            {"client_id": ["a"]},
            {"audience": "https://elsewhere.example.com"},
            {"audience": f"{PUBLIC_URL}api/v2/"},
            {"audience": None},
        ):
            answer = await http.post("/oauth/token", json=form | wrong)
            assert (wrong, answer.status_code, answer.json()) == (wrong, 401, REFUSED)
        for grant in ("password", "", None):
            answer = await http.post("/oauth/token", json=form | {"grant_type": grant})
            assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")
        for content in (b"", b"{", b"[]", b"\xff"):
            answer = await http.post("/oauth/token", content=content, headers={"content-type": "application/json"})
            assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


async def test_a_token_of_a_client_that_is_gone_counts_no_more(mattr: Mattr) -> None:
    client = await mattr.act(furnish.create_client, "one", ["admin"], SECRETS)
    async with await mattr.client(client) as http:
        assert (await http.get("/v1/users")).status_code == 200
        await mattr.act(delete_app, client.client_id, audience=app.NAME)
        assert (await http.get("/v1/users")).status_code == 401


async def test_the_first_client_is_made_once(mattr: Mattr) -> None:
    first = mattr.clients[mattr.site.tenant_id]
    await mattr.act(furnish.furnish, SECRETS)
    assert await mattr.act(furnish.first_client, SECRETS) == first
    await mattr.act(delete_app, first.client_id, audience=app.NAME)
    await mattr.act(furnish.furnish, SECRETS)
    assert await mattr.act(furnish.first_client, SECRETS) is None


async def test_too_many_calls(migrated_url: str) -> None:
    async with running(migrated_url) as mattr:
        bucket = TokenBucket(mattr.clock, burst=1, per_second=1.0)
        mattr.api = Api(replace(mattr.api.dialect, limit=bucket), mattr.runner)
        async with mattr.bare() as http:
            assert (await http.get("/v1/users")).status_code == 401
            answer = await http.get("/v1/users")
    assert (answer.status_code, answer.json()) == (
        429,
        {"code": "TooManyRequests", "message": "Too Many Requests", "details": []},
    )
    assert answer.headers["retry-after"] == "2"


def test_how_an_audience_may_be_spelled() -> None:
    site = Site(1, "https://127.0.0.1:8443/", also=("https://localhost:8400/",))
    assert {"https://127.0.0.1:8443", "http://localhost:8400/mattr", "http://127.0.0.1:8443/"} <= audiences(site)
    assert "https://127.0.0.1:8443/api/v2/" not in audiences(site)
