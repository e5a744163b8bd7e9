"""Everything that one tenant's people and applications hold, as a thief would have it."""

from __future__ import annotations

import json
from typing import Any

from muster.core.connections.model import Connection
from muster.core.external.config import OpenIdProvider
from muster.core.sessions.model import Session
from muster.core.tickets.actions import make_ticket
from muster.core.tickets.model import Purpose
from muster.core.transaction import Transaction
from muster.core.users.model import User
from tests.attacks.world import VERIFIER, Browser, Party

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
PASSWORDLESS = "http://auth0.com/oauth/grant-type/passwordless/otp"


class Loot:
    """What was found at one tenant. Nothing of it is used up or expired."""

    def __init__(self, party: Party) -> None:
        self.party = party
        self.browser = Browser(party)
        """Signed in, and on the way to sign in once more."""
        self.held: dict[str, str] = {}
        """By what it is."""

    async def find(self) -> Loot:
        party, held = self.party, self.held
        browser = self.browser
        tokens = await self._exchange(await browser.code())
        held.update(access=tokens["access_token"], refresh=tokens["refresh_token"], id_token=tokens["id_token"])
        held["jwt"] = (await self._exchange((await browser.authorize(audience=party.audience)).values["code"]))[
            "access_token"
        ]
        held["code"] = (await browser.authorize()).values["code"]
        done = await browser.authorize(prompt="login")
        held["done"] = done.values["attempt"]
        await browser.sign_in(held["done"])
        held["attempt"] = (await browser.authorize(prompt="login")).values["attempt"]
        await browser.press("/sign-in/identify", attempt=held["attempt"], identifier=party.email)
        await browser.press("/sign-in/send_code", attempt=held["attempt"], channel="email")
        held["session"] = browser.token
        for session in await party.database.store.owned(party.number, Session, party.user.id):
            held["session_id"] = session.id
        device = await self._ask("/oauth/device/code", scope="openid")
        held.update(device_code=device["device_code"], user_code=device["user_code"])
        held.update(await party.act(self._records))
        held.update(client_id=party.client_id, audience=party.audience, user_id=party.user.id, address_id="e1")
        held.update(callback=party.callback, goodbye=party.goodbye, email=party.email)
        return self

    async def _ask(self, path: str, **form: str) -> Any:
        answer = await Browser(self.party).post(path, {**self.party.client, **form})
        assert answer.status == 200, answer.text
        return json.loads(answer.body)

    async def _exchange(self, code: str) -> Any:
        return await self._ask(
            "/oauth/token",
            grant_type="authorization_code",
            code=code,
            redirect_uri=self.party.callback,
            code_verifier=VERIFIER,
        )

    async def _records(self, tx: Transaction) -> dict[str, str]:
        found: dict[str, str] = {}
        purposes: tuple[Purpose, ...] = ("reset_password", "verify_email", "sign_in")
        user = await tx.need(User, self.party.user.id)
        for purpose in purposes:
            _, found[purpose] = await make_ticket(tx, user, purpose, lifetime=3_600_000, address_id="e1")
        word = self.party.word
        provider = OpenIdProvider(provider="openid", issuer=f"https://idp.{word.lower()}.example", client_id="me")
        connection = Connection(
            id=f"{word}00000000"[:16],
            name=f"{word}-idp",
            kind="social",
            strategy="oidc",
            provider=provider,
            created_at=tx.now,
        )
        found["connection"] = tx.insert(connection).id
        found["realm"] = user.realm
        return found
