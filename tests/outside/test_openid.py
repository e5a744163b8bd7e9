"""Coming from an OpenID provider: the whole way, and everything in an answer that must not be believed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from joserfc.jwk import RSAKey

from muster.core.connections.model import Connection
from muster.core.credentials.attempts import CredentialRefused
from muster.core.errors import Conflict
from muster.core.external.config import OpenIdProvider
from muster.core.external.model import ExternalRefused
from muster.core.users.model import ForeignId
from muster.outside.id_tokens import ASK_AGAIN
from tests.databases import Databases
from tests.outside.elsewhere import BROWSER, NOW, SITE, Elsewhere, opened_elsewhere
from tests.outside.provider import CLIENT, SECRET, Claims, Provider, new_ec_key, provider_at


class Scene:
    def __init__(self, world: Elsewhere, provider: Provider, connection: Connection) -> None:
        self.world = world
        self.provider = provider
        self.connection = connection

    async def come(self, **answer: str) -> Any:
        """All the way there and back, with this in the place of the answer's own members."""
        attempt_id = await self.world.attempt()
        departure = await self.world.leave(self.connection, attempt_id)
        return await self.world.return_(self.connection, {**self.provider.visit(departure.url), **answer})

    async def refusal(self, **answer: str) -> str:
        with pytest.raises(ExternalRefused) as refused:
            await self.come(**answer)
        assert refused.value.code == "external_failed"
        return str(refused.value.detail["why"])


@pytest.fixture
async def scene(sqlite_databases: Databases) -> AsyncIterator[Scene]:
    url = sqlite_databases.migrated()
    async with opened_elsewhere(url) as world, provider_at(NOW) as provider:
        id_ = "elsewhere0000001"
        config = OpenIdProvider(
            provider="oidc",
            issuer=provider.issuer,
            client_id=CLIENT,
            secret=world.sealed(id_, SECRET),
            scopes=["openid", "profile", "email"],
            trusts_email=True,
        )
        yield Scene(world, provider, await world.connect(config, id_))
    sqlite_databases.drop(url)


async def test_the_whole_way(scene: Scene) -> None:
    world = scene.world
    attempt_id = await world.attempt()
    departure = await world.leave(scene.connection, attempt_id)
    answer = scene.provider.visit(departure.url)
    sent = scene.provider.codes[answer["code"]]
    assert {name: sent[name] for name in ("client_id", "response_type", "scope", "redirect_uri")} == {
        "client_id": CLIENT,
        "response_type": "code",
        "scope": "openid profile email",
        "redirect_uri": f"{SITE}sign-in/callback/{scene.connection.id}",
    }
    returned = await world.return_(scene.connection, answer)
    assert (returned.outcome, returned.attempt.id) == ("signed_in", attempt_id)
    assert [method.name for method in returned.attempt.methods] == [scene.connection.name]
    user = await world.user(returned.attempt.user_id)
    assert user.origin.via == "external"
    assert user.foreign_ids == [ForeignId(kind="auth0", value="oidc|person-1")]
    assert [(address.value, address.verified) for address in user.emails] == [("ada@example.org", True)]
    assert user.profile.name == "Ada L"
    (link,) = user.links
    profile = {"email": "ada@example.org", "email_verified": True, "name": "Ada L"}
    assert (link.provider, link.subject, link.profile) == ("oidc", "person-1", profile)
    tokens = await world.tokens.fresh_token(world.tenant_id, user.id, link.id)
    assert (tokens.access_token, tokens.refresh_token) == ("token-of-ada", "refresh-1")
    assert "token-of-ada" not in str(link.tokens)
    again = await scene.come()
    assert again.attempt.user_id == user.id


async def test_tokens_are_refreshed_when_asked_for(scene: Scene) -> None:
    user = await scene.world.user((await scene.come()).attempt.user_id)
    scene.world.clock.turn(seconds=3600)
    fresh = await scene.world.tokens.fresh_token(scene.world.tenant_id, user.id, user.links[0].id)
    assert (fresh.access_token, fresh.refresh_token) == ("fresh-1", "refresh-1")
    await scene.world.tokens.fresh_token(scene.world.tenant_id, user.id, user.links[0].id)
    assert scene.provider.refreshes == 1


NOT_BELIEVED: list[tuple[str, Callable[[Claims], Claims]]] = [
    ("issuer", lambda c: {**c, "iss": "https://elsewhere.example.com"}),
    ("audience", lambda c: {**c, "aud": "somebody-else"}),
    ("audience", lambda c: {**c, "aud": None}),
    ("authorized_party", lambda c: {**c, "aud": [CLIENT, "somebody-else"]}),
    ("authorized_party", lambda c: {**c, "azp": "somebody-else"}),
    ("expired", lambda c: {**c, "exp": NOW // 1000 - 61}),
    ("not_yet", lambda c: {**c, "iat": NOW // 1000 + 120}),
    ("not_yet", lambda c: {**c, "nbf": NOW // 1000 + 120}),
    ("id_token_malformed", lambda c: {name: value for name, value in c.items() if name != "exp"}),
    ("nonce", lambda c: {**c, "nonce": "of another trip"}),
    ("nonce", lambda c: {name: value for name, value in c.items() if name != "nonce"}),
    ("at_hash", lambda c: {**c, "at_hash": "b3RoZXI"}),
    ("subject", lambda c: {**c, "sub": ""}),
    ("subject", lambda c: {**c, "sub": "two\nlines"}),
    ("subject", lambda c: {**c, "sub": ["a", "list"]}),
    ("profile_too_large", lambda c: {**c, "bio": "x" * 33_000}),
]


async def test_claims_that_are_not_believed(scene: Scene) -> None:
    refused = []
    for _, spoil in NOT_BELIEVED:
        scene.provider.spoil = spoil
        refused.append(await scene.refusal())
    assert refused == [why for why, _ in NOT_BELIEVED]


async def test_signatures_that_are_not_believed(scene: Scene) -> None:
    for algorithm in ("none", "HS256"):
        scene.provider.algorithm = algorithm
        assert await scene.refusal() == "algorithm"
    scene.provider.algorithm = "RS256"
    scene.provider.key = RSAKey.generate_key(2048, {"kid": "one", "alg": "RS256", "use": "sig"})
    assert await scene.refusal() == "signature"
    await scene.world.change(scene.connection, algorithms=["ES256"])
    assert await scene.refusal() == "algorithm"


async def test_a_new_key_is_asked_for_once_and_not_for_each_forgery(scene: Scene) -> None:
    await scene.come()
    scene.provider.key = new_ec_key("two")
    scene.provider.algorithm = "ES256"
    asked = scene.provider.asked.count(("GET", "/jwks"))
    for _ in range(3):
        assert await scene.refusal() == "signature"
    assert scene.provider.asked.count(("GET", "/jwks")) == asked
    scene.world.clock.turn(ms=ASK_AGAIN)
    scene.provider.published.append(scene.provider.key)
    assert (await scene.come()).outcome == "signed_in"
    assert scene.provider.asked.count(("GET", "/jwks")) == asked + 1


async def test_an_answer_of_another_provider_is_a_mix_up(scene: Scene) -> None:
    assert await scene.refusal(iss="https://attacker.example.com") == "mix_up"
    attempt_id = await scene.world.attempt()
    departure = await scene.world.leave(scene.connection, attempt_id)
    answer = scene.provider.visit(departure.url)
    with pytest.raises(ExternalRefused) as refused:  # the provider says that it always names itself
        await scene.world.return_(scene.connection, {name: answer[name] for name in ("code", "state")})
    assert refused.value.detail["why"] == "no_issuer"
    # The return address of another connection does not take this trip's answer.
    assert scene.connection.provider is not None
    other = await scene.world.connect(scene.connection.provider, "elsewhere0000002")
    departure = await scene.world.leave(scene.connection, await scene.world.attempt())
    with pytest.raises(CredentialRefused, match="attempt_over"):
        await scene.world.return_(other, scene.provider.visit(departure.url))


async def test_a_description_of_another_issuer_is_not_believed(scene: Scene) -> None:
    scene.provider.described = {"issuer": "https://attacker.example.com"}
    with pytest.raises(ExternalRefused) as refused:
        await scene.world.leave(scene.connection, await scene.world.attempt())
    assert refused.value.detail["why"] == "discovery_issuer"


async def test_a_description_leads_to_no_weaker_place(scene: Scene) -> None:
    for described in ({"jwks_uri": "javascript:alert(1)"}, {"token_endpoint": 5}, {"userinfo_endpoint": "/userinfo"}):
        scene.provider.described = described
        with pytest.raises(ExternalRefused) as refused:
            await scene.world.leave(scene.connection, await scene.world.attempt())
        assert refused.value.detail["why"] == "discovery_malformed"


async def test_a_state_is_for_one_browser_one_trip_and_once(scene: Scene) -> None:
    world = scene.world
    attempt_id = await world.attempt()
    first = await world.leave(scene.connection, attempt_id)
    answer = scene.provider.visit(first.url)
    for state in ("", "x", answer["state"][:32], answer["state"][:-1] + "~", f"{'0' * 32}.{'x' * 43}"):
        with pytest.raises(CredentialRefused, match="attempt_over"):
            await world.return_(scene.connection, {**answer, "state": state})
    for browser in ("", "another browser"):
        with pytest.raises(CredentialRefused, match="attempt_over"):
            await world.return_(scene.connection, answer, browser)
    second = await world.leave(scene.connection, attempt_id)  # a trip takes the place of the one before
    with pytest.raises(CredentialRefused, match="attempt_over"):
        await world.return_(scene.connection, answer)
    swapped = scene.provider.visit(second.url) | {"code": answer["code"]}
    with pytest.raises(ExternalRefused) as refused:  # the code of another trip: PKCE
        await world.return_(scene.connection, swapped)
    assert refused.value.detail["why"] == "token_refused"
    with pytest.raises(CredentialRefused, match="attempt_over"):
        await world.return_(scene.connection, swapped)
    third = await world.leave(scene.connection, attempt_id)
    answer = scene.provider.visit(third.url)
    world.clock.turn(seconds=15 * 60)
    with pytest.raises(CredentialRefused, match="attempt_over"):
        await world.return_(scene.connection, answer)


async def test_who_says_no_there_may_try_again(scene: Scene) -> None:
    attempt_id = await scene.world.attempt()
    departure = await scene.world.leave(scene.connection, attempt_id)
    state = scene.provider.visit(departure.url)["state"]
    with pytest.raises(ExternalRefused, match="external_denied") as refused:
        await scene.world.return_(
            scene.connection, {"error": "access_denied", "state": state, "iss": scene.provider.issuer}
        )
    assert refused.value.detail["attempt_id"] == attempt_id
    assert ("sign_in.external_refused", {"connection_id": scene.connection.id, "why": "provider_error"}) in (
        await scene.world.events()
    )
    departure = await scene.world.leave(scene.connection, attempt_id)
    assert (await scene.world.return_(scene.connection, scene.provider.visit(departure.url))).outcome == "signed_in"


async def test_more_about_the_person_must_be_about_the_same_one(scene: Scene) -> None:
    scene.provider.person = {"sub": "person-1"}
    scene.provider.info = {"sub": "person-2", "email": "eve@example.org", "email_verified": True}
    assert await scene.refusal() == "userinfo_subject"
    scene.provider.info = {"sub": "person-1", "email": "ada@example.org", "email_verified": True}
    user = await scene.world.user((await scene.come()).attempt.user_id)
    assert [address.value for address in user.emails] == ["ada@example.org"]


async def test_configured_parameters_never_replace_the_protocols(scene: Scene) -> None:
    await scene.world.change(
        scene.connection,
        parameters={"redirect_uri": "https://attacker.example.com", "prompt": "select_account", "state": "known"},
        forwarded=["acr_values", "nonce"],
    )
    attempt_id = await scene.world.attempt(request={"acr_values": "high", "nonce": "known"})
    departure = await scene.world.leave(scene.connection, attempt_id)
    asked = scene.provider.codes[scene.provider.visit(departure.url)["code"]]
    assert (asked["prompt"], asked["acr_values"]) == ("select_account", "high")
    assert "attacker" not in departure.url
    assert "known" not in (asked["state"], asked["nonce"])


async def test_a_provider_of_many_organisations(scene: Scene) -> None:
    issuer = scene.provider.issuer
    scene.provider.described = {"issuer": issuer + "/{tenantid}/v2.0"}
    scene.provider.names_itself = False
    await scene.world.change(scene.connection, tenants=["t-1"])
    scene.provider.spoil = lambda c: {**c, "iss": f"{issuer}/t-1/v2.0", "tid": "t-1"}
    assert (await scene.come()).outcome == "signed_in"
    scene.provider.spoil = lambda c: {**c, "iss": f"{issuer}/t-2/v2.0", "tid": "t-2"}
    assert await scene.refusal() == "tenant"
    scene.provider.spoil = lambda c: {**c, "iss": f"{issuer}/t-2/v2.0", "tid": "t-1"}
    assert await scene.refusal() == "issuer"
    scene.provider.spoil = lambda c: {**c, "iss": f"{issuer}/t-1/v2.0"}
    assert await scene.refusal() == "issuer"


async def test_a_first_factor_is_proved_once(scene: Scene) -> None:
    attempt_id = await scene.world.attempt()
    departure = await scene.world.leave(scene.connection, attempt_id)
    await scene.world.return_(scene.connection, scene.provider.visit(departure.url))
    with pytest.raises(Conflict, match="not_now"):
        await scene.world.leave(scene.connection, attempt_id, BROWSER)
