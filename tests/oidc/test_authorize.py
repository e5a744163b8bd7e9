"""The authorization endpoint from end to end, and every check of it: what it takes, and what it refuses in which words."""

from __future__ import annotations

import pytest

from muster.core.apps.model import Scope
from muster.core.connections.model import Connection
from muster.core.users.model import Mfa
from muster.oidc.request import KNOWN
from tests.oidc.browsing import CALLBACK, CHALLENGE, ISSUER, NOW, Browser, Front


async def test_a_sign_in_ends_with_a_code_at_the_application(front_on_each: Front) -> None:
    browser = Browser(front_on_each)
    begun = await browser.authorize(nonce="n", scope="openid email unknown")
    assert begun.status == 303
    answer = await browser.sign_in(begun.attempt)
    assert (answer.status, answer.to) == (303, CALLBACK)
    assert answer.values == {"code": answer.code, "state": "the state", "iss": ISSUER}
    session = await browser.session()
    assert session.apps == ["shop"]
    grants = await browser.codes()
    assert [(grant.kind, grant.app_id, grant.session_id, grant.session_bound) for grant in grants] == [
        ("code", "shop", session.id, True)
    ]
    assert grants[0].expires_at == NOW + 60_000
    assert grants[0].request == {
        "redirect_uri": CALLBACK,
        "code_challenge": "",
        "nonce": "n",
        "auth_time": NOW // 1000,
        "acr": "",
        "amr": ["pwd"],
        "session_id": session.id,
        "scope": "openid email",
        "audience": "",
    }


async def test_whoever_is_signed_in_is_not_asked_again(front: Front, browser: Browser) -> None:
    await browser.signed_in()
    await front.app("other")
    answer = await browser.authorize(client_id="other")
    assert (answer.status, answer.to, answer.code != "") == (303, CALLBACK, True)
    assert (await browser.session()).apps == ["shop", "other"]


async def test_every_name_of_the_endpoint_is_the_same(browser: Browser) -> None:
    sent = {"client_id": "shop", "redirect_uri": CALLBACK, "response_type": "code"}
    for path in ("/authorize", "/oauth/authorize", "/connect/authorize"):
        assert (await browser.get(path, **sent)).attempt
        posted = await browser.http.post(path, data=sent)
        assert posted.status_code == 303
        assert posted.headers["location"].startswith(f"{path}?client_id=shop&")
        assert (await browser.get(posted.headers["location"])).attempt


# --------------------------------------------------------------------------------- what cannot be answered anywhere


MISDIRECTED = [
    "",
    "client_id=nobody",
    "client_id=shop",
    "client_id=shop&redirect_uri=",
    "client_id=shop&redirect_uri=https://evil.example/",
    "client_id=shop&redirect_uri=https://app.example.com/callback/",
    "client_id=shop&redirect_uri=https://app.example.com/callback%23x",
    "client_id=shop&redirect_uri=https://app.example.com/callback%3Fx%3D1",
    "client_id=shop&redirect_uri=https://app.example.com@evil.example/callback",
    "client_id=shop&redirect_uri=https://app.example.com/callback%0d%0aSet-Cookie:x",
    "client_id=shop&redirect_uri=https://app.example.com/callback&redirect_uri=https://evil.example/",
    "client_id=shop&client_id=other&redirect_uri=https://app.example.com/callback",
    "client_id=shop&redirect_uri=http://127.0.0.1:4000/callback",
    "client_id=for-one-api&redirect_uri=https://app.example.com/callback",
    "client_id=careless&redirect_uri=javascript:alert(1)",
    "client_id=careless&redirect_uri=https://evil.example/%23",
    "client_id=%FF&redirect_uri=https://app.example.com/callback",
    "client_id=sh%00op&redirect_uri=https://app.example.com/callback",
]


async def test_a_bad_client_or_redirect_uri_never_redirects(front: Front, browser: Browser) -> None:
    await front.app("other")
    await front.app("for-one-api", audience="mattr")
    # Another vendor's API lets more be registered than browsers should see.
    await front.app("careless", redirect_uris=["javascript:alert(1)", "https://evil.example/#"])
    for query in MISDIRECTED:
        answer = await browser.get(f"/authorize?response_type=code&{query}")
        assert (answer.status, answer.location) == (400, ""), query
        assert answer.reply.headers["content-type"] == "text/html; charset=utf-8"
        assert "default-src 'none'" in answer.reply.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in answer.reply.headers["content-security-policy"]
        assert answer.reply.headers["cache-control"] == "no-store"
        assert "evil" not in answer.reply.text


async def test_only_a_public_application_may_take_any_port(front: Front, browser: Browser) -> None:
    await front.app("native", authentication="none", redirect_uris=["http://127.0.0.1/cb", "com.example.app:/cb"])
    for uri in ("http://127.0.0.1:51004/cb", "com.example.app:/cb"):
        sent = {"redirect_uri": uri, "code_challenge": CHALLENGE, "code_challenge_method": "S256"}
        answer = await browser.authorize(client_id="native", **sent)
        if answer.location.startswith("/sign-in"):
            answer = await browser.sign_in(answer.attempt)
        assert (answer.to, answer.code != "") == (uri, True)


# ------------------------------------------------------------------------------------ what the application is told


REFUSED: list[tuple[dict[str, str | None], str]] = [
    ({"response_type": None}, "invalid_request"),
    ({"response_type": "token"}, "unsupported_response_type"),
    ({"response_type": "id_token"}, "unsupported_response_type"),
    ({"response_type": "code token"}, "unsupported_response_type"),
    ({"response_type": "none"}, "unsupported_response_type"),
    ({"response_mode": "web_message"}, "invalid_request"),
    ({"request": "a.b.c"}, "request_not_supported"),
    ({"request_uri": "https://evil.example/"}, "request_uri_not_supported"),
    ({"registration": "{}"}, "registration_not_supported"),
    ({"code_challenge": CHALLENGE}, "invalid_request"),
    ({"code_challenge": CHALLENGE, "code_challenge_method": "plain"}, "invalid_request"),
    ({"code_challenge": CHALLENGE, "code_challenge_method": "s256"}, "invalid_request"),
    ({"code_challenge_method": "S256"}, "invalid_request"),
    ({"code_challenge": CHALLENGE + "=", "code_challenge_method": "S256"}, "invalid_request"),
    ({"code_challenge": CHALLENGE + "\n", "code_challenge_method": "S256"}, "invalid_request"),
    ({"code_challenge": "x", "code_challenge_method": "S256"}, "invalid_request"),
    ({"prompt": "none login"}, "invalid_request"),
    ({"prompt": "magic"}, "invalid_request"),
    ({"prompt": "none"}, "login_required"),
    ({"max_age": "-1"}, "invalid_request"),
    ({"max_age": "1.5"}, "invalid_request"),
    ({"max_age": "٣"}, "invalid_request"),
    ({"max_age": "9" * 40}, "invalid_request"),
    ({"scope": 'openid "x"'}, "invalid_scope"),
    ({"scope": "openid\tx"}, "invalid_scope"),
    ({"scope": " ".join(f"s{n}" for n in range(101))}, "invalid_scope"),
    ({"audience": "https://unknown.example/"}, "invalid_target"),
    ({"resource": "https://api.example/#x"}, "invalid_target"),
    ({"resource": "https://api.example/", "audience": "https://other.example/"}, "invalid_target"),
    ({"audience": "https://system.example/"}, "invalid_target"),
    ({"id_token_hint": "a.b.c"}, "invalid_request"),
    ({"connection": "nowhere"}, "invalid_request"),
    ({"connection": "muster-internal"}, "invalid_request"),
    ({"nonce": "n" * 8193}, "invalid_request"),
]


async def test_what_the_application_is_told(front: Front, browser: Browser) -> None:
    await front.add_api("https://api.example/")
    await front.add_api("https://other.example/")
    await front.add_api("https://system.example/", system=True, scopes=[Scope("read:users")])
    for sent, error in REFUSED:
        answer = await browser.authorize(**sent)
        assert (answer.status, answer.to) == (303, CALLBACK), sent
        assert answer.values.pop("error_description")
        assert answer.values == {"error": error, "state": "the state", "iss": ISSUER}, sent
        assert answer.cookies == []


@pytest.mark.parametrize(
    "name", ["scope", "nonce", "state", "response_type", "code_challenge", "prompt", "response_mode"]
)
async def test_what_is_sent_twice_is_refused(front: Front, browser: Browser, name: str) -> None:
    path = f"/authorize?client_id=shop&redirect_uri={CALLBACK}&response_type=code&state=s&{name}=a&{name}=b"
    answer = await browser.get(path)
    assert answer.to == CALLBACK
    assert answer.values["error"] == "invalid_request"
    assert answer.values.get("state") == (None if name == "state" else "s")


async def test_what_nobody_knows_is_ignored(front: Front, browser: Browser) -> None:
    path = f"/authorize?client_id=shop&redirect_uri={CALLBACK}&response_type=code&x=1&x=2&nonce=&display=popup"
    assert (await browser.get(path)).attempt


async def test_one_resource_at_a_time(front: Front, browser: Browser) -> None:
    path = (
        f"/authorize?client_id=shop&redirect_uri={CALLBACK}&response_type=code&resource=https://a/&resource=https://b/"
    )
    assert (await browser.get(path)).values["error"] == "invalid_target"


async def test_a_client_without_the_grant_gets_no_code(front: Front, browser: Browser) -> None:
    await front.app("machine", grant_types=["client_credentials"])
    assert (await browser.authorize(client_id="machine")).values["error"] == "unauthorized_client"


@pytest.mark.parametrize("members", [{"authentication": "none"}, {"require_pkce": True}])
async def test_who_needs_pkce_cannot_go_without(front: Front, browser: Browser, members: dict[str, str]) -> None:
    await front.app("strict", **members)
    assert (await browser.authorize(client_id="strict")).values["error"] == "invalid_request"
    sent = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    await browser.sign_in((await browser.authorize(client_id="strict", **sent)).attempt)
    assert [grant.request["code_challenge"] for grant in await browser.codes()] == [CHALLENGE]


# ------------------------------------------------------------------------------------------------- scopes and APIs


async def test_only_what_can_be_had_is_given(front: Front, browser: Browser) -> None:
    await front.add_api("https://api.example/", scopes=[Scope("read"), Scope("write"), Scope("offline_access")])
    scope = "openid profile email phone address offline_access read admin"
    answer = await browser.authorize(scope=scope, audience="https://api.example/")
    await browser.sign_in(answer.attempt)
    (grant,) = await browser.codes()
    assert grant.scopes == ["openid", "profile", "email", "phone", "address", "read"]
    assert (grant.audiences, grant.request["audience"]) == (["https://api.example/"], "https://api.example/")


async def test_offline_access_is_for_who_is_registered_for_it(front: Front, browser: Browser) -> None:
    await front.app("online", grant_types=["authorization_code"])
    await browser.sign_in((await browser.authorize(scope="openid offline_access")).attempt)
    await browser.authorize(client_id="online", scope="openid offline_access")
    codes = {grant.app_id: grant.scopes for grant in await browser.codes()}
    assert codes == {"shop": ["openid", "offline_access"], "online": ["openid"]}


async def test_our_own_userinfo_endpoint_is_no_api(front: Front, browser: Browser) -> None:
    await browser.sign_in((await browser.authorize(audience=f"{ISSUER}userinfo")).attempt)
    assert [grant.audiences for grant in await browser.codes()] == [[]]


# ------------------------------------------------------------------------------------------------------- who it is


async def test_prompt_none_says_what_is_missing(front: Front, browser: Browser) -> None:
    await front.app("guest", first_party=False)
    assert (await browser.authorize(prompt="none")).values["error"] == "login_required"
    await browser.signed_in()
    assert (await browser.authorize(prompt="none")).code
    assert (await browser.authorize(prompt="none", client_id="guest")).values["error"] == "consent_required"
    assert (await browser.authorize(prompt="none", max_age="0")).values["error"] == "login_required"
    multi_factor = "http://schemas.openid.net/pape/policies/2007/06/multi-factor"
    assert (await browser.authorize(prompt="none", acr_values=multi_factor)).values["error"] == "login_required"
    front.clock.turn(seconds=61)
    assert (await browser.authorize(prompt="none", max_age="60")).values["error"] == "login_required"
    assert (await browser.authorize(prompt="none", max_age="3600")).code


async def test_prompt_none_where_the_user_must_prove_more(front: Front, browser: Browser) -> None:
    await browser.signed_in()
    session = await browser.session()

    await front.change_user(session.user_id, mfa=Mfa(required=True))
    assert (await browser.authorize(prompt="none")).values["error"] == "interaction_required"
    assert (await browser.authorize()).attempt


@pytest.mark.parametrize(
    "sent", [{"prompt": "login"}, {"prompt": "select_account"}, {"max_age": "0"}, {"prompt": "login consent"}]
)
async def test_a_fresh_sign_in_is_a_new_one(front: Front, browser: Browser, sent: dict[str, str]) -> None:
    await browser.signed_in()
    front.clock.turn(seconds=5)
    again = await browser.authorize(**sent)
    assert (await browser.view(again.attempt)).step == "identify"
    assert (await browser.sign_in(again.attempt)).code
    assert (await browser.codes())[-1].request["auth_time"] == NOW // 1000 + 5


async def test_who_is_new_is_shown_the_sign_up(browser: Browser) -> None:
    for sent in ({"prompt": "create"}, {"screen_hint": "signup"}):
        answer = await browser.authorize(**sent)
        assert answer.location.startswith("/sign-up?attempt=")


async def test_hints_reach_the_pages(front: Front, browser: Browser) -> None:
    answer = await browser.authorize(
        login_hint="ann@example.org", ui_locales="de en", connection="Username-Password-Authentication"
    )
    asked = (await browser.view(answer.attempt)).attempt.asked
    assert (asked.hint, asked.locales, asked.connection_id) == ("ann@example.org", ["de", "en"], front.realm)


async def test_a_session_of_another_connection_does_not_do(front: Front, browser: Browser) -> None:
    await front.insert(Connection(id="c" * 16, name="partners", created_at=NOW))
    await browser.signed_in()
    assert (await browser.authorize(connection="partners", prompt="none")).values["error"] == "login_required"
    assert (await browser.authorize(connection="Username-Password-Authentication", prompt="none")).code


async def test_an_id_token_hint_says_who_it_must_be(front: Front, browser: Browser) -> None:
    bob = await front.user("bob@example.org")
    await browser.signed_in()
    ann = (await browser.session()).user_id
    assert (await browser.authorize(prompt="none", id_token_hint=front.id_token(ann))).code
    for expired in (0, 1):
        hint = front.id_token(bob, exp=NOW // 1000 - expired)
        assert (await browser.authorize(prompt="none", id_token_hint=hint)).values["error"] == "login_required"
    answer = await browser.authorize(id_token_hint=front.id_token(bob))
    back = await browser.sign_in(answer.attempt, "ann@example.org")
    assert back.values["error"] == "login_required"


@pytest.mark.parametrize("claims", [{"aud": "other"}, {"aud": ["x", "y"]}, {"typ": "logout+jwt"}, {"ring": "access"}])
async def test_whose_hint_is_no_id_token_of_the_application(
    front: Front, browser: Browser, claims: dict[str, str]
) -> None:
    now, ring = NOW // 1000, front.services.rings(front.site, claims.get("ring", "identity"))
    body = {"sub": "x", "aud": claims.get("aud", "shop"), "exp": now + 60}
    token = ring.sign(body, typ=claims["typ"]) if "typ" in claims else ring.sign(body)
    assert (await browser.authorize(id_token_hint=token)).values["error"] == "invalid_request"


async def test_an_operators_session_is_none_for_applications(front: Front, browser: Browser) -> None:
    await browser.signed_in()
    session = await browser.session()

    await front.change_user(session.user_id, internal=True)
    assert (await browser.authorize(prompt="none")).values["error"] == "login_required"


NASTY = (
    "%00",
    "%FF",
    "%ED%A0%80",
    "%",
    "%zz",
    "%0d%0aset-cookie:%20x=y",
    "a" * 20_000,
    "%F0%9F%98%80",
    "[]",
    "%22%3E%3Cscript%3E",
)


async def test_nothing_that_is_sent_breaks_it_or_leads_away(browser: Browser) -> None:
    right = {"client_id": "shop", "redirect_uri": CALLBACK, "response_type": "code", "state": "s"}
    for name in sorted(KNOWN):
        for value in NASTY:
            others = "&".join(f"{each}={given}" for each, given in right.items() if each != name)
            answer = await browser.get(f"/authorize?{others}&{name}={value}")
            assert answer.status in (303, 400), (name, value, answer.text)
            assert answer.location == "" or answer.location.startswith((f"{CALLBACK}?", "/sign-in?")), (name, value)
            assert "script>" not in answer.text.partition("<body")[2], (name, value)


async def test_a_form_that_is_no_form(browser: Browser) -> None:
    for media, body, status in (
        ("text/plain", b"client_id=shop", 400),
        ("application/json", b"{}", 400),
        ("application/x-www-form-urlencoded", b"client_id=%FF", 400),
        ("application/x-www-form-urlencoded", b"a=" + b"a" * 20_000, 413),
        ("application/x-www-form-urlencoded", b"", 303),
    ):
        reply = await browser.http.post("/authorize", content=body, headers={"content-type": media})
        assert reply.status_code == status, media
