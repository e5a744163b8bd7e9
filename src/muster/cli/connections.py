"""Connections to identity providers, as the command line makes them: one small function for each kind."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal

import click
from msgspec.structs import replace

from muster.cli.failures import NOT_STARTED
from muster.cli.tenants import started, tenant_named
from muster.core.actor import operator
from muster.core.connections import actions
from muster.core.connections.model import Connection
from muster.core.external import presets
from muster.core.external.config import ClientKey, Endpoints, OAuthProvider, Provider, SamlProvider, secret_purpose
from muster.core.external.engine import addresses_of
from muster.core.external.model import ExternalRefused
from muster.core.facts import ADDRESSES
from muster.core.ids import random_text
from muster.core.outside import OutsideError
from muster.core.records import Key
from muster.core.security import SecretBox
from muster.core.transaction import Transaction
from muster.first_start import master_key, recall
from muster.outside.http import Outside
from muster.outside.saml_metadata import identity_provider
from muster.settings import Settings

NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "google": ("client-id",),
    "apple": ("client-id", "team-id", "key-id", "private-key"),
    "github": ("client-id",),
    "microsoft": ("client-id",),
    "oidc": ("client-id", "issuer"),
    "oauth2": ("client-id", "authorization-url", "token-url", "userinfo-url"),
    "saml": ("metadata",),
}
"""The options without which a kind cannot be."""

ASKS_FOR: Final = ("google", "github", "microsoft", "oidc", "oauth2")
"""The kinds whose secret is asked for."""

ENTERPRISE: Final = ("saml",)

_YEARS: Final = 10

Given = Mapping[str, Any]
Seal = Callable[[str], str]


class NotGiven(Exception):
    """What was given cannot be used; the message says why."""


async def list_connections(settings: Settings, tenant_name: str) -> list[dict[str, Any]]:
    """Every connection to a provider, oldest first."""
    async with started(settings) as database:
        tenant = await tenant_named(database.store, tenant_name)
        found = await actions.list_connections(database.store, tenant.number, operator())
    return [
        {
            "id": each.id,
            "name": each.name,
            "kind": each.kind,
            "provider": each.provider.provider if each.provider is not None else each.strategy,
            "usable": "yes" if each.provider is not None and not each.disabled else "no",
            "apps": "all" if each.provider is not None and each.provider.every_app else " ".join(each.enabled_apps),
        }
        for each in found
        if each.kind in ("social", "enterprise")
    ]


async def add_connection(settings: Settings, tenant_name: str, given: Given, secret: str | None) -> dict[str, Any]:
    """A new connection, and what the provider must be told of us."""
    metadata = await _metadata(settings, given["metadata"]) if given["metadata"] else ""
    async with started(settings) as database:
        addresses = await recall(database.store, ADDRESSES)
        if not addresses:
            raise click.ClickException(NOT_STARTED)
        tenant = await tenant_named(database.store, tenant_name)
        box = await master_key(settings, database)
        id_, kind, apps = random_text(16), given["kind"], [each for each in given["apps"].split(",") if each]
        connection = Connection(
            id=id_,
            name=given["name"],
            kind=_kind(kind),
            strategy=kind,
            display_name=given["display_name"],
            password_required=False,
            enabled_apps=apps,
            provider=_provider({**given, "metadata": metadata}, secret, _sealing(box, id_), every_app=not apps),
        )
        made = await database.runner.run(tenant.number, operator(), actions.create_connection, connection)
    ours = addresses_of(made, addresses["tenants"].get(tenant.name) or addresses["public_url"])
    shown = {"id": made.id, "name": made.name, "provider": kind}
    if kind == "saml":
        return {**shown, "metadata": ours.metadata, "entity_id": given["audience"] or ours.metadata, "acs": ours.acs}
    return {**shown, "callback": ours.callback}


async def remove_connection(settings: Settings, tenant_name: str, name: str) -> None:
    """Take a connection away. Its users' links stay; a database connection is not removed here."""
    async with started(settings) as database:
        tenant = await tenant_named(database.store, tenant_name)
        await database.runner.run(tenant.number, operator(), _remove, name)


async def _remove(tx: Transaction, name: str) -> None:
    found = await tx.find(Connection, Key("", "connection_name", name))
    if found is None or found.internal or found.kind not in ("social", "enterprise"):
        raise click.ClickException(
            f"there is no connection {name} to a provider; list them with: muster connection list"
        )
    await actions.close_connection(tx, found.id)
    await actions.delete_connection(tx, found.id)


async def _metadata(settings: Settings, place: str) -> str:
    """The metadata of an identity provider, from a file or an address, once it is known to be one's."""
    try:
        if place.startswith(("https://", "http://")):
            answer = await Outside(settings.outbound_allow).fetch("GET", place)
            if answer.status != 200:
                raise NotGiven(f"{place} answers {answer.status}")
            document = answer.body
        else:
            document = await asyncio.to_thread(Path(place).read_bytes)
        identity_provider(document)
        return document.decode()
    except OutsideError as error:
        raise NotGiven(f"{place} cannot be fetched ({error.reason}); an inner address needs --outbound-allow") from None
    except OSError as error:
        raise NotGiven(f"{place} cannot be read: {error.strerror}") from None
    except ImportError:
        raise NotGiven("SAML needs more: pip install muster[saml], and the program xmlsec1") from None
    except (ExternalRefused, UnicodeDecodeError):
        raise NotGiven(f"{place} is no metadata of one SAML 2.0 identity provider") from None


def _provider(given: Given, secret: str | None, seal: Seal, *, every_app: bool) -> Provider:
    provider = _MADE_BY[given["kind"]](given, None if secret is None else seal(secret), seal)
    scopes = [each for each in given["scopes"].replace(",", " ").split() if each]
    if scopes and not isinstance(provider, SamlProvider):
        provider = replace(provider, scopes=scopes)
    return replace(
        provider,
        every_app=every_app,
        sign_up=given["sign_up"],
        trusts_email=provider.trusts_email or given["trust_email"],
        members={**provider.members, **_members(given)},
    )


def _google(given: Given, secret: str | None, _: Seal) -> Provider:
    return presets.google(given["client_id"], secret or "")


def _apple(given: Given, _: str | None, seal: Seal) -> Provider:
    return presets.apple(given["client_id"], given["team_id"], given["key_id"], seal(given["private_key"].read_text()))


def _github(given: Given, secret: str | None, _: Seal) -> Provider:
    return presets.github(given["client_id"], secret or "", given["host"] or "github.com")


def _microsoft(given: Given, secret: str | None, _: Seal) -> Provider:
    return presets.microsoft(given["client_id"], secret or "", given["organisation"] or "common")


def _openid(given: Given, secret: str | None, _: Seal) -> Provider:
    return presets.openid(given["issuer"], given["client_id"], secret)


def _oauth2(given: Given, secret: str | None, _: Seal) -> Provider:
    return OAuthProvider(
        provider="oauth2",
        client_id=given["client_id"],
        secret=secret,
        proof="none" if secret is None else "client_secret_basic",
        endpoints=Endpoints(
            authorization=given["authorization_url"],
            token=given["token_url"],
            userinfo=given["userinfo_url"],
            emails=given["emails_url"] or "",
        ),
    )


def _saml(given: Given, _: str | None, seal: Seal) -> Provider:
    private, certificate = _own_key(given["name"])
    return SamlProvider(
        provider="saml",
        metadata=given["metadata"],
        key=ClientKey(private=seal(private)),
        certificate=certificate,
        unsolicited=given["unsolicited"],
        subject=given["subject"],
        audience=given["audience"],
    )


_MADE_BY: Final[Mapping[str, Callable[[Given, str | None, Seal], Provider]]] = {
    "google": _google,
    "apple": _apple,
    "github": _github,
    "microsoft": _microsoft,
    "oidc": _openid,
    "oauth2": _oauth2,
    "saml": _saml,
}


def _kind(kind: str) -> Literal["social", "enterprise"]:
    return "enterprise" if kind in ENTERPRISE else "social"


def _members(given: Given) -> dict[str, str]:
    pairs = [each.partition("=") for each in given["members"]]
    if any(not ours or not theirs for ours, _, theirs in pairs):
        raise NotGiven("--member takes OURS=THEIRS, e.g. sub=id")
    return {ours: theirs for ours, _, theirs in pairs}


def _sealing(box: SecretBox, connection_id: str) -> Seal:
    return lambda secret: box.seal(secret.encode(), purpose=secret_purpose(connection_id))


def _own_key(name: str) -> tuple[str, str]:
    """A key for our SAML requests and a certificate that carries its public half, both PEM; nobody checks more of it."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    called = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name[:64])])
    begins = datetime.now(UTC) - timedelta(days=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(called)
        .issuer_name(called)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=365 * _YEARS))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return private, certificate.public_bytes(Encoding.PEM).decode()
