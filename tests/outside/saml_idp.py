"""A SAML identity provider that signs whatever a test wants said, and wraps it in ways that attackers do."""

from __future__ import annotations

import base64
import subprocess
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree as ET

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

P = "urn:oasis:names:tc:SAML:2.0:protocol"
A = "urn:oasis:names:tc:SAML:2.0:assertion"
DS = "http://www.w3.org/2000/09/xmldsig#"
SHA256 = ("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", "http://www.w3.org/2001/04/xmlenc#sha256")
SHA1 = (f"{DS}rsa-sha1", f"{DS}sha1")
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
ENTITY = "https://idp.example.com/entity"
SSO = "https://idp.example.com/sso"


def key_and_certificate() -> tuple[str, str]:
    """A private key and a certificate of its own, both PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "idp")])
    begins = datetime(2026, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(begins).not_valid_after(begins + timedelta(days=3650))
    certificate = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    return pem, certificate


@dataclass
class Statement:
    """What a response says; every member may be wrong."""

    now: int
    acs: str
    audience: str
    in_response_to: str
    subject: str = "ada-1"
    name_id: str = ""
    format: str = PERSISTENT
    response_in_response_to: str | None = None
    destination: str | None = None
    recipient: str | None = None
    issuer: str = ENTITY
    response_issuer: str | None = None
    status: str = "urn:oasis:names:tc:SAML:2.0:status:Success"
    not_before: int = -60
    not_on_or_after: int = 300
    confirmed_until: int = 300
    issued: int = 0
    session_until: int | None = None
    audiences: str | None = None
    attributes: dict[str, str] = field(
        default_factory=lambda: {"mail": "ada@example.org", "urn:oid:2.5.4.42": "Ada", "groups": "staff"}
    )
    assertion_id: str = "_assertion-1"
    response_id: str = "_response-1"
    extra_conditions: str = ""

    def at(self, seconds: int) -> str:
        return datetime.fromtimestamp(self.now / 1000 + seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def assertion(self, signature: str = "") -> str:
        name_id = self.name_id or self.subject
        audiences = self.audiences
        if audiences is None:
            audiences = (
                f"<saml:AudienceRestriction><saml:Audience>{self.audience}</saml:Audience></saml:AudienceRestriction>"
            )
        attributes = "".join(
            f'<saml:Attribute Name="{name}"><saml:AttributeValue xsi:type="xs:string">{value}</saml:AttributeValue>'
            "</saml:Attribute>"
            for name, value in self.attributes.items()
        )
        until = "" if self.session_until is None else f' SessionNotOnOrAfter="{self.at(self.session_until)}"'
        asked = f' InResponseTo="{self.in_response_to}"' if self.in_response_to else ""
        return (
            f'<saml:Assertion xmlns:saml="{A}" xmlns:xs="http://www.w3.org/2001/XMLSchema" '
            f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ID="{self.assertion_id}" Version="2.0" '
            f'IssueInstant="{self.at(self.issued)}"><saml:Issuer>{self.issuer}</saml:Issuer>{signature}'
            f'<saml:Subject><saml:NameID Format="{self.format}">{name_id}</saml:NameID>'
            '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData '
            f'Recipient="{self.recipient or self.acs}" NotOnOrAfter="{self.at(self.confirmed_until)}"{asked}/>'
            "</saml:SubjectConfirmation></saml:Subject>"
            f'<saml:Conditions NotBefore="{self.at(self.not_before)}" NotOnOrAfter="{self.at(self.not_on_or_after)}">'
            f"{audiences}{self.extra_conditions}</saml:Conditions>"
            f'<saml:AuthnStatement AuthnInstant="{self.at(self.issued)}"{until}><saml:AuthnContext>'
            "<saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef>"
            "</saml:AuthnContext></saml:AuthnStatement>"
            f"<saml:AttributeStatement>{attributes}</saml:AttributeStatement></saml:Assertion>"
        )

    def response(self, assertion: str, signature: str = "") -> str:
        destination = self.acs if self.destination is None else self.destination
        place = f' Destination="{destination}"' if destination else ""
        asked = self.in_response_to if self.response_in_response_to is None else self.response_in_response_to
        answer = f' InResponseTo="{asked}"' if asked else ""
        issuer = self.issuer if self.response_issuer is None else self.response_issuer
        return (
            f'<samlp:Response xmlns:samlp="{P}" xmlns:saml="{A}" ID="{self.response_id}" Version="2.0" '
            f'IssueInstant="{self.at(0)}"{place}{answer}><saml:Issuer>{issuer}</saml:Issuer>{signature}'
            f'<samlp:Status><samlp:StatusCode Value="{self.status}"/></samlp:Status>{assertion}</samlp:Response>'
        )


def template(id_: str, algorithms: tuple[str, str] = SHA256) -> str:
    """An empty signature over the element with this id, for xmlsec1 to fill in."""
    method, digest = algorithms
    exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#"
    return (
        f'<ds:Signature xmlns:ds="{DS}"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="{exclusive}"/>'
        f'<ds:SignatureMethod Algorithm="{method}"/><ds:Reference URI="#{id_}"><ds:Transforms>'
        f'<ds:Transform Algorithm="{DS}enveloped-signature"/><ds:Transform Algorithm="{exclusive}"/></ds:Transforms>'
        f'<ds:DigestMethod Algorithm="{digest}"/><ds:DigestValue/></ds:Reference></ds:SignedInfo><ds:SignatureValue/>'
        "<ds:KeyInfo><ds:X509Data><ds:X509Certificate/></ds:X509Data></ds:KeyInfo></ds:Signature>"
    )


class IdentityProvider:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.private, self.certificate = key_and_certificate()
        (folder / "idp.key").write_text(self.private)
        (folder / "idp.crt").write_text(self.certificate)

    def metadata(self) -> str:
        bare = "".join(self.certificate.splitlines()[1:-1])
        return (
            f'<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{ENTITY}">'
            f'<md:IDPSSODescriptor protocolSupportEnumeration="{P}"><md:KeyDescriptor use="signing">'
            f'<ds:KeyInfo xmlns:ds="{DS}"><ds:X509Data><ds:X509Certificate>{bare}</ds:X509Certificate></ds:X509Data>'
            "</ds:KeyInfo></md:KeyDescriptor><md:SingleSignOnService "
            f'Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="{SSO}"/>'
            "</md:IDPSSODescriptor></md:EntityDescriptor>"
        )

    def sign(self, document: str, element: str, key: str = "idp") -> str:
        """The document with its first empty signature filled in."""
        source = self.folder / "unsigned.xml"
        source.write_text(document)
        pair = f"{self.folder / f'{key}.key'},{self.folder / f'{key}.crt'}"
        command = ["xmlsec1", "--sign", "--privkey-pem", pair, "--id-attr:ID", element, str(source)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return done.stdout.removeprefix('<?xml version="1.0"?>').strip()

    def signed_assertion(self, said: Statement, algorithms: tuple[str, str] = SHA256, key: str = "idp") -> str:
        return self.sign(said.assertion(template(said.assertion_id, algorithms)), f"{A}:Assertion", key)

    def answer(
        self,
        said: Statement,
        *,
        sign: str = "assertion",
        algorithms: tuple[str, str] = SHA256,
        key: str = "idp",
    ) -> str:
        """A response in which the assertion, the response, both or neither is signed."""
        assertion = self.signed_assertion(said, algorithms, key) if sign in ("assertion", "both") else said.assertion()
        if sign in ("assertion", "neither"):
            return said.response(assertion)
        signature = template(said.response_id, algorithms)
        return self.sign(said.response(assertion, signature), f"{P}:Response", key)


def encoded(document: str) -> str:
    return base64.b64encode(document.encode()).decode()


def request_of(url: str) -> tuple[ET.Element, dict[str, str]]:
    """The request that a redirect carries, and the whole query."""
    query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    return ET.fromstring(zlib.decompress(base64.b64decode(query["SAMLRequest"]), -15)), query
