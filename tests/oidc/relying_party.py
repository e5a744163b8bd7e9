"""A relying party that looks at everything, as the conformance suite does: it trusts discovery and what is signed, and nothing else."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import httpx
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.oidc.browsing import CALLBACK, ISSUER, SECRET, Answer, Browser, Front
from tests.signin.html_page import Page


class RelyingParty:
    """The application `app_id` with one person's browser. `mode` is how it wants to be answered."""

    def __init__(self, front: Front, mode: str = "query", app_id: str = "shop", browser: Browser | None = None) -> None:
        self.front = front
        self.mode = mode
        self.app_id = app_id
        self.browser = browser or Browser(front)
        self.asked = False
        """Whether the last request showed the person the pages."""

    @property
    def http(self) -> httpx.AsyncClient:
        return self.browser.http

    async def discovery(self) -> dict[str, Any]:
        answer = await self.http.get("/.well-known/openid-configuration")
        assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, "application/json")
        told: dict[str, Any] = answer.json()
        return told

    async def request(self, **parameters: str | None) -> Answer:
        """A request as it is answered first: a page, a redirect or a form."""
        usual: dict[str, str | None] = {"client_id": self.app_id, "state": "the state", "nonce": "the nonce"}
        if self.mode != "query":
            usual["response_mode"] = self.mode
        return await self.browser.authorize(**{**usual, **parameters})

    async def authorize(self, **parameters: str | None) -> dict[str, str]:
        """What the application is told in the end, the person having signed in if they were asked to."""
        answer = await self.request(**parameters)
        self.asked = answer.location.startswith("/sign-in?")
        if self.asked:
            answer = await self.browser.sign_in(answer.attempt)
        values = self.told(answer)
        assert values.pop("iss") == ISSUER
        state = parameters.get("state", "the state")
        assert values.pop("state", None) == state
        return values

    def told(self, answer: Answer) -> dict[str, str]:
        """The values of an answer that goes to the application, in the way that it asked for."""
        if self.mode == "form_post":
            form = Page(answer.text).forms[0]
            assert (answer.status, form["action"]) == (200, CALLBACK), answer.text
            return form.fields
        assert (answer.status, answer.to) == (303, CALLBACK), answer.text
        return dict(answer.values)

    async def code(self, **parameters: str | None) -> str:
        values = await self.authorize(**parameters)
        assert set(values) == {"code"}, values
        return values["code"]

    async def exchange(self, code: str, **form: str) -> httpx.Response:
        sent = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, **form}
        return await self.ask("/oauth/token", **sent)

    async def ask(self, path: str, **form: str) -> httpx.Response:
        """A form, with the secret in the way that the application uses: `client_secret` in it is sent as it stands."""
        if "client_secret" in form:
            return await self.http.post(path, data={"client_id": self.app_id, **form})
        return await self.http.post(path, data=form, auth=(self.app_id, SECRET.replace("'", "%27").replace(" ", "+")))

    async def tokens(self, **parameters: str | None) -> dict[str, Any]:
        """A whole flow; the ID token is checked."""
        answer = await self.exchange(await self.code(**parameters))
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store"), answer.text
        tokens: dict[str, Any] = answer.json()
        assert tokens["token_type"] == "Bearer"
        await self.claims(tokens, parameters.get("nonce", "the nonce"))
        return tokens

    async def claims(self, tokens: dict[str, Any], nonce: str | None = None) -> dict[str, Any]:
        """The claims of an ID token, checked as OpenID Connect Core section 3.1.3.7 asks."""
        told = await self.discovery()
        keys = KeySet.import_key_set((await self.http.get(told["jwks_uri"])).json())
        token = jwt.decode(tokens["id_token"], keys, algorithms=told["id_token_signing_alg_values_supported"])
        claims, now = token.claims, self.front.clock.now() // 1000
        assert (claims["iss"], claims["aud"]) == (told["issuer"], self.app_id)
        assert claims["iat"] <= now < claims["exp"]
        assert claims.get("nonce") == nonce
        half = hashlib.new("sha512" if token.header["alg"] == "EdDSA" else "sha256", tokens["access_token"].encode())
        digest = half.digest()
        left = base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()
        assert claims.get("at_hash", left) == left
        found: dict[str, Any] = dict(claims)
        return found

    async def userinfo(self, tokens: dict[str, Any]) -> dict[str, Any]:
        told = await self.discovery()
        bearer = {"authorization": f"Bearer {tokens['access_token']}"}
        answer = await self.http.get(told["userinfo_endpoint"], headers=bearer)
        assert answer.status_code == 200, answer.text
        claims: dict[str, Any] = answer.json()
        assert claims["sub"] == (await self.claims(tokens, "the nonce"))["sub"]
        return claims
