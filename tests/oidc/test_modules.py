"""The modules of the OpenID conformance suite as checks of our own, each under the suite's name for it (`modules.py`).

What a module asks is said here in our words, with the section that asks it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from muster.core.outside import Fetched
from muster.core.query import Everyone, Order, Page
from muster.core.users.model import Address, PostalAddress, Profile
from muster.oidc.backchannel import LogoutSender
from tests.oidc.browsing import CALLBACK, CHALLENGE, ISSUER, SECRET, VERIFIER, Answer, Front
from tests.oidc.modules import BACKCHANNEL, BASIC, CONFIG, LOGOUT
from tests.oidc.relying_party import RelyingParty
from tests.signin.html_page import Page as Html

Check = Callable[[RelyingParty], Awaitable[None]]

CHECKS: dict[str, Check] = {}
BYE = "https://app.example.com/bye"
TOLD = "https://app.example.com/told"


def module(*names: str) -> Callable[[Check], Check]:
    """The check of these modules."""

    def register(check: Check) -> Check:
        CHECKS.update(dict.fromkeys(names, check))
        return check

    return register


@pytest.mark.parametrize("mode", ["query", "form_post"])
@pytest.mark.parametrize("name", BASIC)
async def test_basic(front: Front, name: str, mode: str) -> None:
    await CHECKS[name](RelyingParty(front, mode))


@pytest.mark.parametrize("name", [*CONFIG, *LOGOUT, *BACKCHANNEL])
async def test_others(front: Front, name: str) -> None:
    await front.app("leaving", post_logout_uris=[BYE], backchannel_logout_uri=TOLD)
    await CHECKS[name](RelyingParty(front, app_id="leaving"))


def test_no_module_is_left_out() -> None:
    assert set(CHECKS) == {*BASIC, *CONFIG, *LOGOUT, *BACKCHANNEL}


# ---------------------------------------------------------------------------------------------------------------- tokens


@module("oidcc-server", "oidcc-idtoken-signature")
async def signs_in(party: RelyingParty) -> None:
    """A code, its tokens, and an ID token that the keys of the discovered JWKS verify (Core 3.1.3.7)."""
    await party.tokens()
    assert party.asked


@module("oidcc-server-client-secret-post")
async def secret_in_the_body(party: RelyingParty) -> None:
    """The secret may be in the form (Core 9)."""
    answer = await party.exchange(await party.code(), client_secret=SECRET)
    assert answer.status_code == 200, answer.text


@module("oidcc-response-type-missing")
async def response_type_missing(party: RelyingParty) -> None:
    """A request without a response type is refused (RFC 6749 4.1.2.1)."""
    assert (await party.authorize(response_type=None))["error"] in ("invalid_request", "unsupported_response_type")


@module("oidcc-idtoken-unsigned")
async def no_unsigned_tokens(party: RelyingParty) -> None:
    """`none` is no algorithm here, so that no client can be given unsigned tokens (Core 2)."""
    assert "none" not in (await party.discovery())["id_token_signing_alg_values_supported"]


@module("oidcc-ensure-request-without-nonce-succeeds-for-code-flow")
async def without_nonce(party: RelyingParty) -> None:
    """A nonce is optional in the code flow, and then there is none in the token (Core 3.1.2.1)."""
    await party.tokens(nonce=None)


@module("oidcc-codereuse")
async def code_is_good_once(party: RelyingParty) -> None:
    """A second exchange of a code is refused (RFC 6749 4.1.2)."""
    code = await party.code()
    assert (await party.exchange(code)).status_code == 200
    again = await party.exchange(code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


@module("oidcc-codereuse-30seconds")
async def reuse_takes_the_tokens(party: RelyingParty) -> None:
    """A second exchange later on is refused too, and takes back what the first one gave (RFC 6749 4.1.2)."""
    code = await party.code()
    tokens = (await party.exchange(code)).json()
    assert await party.userinfo(tokens)
    party.front.clock.turn(seconds=30)
    again = await party.exchange(code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    bearer = {"authorization": f"Bearer {tokens['access_token']}"}
    assert (await party.http.get("/userinfo", headers=bearer)).status_code == 401


@module("oidcc-refresh-token")
async def refreshes(party: RelyingParty) -> None:
    """A refresh token gives new tokens of the same sign-in, and to no other client (Core 12, RFC 6749 6)."""
    tokens = await party.tokens(scope="openid offline_access", prompt="consent")
    before = await party.claims(tokens, "the nonce")
    await party.front.app("second")
    stolen = RelyingParty(party.front, app_id="second", browser=party.browser)
    sent = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert (await stolen.ask("/oauth/token", **sent)).json()["error"] == "invalid_grant"
    party.front.clock.turn(seconds=2)
    answer = await party.ask("/oauth/token", **sent)
    assert answer.status_code == 200, answer.text
    refreshed = answer.json()
    assert refreshed["access_token"] != tokens["access_token"]
    after = await party.claims(refreshed, None)
    assert {name: after[name] for name in ("iss", "sub", "aud")} == {
        name: before[name] for name in ("iss", "sub", "aud")
    }
    assert after["iat"] > before["iat"]
    assert after.get("auth_time") == before.get("auth_time")


@module("oidcc-ensure-request-with-valid-pkce-succeeds")
async def pkce(party: RelyingParty) -> None:
    """A challenge is taken, and then its verifier is needed (RFC 7636)."""
    code = await party.code(code_challenge=CHALLENGE, code_challenge_method="S256")
    assert (await party.exchange(code)).json()["error"] == "invalid_grant"
    code = await party.code(code_challenge=CHALLENGE, code_challenge_method="S256")
    assert (await party.exchange(code, code_verifier=VERIFIER)).status_code == 200


# -------------------------------------------------------------------------------------------------------------- userinfo


@module("oidcc-userinfo-get")
async def userinfo_by_get(party: RelyingParty) -> None:
    """Userinfo answers a GET with the token in the header (Core 5.3.1)."""
    assert await party.userinfo(await party.tokens())


@module("oidcc-userinfo-post-header")
async def userinfo_by_post(party: RelyingParty) -> None:
    """Userinfo answers a POST with the token in the header (Core 5.3.1)."""
    bearer = {"authorization": f"Bearer {(await party.tokens())['access_token']}"}
    assert "sub" in (await party.http.post("/userinfo", headers=bearer)).json()


@module("oidcc-userinfo-post-body")
async def userinfo_by_body(party: RelyingParty) -> None:
    """Userinfo answers a POST with the token in the form (RFC 6750 2.2)."""
    form = {"access_token": (await party.tokens())["access_token"]}
    assert "sub" in (await party.http.post("/userinfo", data=form)).json()


PROFILE = {
    *("name", "given_name", "family_name", "middle_name", "nickname", "preferred_username", "profile", "picture"),
    *("website", "gender", "birthdate", "zoneinfo", "locale", "updated_at"),
}
SCOPES: dict[str, set[str]] = {
    "profile": PROFILE,
    "email": {"email", "email_verified"},
    "address": {"address"},
    "phone": {"phone_number", "phone_number_verified"},
}


async def person_with_everything(front: Front) -> None:
    """The person says all that there is to say."""
    everybody = Everyone(), Order("id", descending=False), Page(0, 1)
    [person] = await front.store.search_users(front.tenant_id, *everybody)
    phone = Address(id="p", value="+15550100", primary=True, verified=True, created_at=1, updated_at=1)
    texts: dict[str, Any] = dict.fromkeys(PROFILE - {"updated_at"}, "text")
    place = PostalAddress(locality="Here", country="NZ")
    await front.change_user(person.id, phones=[phone], profile=Profile(**texts, address=place))


@module("oidcc-scope-profile", "oidcc-scope-email", "oidcc-scope-address", "oidcc-scope-phone")
async def scopes_open_claims(party: RelyingParty) -> None:
    """Each scope opens its claims at userinfo, and no others (Core 5.4)."""
    await person_with_everything(party.front)
    for scope, claims in SCOPES.items():
        told = await party.userinfo(await party.tokens(scope=f"openid {scope}"))
        assert set(told) - {"sub"} == claims, scope


@module("oidcc-scope-all", "oidcc-ensure-other-scope-order-succeeds")
async def scopes_together(party: RelyingParty) -> None:
    """All scopes at once open all claims, in whatever order they are asked for (Core 5.4)."""
    await person_with_everything(party.front)
    for scope in ("openid profile email address phone", "phone address email profile openid"):
        told = await party.userinfo(await party.tokens(scope=scope))
        assert set(told) - {"sub"} == set().union(*SCOPES.values())


@module("oidcc-claims-essential")
async def claims_are_not_asked_one_by_one(party: RelyingParty) -> None:
    """The parameter `claims` is not supported, as discovery says, and does no harm (Core 5.5)."""
    assert (await party.discovery())["claims_parameter_supported"] is False
    await party.tokens(claims='{"userinfo":{"name":{"essential":true}}}')


# --------------------------------------------------------------------------------------------------------------- requests


@module("oidcc-display-page", "oidcc-display-popup", "oidcc-ui-locales", "oidcc-claims-locales")
async def wishes(party: RelyingParty) -> None:
    """Wishes for how things look are taken (Core 3.1.2.1)."""
    wished = {"display": "popup", "ui_locales": "se de en", "claims_locales": "se"}
    for name, value in wished.items():
        await party.tokens(**{name: value})


@module("oidcc-ensure-request-with-unknown-parameter-succeeds", "oidcc-ensure-request-with-acr-values-succeeds")
async def unknown_parameters(party: RelyingParty) -> None:
    """Parameters and classes that nobody here knows are ignored (RFC 6749 3.1, Core 3.1.2.1)."""
    await party.tokens(extra="foobar", acr_values="1 2")


@module("oidcc-login-hint")
async def login_hint(party: RelyingParty) -> None:
    """A hint is taken, whether or not anybody is called so (Core 3.1.2.1)."""
    begun = await party.request(login_hint="buffy@example.com")
    assert (await party.browser.view(begun.attempt)).hint == "buffy@example.com"


@module("oidcc-prompt-login")
async def prompt_login(party: RelyingParty) -> None:
    """`prompt=login` asks again although there is a session, and the new sign-in is told (Core 3.1.2.1)."""
    first = await party.claims(await party.tokens(max_age="10000"), "the nonce")
    party.front.clock.turn(seconds=2)
    second = await party.claims(await party.tokens(prompt="login", max_age="10000"), "the nonce")
    assert party.asked
    assert second["auth_time"] > first["auth_time"]
    assert second["sub"] == first["sub"]


@module("oidcc-prompt-none-not-logged-in")
async def prompt_none_without_a_session(party: RelyingParty) -> None:
    """With `prompt=none` nobody is asked, and the application is told (Core 3.1.2.6)."""
    assert (await party.authorize(prompt="none"))["error"] == "login_required"
    assert not party.asked


@module("oidcc-prompt-none-logged-in", "oidcc-id-token-hint")
async def prompt_none_with_a_session(party: RelyingParty) -> None:
    """With a session `prompt=none` leads to tokens of the same user, with the hint of an ID token too (Core 3.1.2.1)."""
    tokens = await party.tokens()
    first = await party.claims(tokens, "the nonce")
    for more in ({}, {"id_token_hint": tokens["id_token"]}):
        again = await party.claims(await party.tokens(prompt="none", **more), "the nonce")
        assert not party.asked
        assert (again["sub"], again.get("auth_time")) == (first["sub"], first.get("auth_time"))


@module("oidcc-max-age-1")
async def max_age_is_over(party: RelyingParty) -> None:
    """A sign-in older than `max_age` is asked for again, and `auth_time` says so (Core 3.1.2.1)."""
    first = await party.claims(await party.tokens(max_age="1"), "the nonce")
    party.front.clock.turn(seconds=2)
    second = await party.claims(await party.tokens(max_age="1"), "the nonce")
    assert party.asked
    assert second["auth_time"] - first["auth_time"] == 2


@module("oidcc-max-age-10000")
async def max_age_is_not_over(party: RelyingParty) -> None:
    """A younger sign-in does, and `auth_time` is the same (Core 3.1.2.1)."""
    first = await party.claims(await party.tokens(max_age="10000"), "the nonce")
    party.front.clock.turn(seconds=2)
    second = await party.claims(await party.tokens(max_age="10000"), "the nonce")
    assert not party.asked
    assert second["auth_time"] == first["auth_time"]


@module("oidcc-ensure-registered-redirect-uri")
async def redirect_uri_is_registered(party: RelyingParty) -> None:
    """Nobody is sent to an address that was not registered; the person sees a page (Core 3.1.2.1)."""
    answer = await party.request(redirect_uri=f"{CALLBACK}/other")
    assert (answer.status, answer.location) == (400, "")
    assert answer.reply.headers["content-type"].startswith("text/html")


@module("oidcc-ensure-post-request-succeeds")
async def request_by_post(party: RelyingParty) -> None:
    """A request may be posted (Core 3.1.2.1)."""
    mode = {} if party.mode == "query" else {"response_mode": party.mode}
    wanted = {"client_id": "shop", "redirect_uri": CALLBACK, "response_type": "code", "scope": "openid", **mode}
    repeated = await party.browser.post("/authorize", wanted)
    begun = await party.browser.get(repeated.location)
    assert "code" in party.told(await party.browser.sign_in(begun.attempt))


@module(
    "oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported",
    "oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported",
    "oidcc-ensure-request-object-with-redirect-uri",
)
async def request_objects(party: RelyingParty) -> None:
    """Request objects are not supported, as discovery says, and are refused in those words (Core 6, 3.1.2.6)."""
    told = await party.discovery()
    assert (told["request_parameter_supported"], told["request_uri_parameter_supported"]) == (False, False)
    object_ = "eyJhbGciOiJub25lIn0.eyJyZWRpcmVjdF91cmkiOiJodHRwczovL2V2aWwuZXhhbXBsZS8ifQ."
    assert (await party.authorize(request=object_))["error"] == "request_not_supported"
    uri = "https://app.example.com/request"
    assert (await party.authorize(request_uri=uri))["error"] == "request_uri_not_supported"


# -------------------------------------------------------------------------------------------------------------- discovery


@module("oidcc-discovery-endpoint-verification")
async def discovery(party: RelyingParty) -> None:
    """The metadata has what it must have, all of it at the issuer, and its keys are public ones (Discovery 3)."""
    told = await party.discovery()
    assert told["issuer"] == ISSUER
    for name in ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"):
        assert told[name].startswith(ISSUER), name
    assert "openid" in told["scopes_supported"]
    assert "code" in told["response_types_supported"]
    assert "authorization_code" in told["grant_types_supported"]
    assert told["subject_types_supported"] == ["public"]
    assert "sub" in told["claims_supported"]
    keys = (await party.http.get(told["jwks_uri"])).json()["keys"]
    assert keys
    assert all("d" not in key and key["kid"] for key in keys)
    assert len({key["kid"] for key in keys}) == len(keys)


# ----------------------------------------------------------------------------------------------------------------- logout


@module("oidcc-rp-initiated-logout-discovery-endpoint-verification")
async def logout_is_discovered(party: RelyingParty) -> None:
    """The endpoint is told, and is at the issuer (RP-Initiated Logout 2.1)."""
    assert (await party.discovery())["end_session_endpoint"].startswith(ISSUER)


async def _leave(party: RelyingParty, **parameters: str) -> Answer:
    """Sign in, ask for the end, and say yes where the person is asked."""
    tokens = await party.tokens()
    if parameters.get("id_token_hint") == "right":
        parameters["id_token_hint"] = tokens["id_token"]
    if parameters.get("id_token_hint") == "modified":
        head, _, rest = tokens["id_token"].partition(".")
        parameters["id_token_hint"] = f"{head}.{rest[:-8]}{'A' * 8}"
    answer = await party.browser.get("/oidc/logout", **parameters)
    if answer.status == 200 and "<form" in answer.text:
        form = Html(answer.text).forms[0]
        answer = await party.browser.post(form["action"], {**form.fields, "decision": "sign_out"})
    return answer


async def _is_over(party: RelyingParty) -> bool:
    return (await party.authorize(prompt="none")).get("error") == "login_required"


@module("oidcc-rp-initiated-logout")
async def logout(party: RelyingParty) -> None:
    """With the hint of its ID token an application ends the session, and its state comes back (RP-Initiated Logout 2, 3)."""
    answer = await _leave(party, id_token_hint="right", post_logout_redirect_uri=BYE, state="s")
    assert (answer.to, answer.values) == (BYE, {"state": "s"})
    assert await _is_over(party)


@module("oidcc-rp-initiated-logout-no-state")
async def logout_without_state(party: RelyingParty) -> None:
    """Without a state there is none in the answer."""
    answer = await _leave(party, id_token_hint="right", post_logout_redirect_uri=BYE)
    assert (answer.location, answer.values) == (BYE, {})
    assert await _is_over(party)


@module("oidcc-rp-initiated-logout-no-params", "oidcc-rp-initiated-logout-only-state")
async def logout_without_anything(party: RelyingParty) -> None:
    """Without parameters the person is asked, and then told: there is nowhere to go."""
    for parameters in ({}, {"state": "s"}):
        answer = await _leave(party, **parameters)
        assert (answer.status, answer.location) == (200, "")
        assert await _is_over(party)


@module("oidcc-rp-initiated-logout-no-post-logout-redirect-uri")
async def logout_with_nowhere_to_go(party: RelyingParty) -> None:
    """With the hint alone the session ends, and a page says so."""
    answer = await _leave(party, id_token_hint="right", state="s")
    assert (answer.status, answer.location) == (200, "")
    assert await _is_over(party)


@module("oidcc-rp-initiated-logout-no-id-token-hint")
async def logout_without_hint(party: RelyingParty) -> None:
    """Nobody is sent anywhere for an application that did not prove to be one (RP-Initiated Logout 3)."""
    answer = await _leave(party, post_logout_redirect_uri=BYE, state="s")
    assert answer.location == ""


@module(
    "oidcc-rp-initiated-logout-bad-post-logout-redirect-uri",
    "oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri",
)
async def logout_to_elsewhere(party: RelyingParty) -> None:
    """Nobody is sent to an address that is not registered, nor to one with something added (RP-Initiated Logout 3)."""
    for uri in ("https://evil.example/", f"{BYE}?foo=bar"):
        answer = await _leave(party, id_token_hint="right", post_logout_redirect_uri=uri, state="s")
        assert answer.location == ""
        assert answer.status >= 400


@module("oidcc-rp-initiated-logout-modified-id-token-hint", "oidcc-rp-initiated-logout-bad-id-token-hint")
async def logout_with_a_false_hint(party: RelyingParty) -> None:
    """A hint that nobody here signed proves nothing (RP-Initiated Logout 2)."""
    for hint in ("modified", "eyJhbGciOiJub25lIn0.e30."):
        answer = await _leave(party, id_token_hint=hint, post_logout_redirect_uri=BYE, state="s")
        assert answer.location == ""


@module("oidcc-backchannel-logout-discovery-endpoint-verification")
async def backchannel_is_discovered(party: RelyingParty) -> None:
    """Discovery says that sessions' ends are told, and which session it was (Back-Channel Logout 2.1)."""
    told = await party.discovery()
    assert (told["backchannel_logout_supported"], told["backchannel_logout_session_supported"]) == (True, True)


@module("oidcc-backchannel-rp-initiated-logout")
async def backchannel_logout(party: RelyingParty) -> None:
    """The application is told of the end by a signed token with no nonce (Back-Channel Logout 2.4, 2.5)."""
    tokens = await party.tokens()
    about = await party.claims(tokens, "the nonce")
    leaving = await party.browser.get("/oidc/logout", id_token_hint=tokens["id_token"], post_logout_redirect_uri=BYE)
    assert leaving.location == BYE
    front, sent = party.front, list[tuple[str, str, bytes]]()

    class Recorder:
        """Stands for the application's server."""

        async def fetch(self, method: str, url: str, *, body: bytes = b"", **_: Any) -> Fetched:
            sent.append((method, url, body))
            return Fetched(200, {}, b"")

    waiting = await front.store.outbox.waiting(10, front.tenant_id)
    messages = [due.message for due in waiting if due.message.to == TOLD]
    assert len(messages) == 1
    sender = LogoutSender(front.store, front.clock, front.services.rings, lambda _: front.site, Recorder())
    assert await sender.send(front.tenant_id, messages[0]) == 200
    method, url, body = sent[0]
    assert (method, url) == ("POST", TOLD)
    token = parse_qs(body.decode())["logout_token"][0]
    keys = KeySet.import_key_set((await party.http.get("/.well-known/jwks.json")).json())
    found = jwt.decode(token, keys, algorithms=["RS256", "ES256", "EdDSA"])
    claims = found.claims
    assert found.header["typ"] == "logout+jwt"
    assert claims["events"] == {"http://schemas.openid.net/event/backchannel-logout": {}}
    assert (claims["iss"], claims["aud"], claims["sub"]) == (ISSUER, "leaving", about["sub"])
    assert claims["sid"] == about["sid"]
    assert claims["jti"]
    assert "nonce" not in claims
