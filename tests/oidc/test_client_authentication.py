"""How applications prove themselves at the endpoints for programs, and that nothing else counts as proof."""

import base64
import json
from typing import Any
from urllib.parse import quote_plus

import httpx
import pytest

from muster.core.sign_in.model import UsedOnce
from muster.core.transaction import Transaction
from muster.crypto.tokens import SigningKey
from tests.databases import Databases
from tests.oidc.issuer import API, ISSUER, SECRET, Provider, error, running

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
OWN = SigningKey.generate("ES256", "client-key")
OTHER = SigningKey.generate("ES256", "client-key")
ASK = {"grant_type": "client_credentials", "audience": API}


def basic(name: str, secret: str, *, encoded: bool = True) -> str:
    text = f"{quote_plus(name)}:{quote_plus(secret)}" if encoded else f"{name}:{secret}"
    return "Basic " + base64.b64encode(text.encode()).decode()


async def asked(provider: Provider, authorization: str | None = None, **form: str) -> httpx.Response:
    headers = {} if authorization is None else {"authorization": authorization}
    return await provider.http.post("/oauth/token", data={**ASK, **form}, headers=headers)


async def test_a_secret_comes_as_basic_or_in_the_body_and_in_one_of_them(sqlite_databases: Databases) -> None:
    async with running(sqlite_databases.migrated()) as provider:
        assert (await asked(provider, basic("web", SECRET))).status_code == 200
        assert (await asked(provider, basic("web", SECRET), client_id="web")).status_code == 200
        assert (await asked(provider, client_id="web", client_secret=SECRET)).status_code == 200
        # RFC 6749 section 2.3.1: both halves are percent-encoded, so that this one is another secret.
        assert error(await asked(provider, basic("web", SECRET, encoded=False))) == (401, "invalid_client")
        both = await asked(provider, basic("web", SECRET), client_id="web", client_secret=SECRET)
        assert error(both) == (400, "invalid_request")
        assert error(await asked(provider, basic("web", SECRET), client_id="other")) == (400, "invalid_request")
        for method, allowed in (("client_secret_basic", True), ("client_secret_post", False)):
            await provider.change_app(authentication=method)
            assert ((await asked(provider, basic("web", SECRET))).status_code == 200) is allowed
            post = await asked(provider, client_id="web", client_secret=SECRET)
            assert (post.status_code == 200) is not allowed
        assert [data for _, data in await provider.events("client.refused")] == [{"app_id": "web"}] * 2


async def test_every_way_to_be_wrong_has_one_answer(sqlite_databases: Databases) -> None:
    async with running(sqlite_databases.migrated()) as provider:
        await provider.change_app("other", secret=None)
        answers = [
            await asked(provider, basic("web", "wrong")),
            await asked(provider, basic("web", "")),
            await asked(provider, basic("nobody", SECRET)),
            await asked(provider, basic("other", "")),
            await asked(provider, client_id="web", client_secret=SECRET + "x"),
            await asked(provider, client_id="web"),
            await asked(provider, client_id="other", client_secret="x"),
            await asked(provider, "Basic x"),
            await asked(provider, "Basic " + base64.b64encode(b"web").decode()),
            await asked(provider, "Basic " + base64.b64encode(b"\xff:\xff").decode()),
            await asked(provider, basic("web\x00", SECRET)),
            await asked(provider, "Bearer x", client_id="web"),
            await asked(provider, client_id="spa", client_secret="guessed"),
        ]
        assert {answer.text for answer in answers} == {answers[0].text}
        for answer in answers:
            assert error(answer) == (401, "invalid_client")
            assert answer.headers["www-authenticate"].startswith("Basic ")
        assert error(await asked(provider)) == (400, "invalid_request")
        # Whoever can keep no secret is not given what is for whoever can.
        assert error(await asked(provider, client_id="spa")) == (400, "unauthorized_client")
        for path in ("/oauth/introspect", "/connect/introspect"):
            assert error(await provider.ask(path, "spa", token="x")) == (400, "unauthorized_client")


# ------------------------------------------------------------------------------------------------------------ assertions


def assertion(provider: Provider, key: SigningKey = OWN, header: dict[str, Any] | None = None, **claims: Any) -> str:
    now = provider.clock.now() // 1000
    usual = {"iss": "web", "sub": "web", "aud": f"{ISSUER}oauth/token", "iat": now, "exp": now + 60, "jti": "first"}
    whole = {name: value for name, value in {**usual, **claims}.items() if value is not None}
    parts = [header or {"alg": key.alg, "typ": "JWT", "kid": key.kid}, whole]
    message = ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts)
    return f"{message}.{base64.urlsafe_b64encode(key.sign(message.encode())).rstrip(b'=').decode()}"


async def asserted(provider: Provider, text: str, path: str = "/oauth/token", **form: str) -> httpx.Response:
    proof = {"client_assertion_type": ASSERTION, "client_assertion": text}
    return await provider.http.post(path, data={**ASK, **proof, **form})


async def test_an_assertion_counts_once_and_for_us(migrated_url: str) -> None:
    async with running(migrated_url) as provider:
        await provider.change_app(authentication="private_key_jwt", jwks=[OWN.public_jwk()])
        good = assertion(provider)
        assert (await asserted(provider, good)).status_code == 200
        assert error(await asserted(provider, good)) == (401, "invalid_client")
        assert error(await asserted(provider, good, client_id="web")) == (401, "invalid_client")
        assert (await asserted(provider, assertion(provider, jti="2"), client_id="web")).status_code == 200
        for number, audience in enumerate(
            (ISSUER, ISSUER[:-1], f"{ISSUER}connect/token", [ISSUER, f"{ISSUER}oauth/token"])
        ):
            assert (await asserted(provider, assertion(provider, jti=f"a{number}", aud=audience))).status_code == 200
        here = assertion(provider, jti="here", aud=f"{ISSUER}oauth/revoke")
        assert (await asserted(provider, here, "/oauth/revoke", token="x")).status_code == 200
        # The secret that it has besides is no proof any more.
        assert error(await asked(provider, basic("web", SECRET))) == (401, "invalid_client")
        assert error(await asked(provider, client_id="web")) == (401, "invalid_client")
        kept = list(await provider.store.records(provider.tenant.number, UsedOnce))
        assert len(kept) == 7


async def test_what_is_no_assertion_of_the_application(sqlite_databases: Databases) -> None:
    async with running(sqlite_databases.migrated()) as provider:
        await provider.change_app(authentication="private_key_jwt", jwks=[OWN.public_jwk()])
        await provider.change_app("other", jwks=[OTHER.public_jwk()])
        now = provider.clock.now() // 1000
        rsa = SigningKey.generate("EdDSA", "client-key")
        wrong = {
            "another key": assertion(provider, OTHER),
            "a key of another kind": assertion(provider, rsa),
            "none": assertion(provider, header={"alg": "none"}),
            "HS256": assertion(provider, header={"alg": "HS256"}),
            "crit": assertion(provider, header={"alg": "ES256", "crit": ["exp"]}),
            "its own key": assertion(provider, OTHER, header={"alg": "ES256", "jwk": OTHER.public_jwk()}),
            "another kid": assertion(provider, header={"alg": "ES256", "kid": "x"}),
            "iss": assertion(provider, iss="other"),
            "sub": assertion(provider, sub="other"),
            "no aud": assertion(provider, aud=None),
            "aud": assertion(provider, aud="https://evil.example/"),
            "aud of two": assertion(provider, aud=[ISSUER, "https://evil.example/"]),
            "aud empty": assertion(provider, aud=[]),
            "no jti": assertion(provider, jti=None),
            "jti": assertion(provider, jti=7),
            "no exp": assertion(provider, exp=None),
            "exp text": assertion(provider, exp=str(now + 60)),
            "expired": assertion(provider, exp=now - 31),
            "for ever": assertion(provider, exp=now + 86_400),
            "nbf": assertion(provider, nbf=now + 60),
            "iat": assertion(provider, iat=now + 60),
            "cut": assertion(provider)[:-5],
            "nothing": "a.b.c",
            "text": "x",
            "huge": "a" * 9000 + ".b.c",
        }
        for name, text in wrong.items():
            assert error(await asserted(provider, text, client_id="web")) == (401, "invalid_client"), name
        assert error(await asserted(provider, "x")) == (400, "invalid_request")
        bad_type = {"client_assertion_type": "urn:x", "client_assertion": assertion(provider)}
        assert error(await asked(provider, **bad_type)) == (400, "invalid_request")
        # An application that was not registered for it is not let in by a key.
        assert error(await asserted(provider, assertion(provider, OTHER, iss="other", sub="other"))) == (
            401,
            "invalid_client",
        )
        assert await provider.store.records(provider.tenant.number, UsedOnce) == []
        assert (await asserted(provider, assertion(provider))).status_code == 200


@pytest.mark.parametrize("alg", ["RS256", "EdDSA"])
async def test_an_assertion_may_be_signed_in_other_ways(alg: Any, sqlite_databases: Databases) -> None:
    key = SigningKey.generate(alg, "k")
    async with running(sqlite_databases.migrated()) as provider:
        broken = [{"kty": "oct", "k": "c2VjcmV0"}, {}, {"kty": "RSA"}]
        await provider.change_app(authentication="private_key_jwt", jwks=[OWN.public_jwk(), *broken, key.public_jwk()])
        assert (await asserted(provider, assertion(provider, key))).status_code == 200


# ---------------------------------------------------------------------------------------------------- client credentials


async def test_an_application_has_what_its_client_grant_gives(sqlite_databases: Databases) -> None:
    from msgspec.structs import replace

    from muster.core.apps.model import ClientGrant
    from tests.oidc.issuer import claims_of, header_of

    async def widen(tx: Transaction) -> None:
        [grant] = await tx.records(ClientGrant)
        tx.save(replace(grant, scopes=["read:things", "write:things"]))

    async with running(sqlite_databases.migrated()) as provider:
        proof = {"client_id": "web", "client_secret": SECRET}
        given = (await asked(provider, **proof)).json()
        token = given.pop("access_token")
        assert given == {"token_type": "Bearer", "expires_in": 86_400, "scope": "read:things"}
        assert header_of(token)["typ"] == "at+jwt"
        now = provider.clock.now() // 1000
        claims = claims_of(token)
        assert len(claims.pop("jti")) == 22
        assert claims == {
            "iss": ISSUER,
            "token_use": "access",
            "aud": API,
            "sub": "web",
            "client_id": "web",
            "azp": "web",
            "scope": "read:things",
            "iat": now,
            "exp": now + 86_400,
        }
        assert (await provider.introspect(token))["sub"] == "web"
        await provider.act(widen)
        assert (await asked(provider, **proof, scope="write:things")).json()["scope"] == "write:things"
        assert error(await asked(provider, **proof, scope="openid")) == (400, "invalid_scope")
        for audience, code in (
            ("urn:strict", "unauthorized_client"),
            ("urn:nobody", "invalid_target"),
            (f"{ISSUER}api/v2/", "invalid_target"),
        ):
            assert error(await asked(provider, **proof, audience=audience)) == (400, code)
        missing = await provider.http.post("/oauth/token", data={"grant_type": "client_credentials", **proof})
        assert error(missing) == (400, "invalid_request")
        assert [data["grant_type"] for _, data in await provider.events("token.issued")] == ["client_credentials"] * 2
