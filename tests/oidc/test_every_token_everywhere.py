"""Every kind of token at every place that takes one: each is good at its own, and is nothing anywhere else."""

import base64
import hmac
import json
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest

from muster.core.apps.model import Application
from muster.core.security import TokenRefused
from muster.crypto.tokens import KeyRing, SigningKey
from muster.oidc.backchannel import TYPE as LOGOUT
from muster.oidc.id_token_hint import hinted
from muster.wiring import Rings
from tests.databases import Databases
from tests.oidc.issuer import API, ISSUER, KEYS, SECRETS, Provider, error, header_of, running, stored_keys

Tokens = dict[str, str]

OPENS = {
    "opaque": {"userinfo", "introspection"},
    "jwt": {"userinfo", "introspection"},
    "jwt for an API alone": {"introspection"},
    "client": {"introspection"},
    "refresh": {"refresh", "introspection"},
    "code": {"code"},
    "id_token": {"hint"},
}
"""Where each kind counts; all others open nothing here."""


async def every_kind(provider: Provider) -> Tokens:
    plain = await provider.tokens()
    for_api = await provider.tokens(scopes=["openid", "read:things"], audience=API)
    alone = await provider.tokens(scopes=["read:things"], audience=API)
    client = await provider.ask("/oauth/token", grant_type="client_credentials", audience=API)
    now = provider.clock.now() // 1000
    ring = provider.rings.ring
    claims = {"sub": provider.user.id, "aud": "web", "iat": now, "exp": now + 600, "azp": "web", "client_id": "web"}
    whole = {**claims, "scope": "openid profile"}
    return {
        "opaque": plain["access_token"],
        "jwt": for_api["access_token"],
        "jwt for an API alone": alone["access_token"],
        "client": client.json()["access_token"],
        "refresh": plain["refresh_token"],
        "code": await provider.code(),
        "id_token": plain["id_token"],
        "session": provider.session_token,
        "management": ring(provider.site, "management").sign({**whole, "aud": f"{ISSUER}api/v2/"}),
        "management for userinfo": ring(provider.site, "management").sign({**whole, "aud": f"{ISSUER}userinfo"}),
        "management as access": ring(provider.site, "management").sign(
            {**whole, "aud": f"{ISSUER}userinfo"}, typ="at+jwt"
        ),
        "identity as access": ring(provider.site, "identity").sign({**whole, "aud": f"{ISSUER}userinfo"}, typ="at+jwt"),
        "access as identity": ring(provider.site, "access").sign(whole),
        "logout": ring(provider.site, "identity").sign({**claims, "events": {}}, typ=LOGOUT),
        "session jwt": ring(provider.site, "identity").sign({"sub": provider.user.id, "sid": "x", "exp": now + 60}),
    }


async def opened_by(provider: Provider, kind: str, token: str) -> set[str]:
    """The places where the token counts. What spends a token comes last."""
    opened = set()
    info = await provider.userinfo(token)
    if info.status_code == 200:
        opened.add("userinfo")
    else:
        assert info.status_code == 401, (kind, info.text)
        assert info.headers["www-authenticate"].startswith('Bearer error="invalid_token"')
    if (await provider.introspect(token)) != {"active": False}:
        opened.add("introspection")
    app = await provider.store.get(provider.tenant.number, Application, "web")
    if hinted(provider.services, provider.site, app, token) is not None:
        opened.add("hint")
    if (await provider.exchange(token)).status_code == 200:
        opened.add("code")
    if (await provider.refresh(token)).status_code == 200:
        opened.add("refresh")
    device = await provider.ask(
        "/oauth/token", grant_type="urn:ietf:params:oauth:grant-type:device_code", device_code=token
    )
    assert error(device) == (400, "invalid_grant"), kind
    return opened


async def test_every_kind_at_every_verifier(migrated_url: str) -> None:
    async with running(migrated_url) as provider:
        tokens = await every_kind(provider)
        found = {kind: await opened_by(provider, kind, token) for kind, token in tokens.items()}
        assert found == {kind: OPENS.get(kind, set()) for kind in tokens}


async def test_a_token_of_one_tenant_is_nothing_at_another(sqlite_databases: Databases) -> None:
    url = sqlite_databases.migrated()
    async with running(url) as here, running(url, name="other", issuer="https://other.example.com/") as there:
        tokens = await every_kind(here)
        for kind, token in tokens.items():
            assert await opened_by(there, kind, token) == set(), kind


async def test_a_token_of_another_issuer_with_the_same_keys_is_nothing(sqlite_databases: Databases) -> None:
    async with running(sqlite_databases.migrated()) as provider:
        token = (await provider.tokens(scopes=["openid"], audience=API))["access_token"]
        provider.site = provider.site._replace(public_url="https://elsewhere.example.com/")
        assert (await provider.userinfo(token)).status_code == 401
        assert await provider.introspect(token) == {"active": False}


# ------------------------------------------------------------------------------------------------------------- forgeries


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def signed(header: dict[str, Any], claims: dict[str, Any], key: SigningKey) -> str:
    message = f"{part(header)}.{part(claims)}"
    return f"{message}.{base64.urlsafe_b64encode(key.sign(message.encode())).rstrip(b'=').decode()}"


def hmac_signed(header: dict[str, Any], claims: dict[str, Any], secret: bytes) -> str:
    message = f"{part(header)}.{part(claims)}"
    return f"{message}.{base64.urlsafe_b64encode(hmac.digest(secret, message.encode(), sha256)).rstrip(b'=').decode()}"


OWN = SigningKey.generate("ES256", "access-es")
GOOD = KEYS["access", "ES256"]
HEADER = {"alg": "ES256", "typ": "at+jwt", "kid": "access-es"}

FORGERIES: dict[str, Callable[[dict[str, Any]], str]] = {
    "alg none": lambda claims: f"{part({**HEADER, 'alg': 'none'})}.{part(claims)}.",
    "alg None": lambda claims: f"{part({**HEADER, 'alg': 'None'})}.{part(claims)}.",
    "HS256 with the public key": lambda claims: hmac_signed(
        {**HEADER, "alg": "HS256"}, claims, json.dumps(GOOD.public_jwk()).encode()
    ),
    "HS256 with the client's secret": lambda claims: hmac_signed({**HEADER, "alg": "HS256"}, claims, b"web"),
    "a stranger's key under our kid": lambda claims: signed(HEADER, claims, OWN),
    "a key in the header": lambda claims: signed({**HEADER, "jwk": OWN.public_jwk()}, claims, OWN),
    "jku": lambda claims: signed({**HEADER, "jku": "https://evil.example/jwks"}, claims, OWN),
    "x5u": lambda claims: signed({**HEADER, "x5u": "https://evil.example/x5u"}, claims, OWN),
    "crit": lambda claims: signed({**HEADER, "crit": ["exp"]}, claims, GOOD),
    "b64": lambda claims: signed({**HEADER, "crit": ["b64"], "b64": False}, claims, GOOD),
    "kid of another ring": lambda claims: signed({**HEADER, "kid": "identity-es"}, claims, KEYS["identity", "ES256"]),
    "kid of another ring, key of ours": lambda claims: signed({**HEADER, "kid": "identity-es"}, claims, GOOD),
    "no kid": lambda claims: signed({"alg": "ES256", "typ": "at+jwt"}, claims, GOOD),
    "typ JWT": lambda claims: signed({**HEADER, "typ": "JWT"}, claims, GOOD),
    "no typ": lambda claims: signed({"alg": "ES256", "kid": "access-es"}, claims, GOOD),
    "expired": lambda claims: signed(HEADER, {**claims, "exp": claims["iat"] - 1}, GOOD),
    "no exp": lambda claims: signed(HEADER, {name: claims[name] for name in claims if name != "exp"}, GOOD),
    "exp a text": lambda claims: signed(HEADER, {**claims, "exp": str(claims["exp"])}, GOOD),
    "not yet": lambda claims: signed(HEADER, {**claims, "nbf": claims["iat"] + 60}, GOOD),
    "another issuer": lambda claims: signed(HEADER, {**claims, "iss": "https://evil.example/"}, GOOD),
    "another purpose": lambda claims: signed(HEADER, {**claims, "token_use": "identity"}, GOOD),
    "another audience": lambda claims: signed(HEADER, {**claims, "aud": "https://evil.example/"}, GOOD),
    "somebody who is not there": lambda claims: signed(HEADER, {**claims, "sub": "0" * 32}, GOOD),
    "no application": lambda claims: signed(HEADER, {**claims, "client_id": "gone"}, GOOD),
}


async def test_a_forged_access_token_opens_nothing(sqlite_databases: Databases) -> None:
    async with running(sqlite_databases.migrated()) as provider:
        now = provider.clock.now() // 1000
        claims = {
            "iss": ISSUER,
            "token_use": "access",
            "aud": f"{ISSUER}userinfo",
            "sub": provider.user.id,
            "client_id": "web",
            "scope": "openid",
            "iat": now,
            "exp": now + 60,
        }
        assert (await provider.userinfo(signed(HEADER, claims, GOOD))).status_code == 200
        for name, forge in FORGERIES.items():
            assert (await provider.userinfo(forge(claims))).status_code == 401, name
            if name != "another audience":
                assert await provider.introspect(forge(claims)) == {"active": False}, name


# -------------------------------------------------------------------------------------------------------------- rotation


async def test_a_new_key_signs_and_the_old_one_verifies_until_its_last_token_died(migrated_url: str) -> None:
    from muster.core.signing.model import SigningKey as Stored
    from muster.core.signing.rotation import SIGNS_AFTER, rotate

    async with running(migrated_url) as provider:

        async def keep(tx: Any) -> None:
            for key in stored_keys():
                tx.insert(key)

        await provider.act(keep)
        elsewhere = Rings({provider.tenant.number: stored_keys()}, SECRETS, provider.clock)  # another process

        async def heard() -> None:
            await provider.rings.refresh(provider.store)
            await elsewhere.refresh(provider.store)

        async def kids() -> list[str]:
            shown = (await provider.http.get("/.well-known/jwks.json")).json()["keys"]
            return [key["kid"] for key in shown if key["kid"].startswith(("identity", "new"))]

        await heard()
        before = (await provider.tokens())["id_token"]
        new = SigningKey.generate("RS256", "new-rs")
        sealed = SECRETS.seal(new.to_pkcs8(), purpose="signing_key:new-rs")
        stored = Stored(id="new-rs", purpose="identity", algorithm="RS256", private=sealed, public=new.public_jwk())
        await provider.act(rotate, stored)
        await heard()
        # Everybody shows it before it signs.
        assert sorted(await kids()) == ["identity-ed", "identity-es", "identity-rs", "new-rs"]
        assert header_of((await provider.tokens())["id_token"])["kid"] == "identity-rs"
        provider.clock.turn(ms=SIGNS_AFTER)
        await heard()
        after = (await provider.tokens())["id_token"]
        assert header_of(after)["kid"] == "new-rs"
        now = provider.clock.now()
        for rings in (provider.rings, elsewhere):
            for token in (before, after):
                assert rings.ring(provider.site, "identity").verify(token, audiences=["web"], now_ms=now)
        provider.clock.turn(days=1)
        await heard()
        assert sorted(await kids()) == ["identity-ed", "identity-es", "new-rs"]
        # One that somebody has seen counts no more from that moment.
        await provider.act(
            rotate, Stored(id="new-2", purpose="identity", algorithm="RS256", private="", public={}), at_once=True
        )
        await heard()
        with pytest.raises(TokenRefused, match="signature"):
            elsewhere.ring(provider.site, "identity").verify(after, audiences=["web"], now_ms=now)
        left = [key.id for key in await provider.store.records(provider.tenant.number, Stored)]
        assert "identity-rs" not in left


def test_rings_of_one_site_share_no_key() -> None:
    assert len({key.kid for key in KEYS.values()}) == len(KEYS)
    assert KeyRing("identity", ISSUER, [KEYS["identity", "ES256"]]).algorithms == ("ES256",)
