"""Leaving for an identity provider and coming back, at the pages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

import pytest
from msgspec.structs import replace

from muster.core.connections.model import Connection
from muster.core.external.config import OpenIdProvider
from muster.core.external.engine import ExternalSignIn
from muster.core.settings.model import IdentifierRule
from muster.core.store import Change, Unit
from muster.crypto.passkeys import WebAuthn
from muster.dialects.auth0.wire.births import birth_ids
from muster.signin import app
from muster.signin.account_services import OwnAccount
from tests.core.external.told import Told
from tests.core.people import new_passwords
from tests.core.sign_in_engine import ORIGIN
from tests.databases import Databases
from tests.signin.visitor import Pages, Visitor, opened_pages

ID = "elsewhere0000001"
ADD = f"/account/identities/{ID}"
LEAVE = f"/sign-in/external/{ID}"
BACK = f"/sign-in/callback/{ID}"
ACS = f"/sign-in/saml/{ID}/acs"


class Scene:
    def __init__(self, pages: Pages) -> None:
        self.pages = pages
        self.told = Told()
        world = pages.world
        external = ExternalSignIn(world.runner, self.told, world.secrets, birth_ids)
        account = OwnAccount.of(
            world.runner,
            checks=world.checks,
            new_passwords=new_passwords(world),
            secrets=world.secrets,
            codes=world.codes,
            passkeys=WebAuthn(),
            events=world.store.events,
        )
        pages.services = replace(pages.services, external=external, account=account)
        pages.api = app.build(world.runner, pages.services)

    async def connect(self) -> None:
        provider = OpenIdProvider(
            provider="google", issuer="https://idp.example.com", client_id="me", trusts_email=True, every_app=True
        )
        connection = Connection(
            id=ID, version=1, name="google", display_name="Google", kind="social", provider=provider, created_at=1
        )
        await self.pages.world.store.commit(Unit(self.pages.world.tenant_id, [Change(None, connection)]))

    async def leave(self, **headers: str) -> Visitor:
        visitor = self.pages.visitor(**headers)
        await visitor.get("/sign-in")
        await visitor.press(LEAVE)
        return visitor

    @property
    def state(self) -> str:
        return self.told.states[ID]

    async def post_from_elsewhere(self, path: str, fields: dict[str, str]) -> Any:
        """What a form of another site makes a browser send: without our cookies, which are not for that."""
        stranger = self.pages.visitor()
        headers = {"origin": "https://idp.example.com", "sec-fetch-site": "cross-site"}
        return await stranger.client.post(path, data=fields, headers=headers)


@pytest.fixture
async def scene(sqlite_databases: Databases) -> AsyncIterator[Scene]:
    url = sqlite_databases.migrated()
    async with opened_pages(url) as pages:
        made = Scene(pages)
        await made.connect()
        yield made
    sqlite_databases.drop(url)


async def test_leaving_and_coming_back(scene: Scene) -> None:
    visitor = await scene.leave()
    assert visitor.answer.status_code == 200
    assert visitor.page.heading == "On to Google"
    address = f"https://idp.example.com/?{scene.state}"
    refresh = next(each for each in visitor.page.all("meta") if each.get("http-equiv") == "refresh")
    assert refresh["content"] == f"0;url={address}"
    assert address in [link["href"] for link in visitor.page.all("a")]
    await visitor.get(f"{BACK}?{urlencode({'state': scene.state, 'code': 'c'})}", **{"sec-fetch-site": "cross-site"})
    assert visitor.at == "/account"
    assert visitor.is_signed_in()
    # Not again, and not in another browser.
    for browser in (visitor, scene.pages.visitor()):
        await browser.get(f"{BACK}?{urlencode({'state': scene.state, 'code': 'c'})}")
        assert browser.answer.status_code == 400
    assert not browser.is_signed_in()


async def test_nobody_is_sent_away_by_another_site(scene: Scene) -> None:
    visitor = scene.pages.visitor()
    page = await visitor.get("/sign-in")
    fields = page.form(LEAVE).fields
    await visitor.post(LEAVE, {**fields, "csrf": "0" * 64})
    assert visitor.answer.status_code == 403
    await visitor.post(LEAVE, fields, origin="https://attacker.example.com")
    assert visitor.answer.status_code == 403
    assert scene.told.states == {}


async def test_who_came_back_with_nothing_sees_why(scene: Scene) -> None:
    visitor = await scene.leave()
    await visitor.get(f"{BACK}?{urlencode({'state': scene.state, 'error': 'access_denied'})}")
    assert visitor.answer.status_code == 400
    assert visitor.page.alerts == ["You were not signed in there. Try again, or choose another way."]
    await visitor.press(LEAVE)
    await visitor.get(f"{BACK}?{urlencode({'state': scene.state, 'code': 'c'})}")
    assert visitor.is_signed_in()


async def test_an_answer_that_was_posted_is_fetched_with_our_cookies(scene: Scene) -> None:
    visitor = await scene.leave()
    fields = {"state": scene.state, "code": "c", "user": '{"name":{}}', "more": "x" * 9000}
    answer = await scene.post_from_elsewhere(BACK, fields)
    assert answer.status_code == 303
    assert "set-cookie" not in answer.headers
    where = answer.headers["location"]
    assert where == f"{BACK}?{urlencode({'code': 'c', 'state': scene.state, 'user': fields['user']})}"
    await visitor.get(where)
    assert visitor.is_signed_in()
    assert (await scene.post_from_elsewhere(BACK, {"state": "s" * 9000})).status_code == 413


async def test_an_assertion_is_kept_until_its_browser_comes(scene: Scene) -> None:
    visitor = await scene.leave()
    answer = await scene.post_from_elsewhere(ACS, {"RelayState": scene.state, "SAMLResponse": "PHNhbWwvPg=="})
    assert answer.status_code == 303
    assert "set-cookie" not in answer.headers
    where = answer.headers["location"]
    assert where == f"{ACS}?{urlencode({'state': scene.state})}"
    thief = scene.pages.visitor()
    await thief.get(where)
    assert thief.answer.status_code == 400
    await visitor.get(where)
    assert visitor.is_signed_in()


async def test_where_an_assertion_leads_is_not_its_senders_to_say(scene: Scene) -> None:
    elsewhere = "https://attacker.example.com/"
    answer = await scene.post_from_elsewhere(ACS, {"RelayState": elsewhere, "SAMLResponse": "PHNhbWwvPg=="})
    assert answer.headers["location"].startswith(f"{ACS}?state=")
    assert "attacker" not in answer.headers["location"]
    visitor = scene.pages.visitor()
    await visitor.get(answer.headers["location"])
    assert visitor.at == "/account"
    assert visitor.is_signed_in()


async def test_a_provider_that_wants_a_form_gets_one(scene: Scene) -> None:
    scene.told.fields = {"SAMLRequest": "r", "RelayState": "s"}
    visitor = await scene.leave()
    (form,) = [form for form in visitor.page.forms if form["action"].startswith("https://idp.example.com/")]
    assert form.fields == scene.told.fields
    assert "form-action 'self' https: https://idp.example.com;" in visitor.answer.headers["content-security-policy"]


async def test_the_rest_of_a_sign_up_follows(scene: Scene) -> None:
    username = IdentifierRule(required_at_sign_up=True)
    await scene.pages.engine.set_up(lambda settings: replace(settings, username=username))
    visitor = await scene.leave()
    await visitor.get(f"{BACK}?{urlencode({'state': scene.state, 'code': 'c'})}")
    assert visitor.at.startswith("/sign-up?attempt=")
    assert "password" not in visitor.page.text.lower() or "optional" in visitor.page.text
    await visitor.press("/sign-up/tell", username="ada")
    assert visitor.at == "/account"
    assert visitor.is_signed_in()


async def test_an_identity_is_added_to_the_account(scene: Scene) -> None:
    await scene.pages.engine.verify()
    visitor = scene.pages.visitor()
    await visitor.sign_in()
    await visitor.get("/account/identities")
    await visitor.press(ADD)
    assert visitor.page.heading == "On to Google"
    back = f"{BACK}?{urlencode({'state': scene.state, 'code': 'c'})}"
    thief = scene.pages.visitor()
    await thief.get(back)
    assert thief.answer.status_code == 400
    await visitor.get(back)
    assert visitor.at == "/account/identities?done=identity-link"
    page = await visitor.get(visitor.at)
    assert "The account is linked. You can sign in with it from now on." in page.text
    assert [link.subject for link in (await scene.pages.world.user()).links] == ["1"]
    # Somebody else cannot have it too, and is told so where it was asked for.
    await scene.pages.world.add("bob@example.org")
    other = scene.pages.visitor()
    await other.sign_in("bob@example.org")
    await other.get("/account/identities")
    await other.press(ADD)
    assert other.page.alerts == ["First prove one of the addresses that you have already, under Email and phone."]
    scene.pages.world.clock.turn(seconds=3600)
    await visitor.get("/account/identities")
    await visitor.post(ADD, {"csrf": visitor.page.forms[0].fields["csrf"]})
    assert visitor.at.startswith("/sign-in?attempt=")  # a proof that is an hour old does not do


async def test_our_description_is_for_everybody(scene: Scene) -> None:
    visitor = scene.pages.visitor()
    answer = await visitor.client.get(f"/sign-in/saml/{ID}/metadata")
    assert answer.text == f"<{ORIGIN}/sign-in/saml/{ID}/metadata>"
    assert answer.headers["content-type"] == "application/samlmetadata+xml"
    assert (await visitor.client.get("/sign-in/saml/nowhere/metadata")).status_code == 404
