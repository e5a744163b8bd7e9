"""Coming from a provider of plain OAuth 2.0, as GitHub is one: who it is, and which address is proved."""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from msgspec.structs import replace

from muster.core.connections.model import Connection
from muster.core.credentials.attempts import CredentialRefused
from muster.core.external import presets
from muster.core.external.config import Endpoints
from muster.core.external.model import ExternalRefused
from muster.core.users.model import User
from tests.databases import Databases
from tests.outside.elsewhere import Elsewhere, opened_elsewhere
from tests.outside.servers import Answer, Received, plain, serving

ID = "elsewhere0000001"
ME = {
    "id": 4711,
    "login": "ada",
    "name": "Ada L",
    "email": "shown@example.org",
    "avatar_url": "https://a.example.com/1",
}


class Hub:
    def __init__(self) -> None:
        self.challenges: dict[str, str] = {}
        self.emails: Any = [
            {"email": "other@example.org", "primary": False, "verified": True},
            {"email": "ada@example.org", "primary": True, "verified": True},
        ]
        self.me: Any = ME

    def visit(self, url: str) -> dict[str, str]:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        code = f"code-{len(self.challenges)}"
        self.challenges[code] = asked["code_challenge"]
        return {"code": code, "state": asked["state"]}

    def respond(self, received: Received) -> Answer:
        if received.target == "/token":
            form = {name: values[0] for name, values in parse_qs(received.body.decode()).items()}
            digest = hashlib.sha256(form["code_verifier"].encode()).hexdigest()
            wanted = self.challenges.pop(form["code"], "")
            if not wanted or urlsafe_b64decode(wanted + "=").hex() != digest or form["client_secret"] != "s":
                # As the original does: 200, and an error in it.
                return _json({"error": "bad_verification_code"})
            return _json({"access_token": "gho_1", "token_type": "bearer", "scope": "read:user,user:email"})
        if received.headers.get("authorization") != "Bearer gho_1":
            return plain(401)
        return _json({"/user": self.me, "/emails": self.emails}[received.target])


def _json(document: Any) -> Answer:
    return plain(200, json.dumps(document).encode(), "Content-Type: application/json")


class Scene:
    def __init__(self, world: Elsewhere, hub: Hub, connection: Connection) -> None:
        self.world = world
        self.hub = hub
        self.connection = connection

    async def who(self) -> User:
        departure = await self.world.leave(self.connection, await self.world.attempt())
        returned = await self.world.return_(self.connection, self.hub.visit(departure.url))
        return await self.world.user(returned.attempt.user_id)

    async def refusal(self) -> str:
        with pytest.raises(ExternalRefused) as refused:
            await self.who()
        return str(refused.value.detail["why"])


@pytest.fixture
async def scene(sqlite_databases: Databases) -> AsyncIterator[Scene]:
    url, hub = sqlite_databases.migrated(), Hub()
    async with opened_elsewhere(url) as world, serving(hub.respond) as server:
        root = f"http://127.0.0.1:{server.port}"
        places = Endpoints(
            authorization=f"{root}/authorize", token=f"{root}/token", userinfo=f"{root}/user", emails=f"{root}/emails"
        )
        config = replace(presets.github("me", world.sealed(ID, "s")), endpoints=places)
        yield Scene(world, hub, await world.connect(config, ID))
    sqlite_databases.drop(url)


async def test_the_whole_way(scene: Scene) -> None:
    user = await scene.who()
    (link,) = user.links
    assert (link.provider, link.subject, link.scopes) == ("github", "4711", ["read:user", "user:email"])
    assert [(address.value, address.verified) for address in user.emails] == [("ada@example.org", True)]
    assert (user.profile.nickname, user.profile.picture) == ("ada", "https://a.example.com/1")
    assert [foreign.value for foreign in user.foreign_ids] == ["github|4711"]
    assert (await scene.who()).id == user.id


async def test_the_address_that_is_shown_is_not_the_one_that_is_proved(scene: Scene) -> None:
    scene.hub.emails = [{"email": "shown@example.org", "primary": True, "verified": False}]
    user = await scene.who()
    assert user.emails == []
    assert user.links[0].profile["email_verified"] is False
    scene.hub.me, scene.hub.emails = {**ME, "id": 2}, []
    user = await scene.who()
    assert user.emails == []
    assert "email" not in user.links[0].profile


async def test_what_is_not_believed(scene: Scene) -> None:
    for me, why in (({}, "subject"), ({"id": True}, "subject"), ([], "userinfo_malformed")):
        scene.hub.me = me
        assert await scene.refusal() == why
    scene.hub.me, scene.hub.emails = ME, {"no": "list"}
    assert await scene.refusal() == "emails_malformed"
    departure = await scene.world.leave(scene.connection, await scene.world.attempt())
    other = await scene.world.leave(scene.connection, await scene.world.attempt())
    mine, theirs = scene.hub.visit(departure.url), scene.hub.visit(other.url)
    with pytest.raises(ExternalRefused) as refused:  # somebody else's code: PKCE
        await scene.world.return_(scene.connection, {**mine, "code": theirs["code"]})
    assert refused.value.detail["why"] == "token_refused"
    with pytest.raises(CredentialRefused):
        await scene.world.return_(scene.connection, mine)
