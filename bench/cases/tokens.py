"""What programs ask the OpenID provider for: new tokens for old, tokens for themselves, and what a token is worth."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlencode

from bench.case import Findings, Once, Simple
from bench.cases.limits import rs256_limit
from bench.cases.shop import AT_ONCE, Shop, made_client, shop_of
from bench.clients import Client
from bench.connection import FORM, basic
from bench.machine import CannotMeasure
from bench.place import Answers, Place, Site
from bench.traffic import HttpCase, Load

TOKEN: Final = "/oauth/token"  # noqa: S105 - an address
INTROSPECTION: Final = "/oauth/introspect"
USERINFO: Final = "/userinfo"

API: Final = "https://api.shop.example.com/"
SCOPES: Final = ("read:orders", "write:orders")


@contextmanager
def _refresh(place: Place, findings: Findings) -> Iterator[Once]:
    """Each program exchanges the refresh token that it was last given, for a new one, an ID token and an opaque access token."""
    shop = shop_of(place.served(proxied=True))
    held = [given["refresh_token"] for given in shop.given(shop.people[:AT_ONCE])]

    def exchange(seconds: float) -> float:
        nonlocal held
        told = shop.drive(findings, "refresh", held=held, seconds=seconds)
        held = told["held"]
        if not told["answered"]:
            findings.faults.append("a run had no answer at all")
            return 0.0
        _must_be_rs256_and_opaque(told["sample"])
        for name in ("p50_ms", "p99_ms"):
            findings.add(name, told[name])
        return float(told["answered"] / told["seconds"])

    if place.bench.plan.warm_up:
        exchange(place.bench.plan.warm_up)
        findings.every.clear()

    def once() -> float:
        findings.add("rs256_per_second", rs256_limit(place.bench))
        return exchange(place.bench.plan.seconds)

    yield once
    if lost := sum(not _worth(shop, token)["active"] for token in held):
        findings.faults.append(f"{lost:,} refresh tokens were given and are worth nothing")


def _refresh_kept(site: Site) -> Load:
    """An application whose refresh tokens do not rotate: the same few are exchanged over and over."""
    shop = shop_of(site, "kept")
    tokens = [given["refresh_token"] for given in shop.given(shop.people[:AT_ONCE])]
    load = _posted(site, TOKEN, shop.proof, [{"grant_type": "refresh_token", "refresh_token": each} for each in tokens])
    _must_be_rs256_and_opaque(json.loads(load.answers.fallback))
    load.facts["rs256_per_second"] = rs256_limit(site.bench)
    return load


def _client_credentials(site: Site) -> Load:
    """A machine asks for a JWT for one of the tenant's APIs."""
    scopes = [{"value": scope} for scope in SCOPES]
    site.auth0.ask(
        "POST", "/api/v2/resource-servers", {"identifier": API, "name": "Orders", "scopes": scopes}, status=201
    )
    machine = made_client(site, app_type="non_interactive", grant_types=["client_credentials"])
    grant = {"client_id": machine[0], "audience": API, "scope": list(SCOPES)}
    site.auth0.ask("POST", "/api/v2/client-grants", grant, status=201)
    load = _posted(site, TOKEN, basic(*machine), [{"grant_type": "client_credentials", "audience": API}])
    header = _header(json.loads(load.answers.fallback)["access_token"])
    if (header["alg"], header["typ"]) != ("RS256", "at+jwt"):
        raise CannotMeasure(f"the access token is of another kind: {header}")
    load.facts["rs256_per_second"] = rs256_limit(site.bench)
    return load


def _introspection(site: Site) -> Load:
    """An application asks what opaque access tokens of many users are worth."""
    shop = shop_of(site)
    load = _posted(site, INTROSPECTION, shop.proof, [{"token": token} for token in _access_tokens(shop)])
    if not json.loads(load.answers.fallback)["active"]:
        raise CannotMeasure("the access token is worth nothing")
    return load


def _userinfo(site: Site) -> Load:
    """The claims of many users, each by an opaque access token of theirs."""
    clients = [Client(site.server.url, {"Authorization": f"Bearer {token}"}) for token in _access_tokens(shop_of(site))]
    answers = [client.text("GET", USERINFO) for client in clients]
    for client in clients:
        client.close()
    if len(set(answers)) < len(answers):
        raise CannotMeasure("two people have the same claims")
    return Load([client.wire("GET", USERINFO) for client in clients], _answers(USERINFO, answers[0]))


def _access_tokens(shop: Shop) -> list[str]:
    """One of each person's, made when first asked for."""
    kept: dict[str, list[str]] = shop.site.kept
    if "access tokens" not in kept:
        kept["access tokens"] = [given["access_token"] for given in shop.given(shop.people)]
    return kept["access tokens"]


def _posted(site: Site, target: str, proof: Mapping[str, str], forms: list[dict[str, str]]) -> Load:
    """Forms that are posted in turn; the first is tried out, and is what the bare server answers like."""
    client, bodies = Client(site.server.url, {**proof, **FORM}), [urlencode(form) for form in forms]
    sample = client.text("POST", target, bodies[0])
    client.close()
    return Load([client.wire("POST", target, body) for body in bodies], _answers(target, sample))


def _answers(target: str, sample: str) -> Answers:
    return Answers(sample, routes=(target, f"{target}/{{id}}"))


def _worth(shop: Shop, token: str) -> dict[str, bool]:
    client = Client(shop.site.server.url, {**shop.proof, **FORM})
    told: dict[str, bool] = json.loads(client.text("POST", INTROSPECTION, urlencode({"token": token})))
    client.close()
    return told


def _must_be_rs256_and_opaque(given: Mapping[str, str]) -> None:
    """The ID token costs a signature of RSA, and the access token a row: what the floor is of."""
    header = _header(given["id_token"])
    if header["alg"] != "RS256" or "." in given["access_token"]:
        raise CannotMeasure(f"the tokens are of another kind: {header}")


def _header(token: str) -> dict[str, str]:
    first = token.partition(".")[0]
    header: dict[str, str] = json.loads(base64.urlsafe_b64decode(first + "=" * (-len(first) % 4)))
    return header


CASES: Final = (
    Simple("refresh", "refresh, each token once", "/s", _refresh),
    HttpCase("refresh-kept", "refresh, tokens that stay", _refresh_kept, proxied=True),
    HttpCase("client-credentials", "client credentials, JWT", _client_credentials, proxied=True),
    HttpCase("introspection", "introspection, opaque token", _introspection, proxied=True),
    HttpCase("userinfo", "userinfo, opaque token", _userinfo, proxied=True),
)
