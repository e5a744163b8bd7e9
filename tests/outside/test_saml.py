"""Coming from a SAML identity provider: what is asked, and everything in an assertion that must not be believed."""

from __future__ import annotations

import base64
import shutil
import subprocess
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.x509 import load_pem_x509_certificate

from muster.core.connections.model import Connection
from muster.core.credentials.attempts import CredentialRefused
from muster.core.events import Context
from muster.core.external.config import ClientKey, SamlProvider
from muster.core.external.model import ExternalRefused
from tests.databases import Databases
from tests.outside import wrapping
from tests.outside.elsewhere import BROWSER, NOW, SITE, Elsewhere, opened_elsewhere
from tests.outside.saml_idp import (
    ENTITY,
    SHA1,
    SSO,
    A,
    IdentityProvider,
    P,
    Statement,
    encoded,
    key_and_certificate,
    request_of,
)

pytestmark = pytest.mark.skipif(shutil.which("xmlsec1") is None, reason="needs the program xmlsec1")

ID = "saml000000000001"
ACS = f"{SITE}sign-in/saml/{ID}/acs"
METADATA = f"{SITE}sign-in/saml/{ID}/metadata"


class Scene:
    def __init__(self, world: Elsewhere, idp: IdentityProvider, connection: Connection, certificate: str) -> None:
        self.world = world
        self.idp = idp
        self.connection = connection
        self.certificate = certificate
        self.number = 0

    async def leave(self) -> tuple[str, Statement]:
        """A trip: its state, and what the provider would rightly say at its end."""
        departure = await self.world.leave(self.connection, await self.world.attempt())
        request, query = request_of(departure.url)
        self.number += 1
        said = Statement(NOW, ACS, METADATA, request.attrib["ID"], assertion_id=f"_assertion-{self.number}")
        return query["RelayState"], said

    async def receive(self, document: str, state: str) -> str:
        answer = {"SAMLResponse": encoded(document), "state": state}
        return await self.world.external.receive(self.world.tenant_id, ID, answer, SITE, Context())

    async def refusal(self, document: str, state: str) -> str:
        with pytest.raises(ExternalRefused) as refused:
            await self.receive(document, state)
        return str(refused.value.detail["why"])

    async def refusal_of(self, **members: Any) -> str:
        state, said = await self.leave()
        for name, value in members.items():
            setattr(said, name, value)
        return await self.refusal(self.idp.answer(said), state)


@pytest.fixture(scope="module")
def idp(tmp_path_factory: pytest.TempPathFactory) -> IdentityProvider:
    return IdentityProvider(tmp_path_factory.mktemp("idp"))


@pytest.fixture(scope="module")
def own_key() -> tuple[str, str]:
    return key_and_certificate()


@pytest.fixture
async def scene(sqlite_databases: Databases, idp: IdentityProvider, own_key: tuple[str, str]) -> AsyncIterator[Scene]:
    url = sqlite_databases.migrated()
    private, certificate = own_key
    async with opened_elsewhere(url) as world:
        config = SamlProvider(
            provider="saml",
            metadata=idp.metadata(),
            key=ClientKey(private=world.sealed(ID, private)),
            certificate=certificate,
        )
        yield Scene(world, idp, await world.connect(config, ID, kind="enterprise"), certificate)
    sqlite_databases.drop(url)


async def test_the_request_says_who_asks_and_is_signed(scene: Scene) -> None:
    departure = await scene.world.leave(scene.connection, await scene.world.attempt())
    request, query = request_of(departure.url)
    assert departure.url.startswith(f"{SSO}?")
    assert {name: request.attrib[name] for name in ("Destination", "AssertionConsumerServiceURL", "Version")} == {
        "Destination": SSO,
        "AssertionConsumerServiceURL": ACS,
        "Version": "2.0",
    }
    assert request.findtext(f"{{{A}}}Issuer") == METADATA
    assert len(query["RelayState"]) <= 80
    signed = urlsplit(departure.url).query.rpartition("&Signature=")[0]
    assert signed == urlencode({name: query[name] for name in ("SAMLRequest", "RelayState", "SigAlg")})
    public: Any = load_pem_x509_certificate(scene.certificate.encode()).public_key()
    public.verify(base64.b64decode(query["Signature"]), signed.encode(), padding.PKCS1v15(), hashes.SHA256())


async def test_a_request_by_post_is_signed_within(scene: Scene) -> None:
    metadata = scene.idp.metadata().replace("HTTP-Redirect", "HTTP-POST")
    connection = await scene.world.change(scene.connection, metadata=metadata)
    departure = await scene.world.leave(connection, await scene.world.attempt())
    assert departure.url == SSO
    document = scene.idp.folder / "request.xml"
    document.write_bytes(base64.b64decode(departure.fields["SAMLRequest"]))
    certificate = scene.idp.folder / "own.crt"
    certificate.write_text(scene.certificate)
    command = ["xmlsec1", "--verify", "--pubkey-cert-pem", str(certificate), "--id-attr:ID", f"{P}:AuthnRequest"]
    assert subprocess.run([*command, str(document)], capture_output=True, check=False).returncode == 0


async def test_our_metadata_names_us_our_key_and_our_address(scene: Scene) -> None:
    document = (await scene.world.external.metadata(scene.world.tenant_id, ID, SITE)).decode()
    for part in (f'entityID="{METADATA}"', f'Location="{ACS}"', 'AuthnRequestsSigned="true"', "WantAssertionsSigned"):
        assert part in document
    assert "".join(scene.certificate.splitlines()[1:-1]) in document


async def test_any_signature_over_the_assertion_does(scene: Scene) -> None:
    for sign in ("response", "both"):
        state, said = await scene.leave()
        assert await scene.receive(scene.idp.answer(said, sign=sign), state) == state


async def test_the_whole_way(scene: Scene) -> None:
    state, said = await scene.leave()
    assert await scene.receive(scene.idp.answer(said), state) == state
    with pytest.raises(CredentialRefused, match="attempt_over"):
        await scene.world.return_(scene.connection, {"state": state}, "another browser")
    returned = await scene.world.return_(scene.connection, {"state": state}, BROWSER)
    user = await scene.world.user(returned.attempt.user_id)
    (link,) = user.links
    assert (link.kind, link.provider, link.subject) == ("enterprise", "saml", "ada-1")
    assert user.profile.given_name == "Ada"
    assert user.emails == []  # nobody said that this provider's word about addresses counts
    assert link.profile["email"] == "ada@example.org"
    assert [foreign.value for foreign in user.foreign_ids] == [f"samlp|to-{ID}|ada-1"]
    with pytest.raises(CredentialRefused, match="attempt_over"):
        await scene.world.return_(scene.connection, {"state": state}, BROWSER)


NOT_FOR_US: list[tuple[str, dict[str, Any]]] = [
    ("audience", {"audience": "https://other.example.com"}),
    ("audience", {"audiences": ""}),
    ("recipient", {"recipient": "https://other.example.com/acs"}),
    ("destination", {"destination": "https://other.example.com/acs"}),
    ("in_response_to", {"response_in_response_to": "_another"}),
    ("in_response_to", {"in_response_to": "_another"}),
    ("in_response_to", {"in_response_to": ""}),
    ("issuer", {"issuer": "https://other.example.com"}),
    ("issuer", {"response_issuer": "https://other.example.com"}),
    ("expired", {"not_on_or_after": -60}),
    ("expired", {"confirmed_until": -60}),
    ("expired", {"issued": -3661, "not_before": -4000}),
    ("expired", {"issued": 61}),
    ("expired", {"session_until": -60}),
    ("not_yet", {"not_before": 61}),
    ("condition", {"extra_conditions": "<saml:Condition/>"}),
    ("status", {"status": "urn:oasis:names:tc:SAML:2.0:status:Responder"}),
    ("subject", {"format": "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"}),
]


async def test_assertions_that_are_not_for_us_now(scene: Scene) -> None:
    assert [(await scene.refusal_of(**members), members) for _, members in NOT_FOR_US] == NOT_FOR_US


async def test_clocks_may_differ_by_a_minute(scene: Scene) -> None:
    state, said = await scene.leave()
    said.not_on_or_after = said.confirmed_until = -59
    said.issued = -120
    assert await scene.receive(scene.idp.answer(said), state) == state


async def test_signatures_that_do_not_count(scene: Scene) -> None:
    state, said = await scene.leave()
    assert await scene.refusal(scene.idp.answer(said, sign="neither"), state) == "unsigned"
    assert await scene.refusal(scene.idp.answer(said, algorithms=SHA1), state) == "algorithm"
    signed = scene.idp.answer(said)
    assert await scene.refusal(signed.replace("ada-1", "eve-1"), state) == "signature"
    private, certificate = key_and_certificate()  # a key of one's own, whose certificate stands in the document
    (scene.idp.folder / "eve.key").write_text(private)
    (scene.idp.folder / "eve.crt").write_text(certificate)
    assert await scene.refusal(scene.idp.answer(said, key="eve"), state) == "signature"
    assert await scene.receive(signed, state) == state


async def test_a_signature_covers_what_is_read(scene: Scene) -> None:
    outcomes = {}
    for attack in wrapping.ATTACKS:
        state, said = await scene.leave()
        sign = "response" if attack in wrapping.OF_RESPONSES else "assertion"
        forged = attack(scene.idp.answer(said, sign=sign), said)
        assert "eve-1" in forged
        outcomes[attack.__name__] = await scene.refusal(forged, state)
    assert outcomes == {attack.__name__: "wrapped" for attack in wrapping.ATTACKS}


async def test_a_comment_does_not_cut_a_name(scene: Scene) -> None:
    state, said = await scene.leave()
    said.name_id = "ada@example.org<!-- -->.attacker.example.com"
    await scene.receive(scene.idp.answer(said), state)
    returned = await scene.world.return_(scene.connection, {"state": state})
    user = await scene.world.user(returned.attempt.user_id)
    assert user.links[0].subject == "ada@example.org.attacker.example.com"


async def test_a_comment_put_in_later_changes_nothing(scene: Scene) -> None:
    state, said = await scene.leave()
    said.name_id = "ada@example.org.attacker.example.com"
    document = scene.idp.answer(said).replace("example.org.att", "example.org<!-- -->.att")
    await scene.receive(document, state)
    returned = await scene.world.return_(scene.connection, {"state": state})
    user = await scene.world.user(returned.attempt.user_id)
    assert user.links[0].subject == "ada@example.org.attacker.example.com"


NOT_READ = [
    '<!DOCTYPE r [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
    '<!DOCTYPE r [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]>',
    '<?xml version="1.0" encoding="UTF-16"?>',
    '<?xml version="1.0"?><?go on?>',
    "<not><closed>",
    "\x00",
]


async def test_documents_that_are_not_read(scene: Scene) -> None:
    state, said = await scene.leave()
    document = scene.idp.answer(said)
    for prefix in NOT_READ:
        assert await scene.refusal(prefix + document, state) in ("xml_refused", "xml_encoding")


async def test_what_is_no_document(scene: Scene) -> None:
    state, _ = await scene.leave()
    for text in ("", "!", "AAAA", "A" * 600_000):
        with pytest.raises(ExternalRefused):
            await scene.world.external.receive(
                scene.world.tenant_id, ID, {"SAMLResponse": text, "state": state}, SITE, Context()
            )
    deep = "<a>" * 5000 + "</a>" * 5000
    assert await scene.refusal(deep, state) == "xml_refused"


async def test_an_assertion_is_presented_once(scene: Scene) -> None:
    state, said = await scene.leave()
    document = scene.idp.answer(said)
    await scene.receive(document, state)
    with pytest.raises(CredentialRefused):
        await scene.receive(document, state)
    # Not for another trip either: it answers one request.
    other, _ = await scene.leave()
    assert await scene.refusal(document, other) == "in_response_to"


async def test_nobody_comes_unasked_unless_the_connection_lets_them(scene: Scene) -> None:
    said = Statement(NOW, ACS, METADATA, "", assertion_id="_unasked-1")
    document = scene.idp.answer(said)
    relay = "https://attacker.example.com/"
    assert await scene.refusal(document, relay) == "unsolicited"
    await scene.world.change(scene.connection, unsolicited=True)
    state = await scene.receive(document, relay)
    assert "attacker" not in state
    returned = await scene.world.return_(scene.connection, {"state": state}, "a browser")
    assert (returned.outcome, returned.attempt.return_to) == ("signed_in", "/account")
    with pytest.raises(CredentialRefused):
        await scene.world.return_(scene.connection, {"state": state}, "another browser")
    assert await scene.refusal(document, relay) == "replayed"
    # What answers a request of ours is not unasked for.
    _, said = await scene.leave()
    assert await scene.refusal(scene.idp.answer(said), "") == "in_response_to"


async def test_a_person_known_by_an_attribute(scene: Scene) -> None:
    await scene.world.change(scene.connection, subject="employee")
    assert await scene.refusal_of(attributes={"mail": "ada@example.org"}) == "subject"
    state, said = await scene.leave()
    said.attributes = {"employee": "4711"}
    said.format = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
    await scene.receive(scene.idp.answer(said), state)
    returned = await scene.world.return_(scene.connection, {"state": state})
    assert (await scene.world.user(returned.attempt.user_id)).links[0].subject == "4711"


async def test_metadata_that_says_too_little_or_too_much(scene: Scene) -> None:
    good = scene.idp.metadata()
    for document in (
        good.replace("IDPSSODescriptor", "SPSSODescriptor"),
        good.replace(f'entityID="{ENTITY}"', ""),
        good.replace(SSO, "javascript:alert(1)"),
        good.replace("X509Certificate", "X509Nothing"),
        f'<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata">{good}{good}</md:EntitiesDescriptor>',
        "<" + "x" * 10,
    ):
        await scene.world.change(scene.connection, metadata=document)
        with pytest.raises(ExternalRefused):
            await scene.world.leave(scene.connection, await scene.world.attempt())
