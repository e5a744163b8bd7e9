"""Authlib's client, unmodified: discovery, a code with PKCE, a refresh, and the ID token checked by its own rules."""

from __future__ import annotations

from asyncio import to_thread
from typing import Any

import pytest
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.process import Muster
from tests.relying_parties.applications import PASSWORD, new_user, register
from tests.relying_parties.conftest import free_port
from tests.relying_parties.person import Person

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("way", ["client_secret_basic", "client_secret_post", "none"])
async def test_the_whole_flow(house: Muster, person: Person, way: str) -> None:
    email = new_user(house)
    callback = f"http://127.0.0.1:{free_port()}/callback"
    known = register(house, "--redirect-uri", callback, "--type", "spa" if way == "none" else "web")
    client = OAuth2Session(
        known.client_id,
        known.client_secret or None,
        token_endpoint_auth_method=way,
        redirect_uri=callback,
        scope="openid email offline_access",
        code_challenge_method="S256",
    )
    client.verify = str(house.data_dir / "ca.pem")
    client.trust_env = False

    async def read(url: str) -> Any:
        return (await to_thread(client.get, url, withhold_token=True)).json()

    with client:
        told = await read(f"{house.tls_url}/.well-known/openid-configuration")
        verifier, nonce = generate_token(48), generate_token(20)
        url, state = client.create_authorization_url(
            told["authorization_endpoint"], code_verifier=verifier, nonce=nonce
        )
        arrived: list[str] = []

        async def arrive(route: Any) -> None:
            arrived.append(route.request.url)
            await route.fulfill(body="arrived", content_type="text/plain")

        await person.page.route(f"{callback}*", arrive)
        await person.goes_to(url)
        await person.signs_in(email, PASSWORD)
        await person.page.wait_for_url(f"{callback}*")

        client.state = state
        tokens = await to_thread(
            client.fetch_token, told["token_endpoint"], authorization_response=arrived[0], code_verifier=verifier
        )
        keys = KeySet.import_key_set(await read(told["jwks_uri"]))
        token = jwt.decode(tokens["id_token"], keys, algorithms=["RS256"])
        claims = CodeIDToken(
            token.claims,
            token.header,
            {"iss": {"value": told["issuer"]}, "aud": {"value": known.client_id}},
            {"nonce": nonce, "client_id": known.client_id, "access_token": tokens["access_token"]},
        )
        claims.validate()
        assert (await to_thread(client.get, told["userinfo_endpoint"])).json()["email"] == email
        refreshed = await to_thread(client.refresh_token, told["token_endpoint"])
        assert refreshed["access_token"] != tokens["access_token"]
