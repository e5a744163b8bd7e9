"""SAML 2.0 service provider (Core, Bindings, Profiles section 4.1): who we are, the way to an identity provider, and its answer.

The XML's types come from pysaml2 and signatures are checked by the program xmlsec1, both only where a connection uses SAML
(`pip install muster[saml]`). What may be believed is decided here and in `saml_xml.py`, by a clock that is handed in.
"""

import asyncio
import base64
import binascii
import importlib.util
import logging
import secrets as random
import shutil
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from muster.core.connections.model import Connection
from muster.core.external.config import SamlProvider, secret_purpose
from muster.core.external.model import ExternalIdentity, ExternalRefused, failed
from muster.core.external.providers import Addresses, Answer, Departure, Visit
from muster.core.security import NotSealed, SecretBox
from muster.outside.oauth_client import OAuthClients
from muster.outside.profiles import identity_of
from muster.outside.saml_answer import read_answer
from muster.outside.saml_metadata import IdentityProvider, identity_provider, our_metadata
from muster.outside.saml_requests import authn_request, posted, redirected
from muster.outside.saml_xml import MOST_BYTES, Signed, check_form

if TYPE_CHECKING:
    from saml2.sigver import CryptoBackendXmlSec1

CHECKS_AT_ONCE: Final = 4
"""Each is a process of its own, and whoever can begin a sign-in can ask for one."""

METADATA_FOR: Final = 3_600_000
"""Milliseconds that metadata from an address is kept."""


# What the library calls an error is an answer that we refuse, which an event tells.
logging.getLogger("saml2").setLevel(logging.CRITICAL)


class Saml:
    """Every SAML identity provider. `xmlsec` is the program's place, empty to find it on PATH."""

    def __init__(self, clients: OAuthClients, secrets: SecretBox, *, xmlsec: str = "") -> None:
        self._clients = clients
        self._secrets = secrets
        self._xmlsec = xmlsec
        self._checking = asyncio.Semaphore(CHECKS_AT_ONCE)
        self._fetched: dict[str, tuple[int, IdentityProvider]] = {}

    async def depart(self, visit: Visit, provider: SamlProvider) -> Departure:
        """The browser goes with a signed request; its id is what the answer is bound to."""
        program = self._program()
        idp = await self._idp(provider)
        request_id = f"_{random.token_hex(20)}"
        now = self._clients.now()
        # In a thread, as is all of it: the library takes most of a second to load.
        request = await asyncio.to_thread(authn_request, visit, provider, idp, request_id, now)
        key = self._key(visit.connection, provider)
        if idp.sso_binding == "post":
            fields = await asyncio.to_thread(posted, program, request, visit.state, key)
            return Departure(idp.sso_url, fields, request_id, b"")
        url = await asyncio.to_thread(redirected, idp.sso_url, request, visit.state, key)
        return Departure(url, {}, request_id, b"")

    async def identify(
        self,
        connection: Connection,
        provider: SamlProvider,
        addresses: Addresses,
        answer: Answer,
        *,
        request_id: str,
    ) -> ExternalIdentity:
        """Who the assertion is about. An empty `request_id` is for an answer that nobody asked for."""
        if not request_id and not provider.unsolicited:
            raise failed("unsolicited")
        document = _decoded(answer.get("SAMLResponse", ""))
        program = self._program()
        checked = await asyncio.to_thread(check_form, document)
        idp = await self._idp(provider)
        async with self._checking:
            is_signed = await asyncio.to_thread(_all_signed, program, document, checked.signed, idp.certificates)
        if not is_signed:
            raise failed("signature")
        said = await asyncio.to_thread(
            read_answer,
            checked,
            issuer=idp.entity_id,
            audience=provider.audience or addresses.metadata,
            acs=addresses.acs,
            request_id=request_id,
            now=self._clients.now(),
        )
        subject = said.attributes.get(provider.subject) if provider.subject else said.name_id
        if isinstance(subject, list) or (said.is_transient and not provider.subject):
            raise failed("subject")
        identity = identity_of(
            connection, subject, said.attributes, scopes=[], tokens=None, email_verified=provider.trusts_email
        )
        return replace(identity, once=said.assertion_id, once_until=said.over_at)

    async def metadata(self, provider: SamlProvider, addresses: Addresses) -> bytes:
        """What an identity provider is given of us."""
        _need_library()
        return await asyncio.to_thread(
            our_metadata, provider.audience or addresses.metadata, addresses.acs, provider.certificate
        )

    async def _idp(self, provider: SamlProvider) -> IdentityProvider:
        """The other side: by its members, by its metadata as text, or from an address once an hour."""
        if provider.entity_id and provider.sso_url and provider.certificates:
            return IdentityProvider(
                provider.entity_id, provider.sso_url, provider.sso_binding, tuple(provider.certificates)
            )
        if provider.metadata:
            return identity_provider(provider.metadata.encode())
        now = self._clients.now()
        kept = self._fetched.get(provider.metadata_url)
        if kept is not None and now - kept[0] < METADATA_FOR:
            return kept[1]
        answer = await self._clients.document(
            provider.metadata_url, accept="application/samlmetadata+xml", why="metadata"
        )
        found = identity_provider(answer.body)
        self._fetched[provider.metadata_url] = now, found
        return found

    def _key(self, connection: Connection, provider: SamlProvider) -> bytes | None:
        if provider.key is None:
            return None
        try:
            return self._secrets.open(provider.key.private, purpose=secret_purpose(connection.id))
        except NotSealed:
            raise failed("client_key") from None

    def _program(self) -> str:
        _need_library()
        found = self._xmlsec or shutil.which("xmlsec1")
        if not found:
            raise ExternalRefused("external_unavailable", why="no_xmlsec1")
        return found


def _need_library() -> None:
    if importlib.util.find_spec("saml2") is None:
        raise ExternalRefused("external_unavailable", why="no_pysaml2")


def _decoded(text: str) -> bytes:
    if len(text) > MOST_BYTES * 2:
        raise failed("xml_refused")
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise failed("not_base64") from None


def _all_signed(program: str, document: bytes, signed: tuple[Signed, ...], certificates: tuple[str, ...]) -> bool:
    """Whether one of the provider's own certificates verifies every signature; keys inside the document count for nothing."""
    from saml2.sigver import CryptoBackendXmlSec1

    backend = CryptoBackendXmlSec1(program)
    return all(any(_is_signed(backend, document, each, pem) for pem in certificates) for each in signed)


def _is_signed(backend: "CryptoBackendXmlSec1", document: bytes, signed: Signed, certificate: str) -> bool:
    from saml2.s_utils import UnknownPrincipal
    from saml2.sigver import SigverError, make_temp

    file = make_temp(certificate, suffix=".pem", decode=False)
    try:
        verdict: Any = backend.validate_signature(document, file.name, "pem", signed.name, signed.id)
    except (SigverError, UnknownPrincipal, OSError, ValueError):
        return False
    finally:
        file.close()
    return verdict is True
