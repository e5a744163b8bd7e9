"""How we prove ourselves at a provider's token endpoint, and what is peculiar about the providers that everybody knows."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from msgspec.structs import replace

from muster.core.external import presets
from muster.core.external.config import ClientKey, OpenIdProvider
from muster.core.external.model import ExternalRefused
from muster.core.external.providers import Addresses, Visit
from tests.databases import Databases
from tests.outside.elsewhere import NOW, SITE, Elsewhere, opened_elsewhere
from tests.outside.provider import CLIENT, SECRET, Provider, provider_at
from tests.outside.servers import Received

ID = "elsewhere0000001"


@pytest.fixture
async def world(sqlite_databases: Databases) -> AsyncIterator[Elsewhere]:
    url = sqlite_databases.migrated()
    async with opened_elsewhere(url) as opened:
        yield opened
    sqlite_databases.drop(url)


async def come(world: Elsewhere, provider: Provider, config: OpenIdProvider, **more: str) -> Any:
    connection = await world.connect(replace(config, issuer=provider.issuer), ID)
    departure = await world.leave(connection, await world.attempt())
    returned = await world.return_(connection, {**provider.visit(departure.url), **more})
    return await world.user(returned.attempt.user_id)


async def test_by_a_secret_in_the_form(world: Elsewhere) -> None:
    config = presets.google(CLIENT, world.sealed(ID, SECRET))
    async with provider_at(NOW) as provider:
        provider.knows = lambda received, form: (
            "authorization" not in received.headers and (form["client_id"], form["client_secret"]) == (CLIENT, SECRET)
        )
        user = await come(world, provider, config)
    assert user.links[0].provider == "google"
    assert [foreign.value for foreign in user.foreign_ids] == ["google-oauth2|person-1"]


async def test_by_a_secret_that_is_signed_and_a_name_beside_the_answer(world: Elsewhere) -> None:
    key = ECKey.generate_key("P-256")
    config = presets.apple(CLIENT, "TEAM", "KEY", world.sealed(ID, key.as_pem(private=True).decode()))
    proofs: list[Any] = []

    def knows(_: Received, form: dict[str, str]) -> bool:
        proofs.append(jwt.decode(form["client_secret"], key, algorithms=["ES256"]))
        return form["client_id"] == CLIENT

    async with provider_at(NOW) as provider:
        provider.knows = knows
        provider.person = {"sub": "0001.a", "email": "ada@privaterelay.example.com", "email_verified": "true"}
        named = {"name": {"firstName": "Ada", "lastName": "L"}, "email": "root@example.org", "sub": "other"}
        user = await come(world, provider, config, user=json.dumps(named))
        asked = next(iter(provider.codes.values()), None)
        assert asked is None  # the code was redeemed
        issuer = provider.issuer
    proof = proofs[0]
    assert proof.header == {"alg": "ES256", "kid": "KEY"}
    assert {name: proof.claims[name] for name in ("iss", "sub", "aud", "iat")} == {
        "iss": "TEAM",
        "sub": CLIENT,
        "aud": issuer,
        "iat": NOW // 1000,
    }
    # Of what stands beside the answer, which nobody signed, only the name is taken.
    assert (user.profile.given_name, user.profile.family_name) == ("Ada", "L")
    assert (user.links[0].subject, user.emails[0].value) == ("0001.a", "ada@privaterelay.example.com")


async def test_by_a_signed_assertion(world: Elsewhere) -> None:
    key = RSAKey.generate_key(2048)
    private = ClientKey(private=world.sealed(ID, key.as_pem(private=True).decode()), id="k1")
    config = replace(presets.openid("", CLIENT, None), proof="private_key_jwt", key=private)

    async with provider_at(NOW) as provider:

        def knows(_: Received, form: dict[str, str]) -> bool:
            claims = jwt.decode(form["client_assertion"], key, algorithms=["RS256"]).claims
            assert form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
            return (claims["iss"], claims["sub"], claims["aud"]) == (CLIENT, CLIENT, f"{provider.issuer}/token")

        provider.knows = knows
        assert (await come(world, provider, config)).links[0].provider == "oidc"


async def test_a_secret_of_another_connection_opens_nothing(world: Elsewhere) -> None:
    config = presets.google(CLIENT, world.sealed("another000000001", SECRET))
    async with provider_at(NOW) as provider:
        with pytest.raises(ExternalRefused) as refused:
            await come(world, provider, config)
    assert refused.value.detail["why"] == "client_secret"


async def test_the_first_answer_of_some_is_posted(world: Elsewhere) -> None:
    config = presets.apple(CLIENT, "TEAM", "KEY", "sealed")
    async with provider_at(NOW) as provider:
        connection = await world.connect(replace(config, issuer=provider.issuer), ID)
        departure = await world.leave(connection, await world.attempt())
        asked = provider.codes[provider.visit(departure.url)["code"]]
    assert (asked["response_mode"], asked["scope"]) == ("form_post", "openid name email")


async def test_a_provider_that_speaks_oauth_alone(world: Elsewhere) -> None:
    config = presets.github(CLIENT, world.sealed(ID, SECRET))
    connection = await world.connect(config, ID)
    visit = Visit(connection, Addresses(f"{SITE}back", "", ""), "state")
    departure = await world.providers.depart(visit)
    assert departure.url.startswith("https://github.com/login/oauth/authorize?")
    assert "code_challenge_method=S256" in departure.url
    assert config.endpoints.emails == "https://api.github.com/user/emails"
    enterprise = presets.github(CLIENT, "", "git.example.com").endpoints
    assert (enterprise.token, enterprise.userinfo) == (
        "https://git.example.com/login/oauth/access_token",
        "https://git.example.com/api/v3/user",
    )


async def test_the_word_of_a_provider_that_believes_its_customers_counts_for_nothing() -> None:
    several = presets.microsoft(CLIENT, "")
    assert (several.issuer, several.tenants) == ("https://login.microsoftonline.com/common/v2.0", [])
    one = presets.microsoft(CLIENT, "", "11111111-2222-3333-4444-555555555555")
    assert one.tenants is None
    assert not several.trusts_email
    assert not one.trusts_email
