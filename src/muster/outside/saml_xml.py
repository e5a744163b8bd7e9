"""What a SAML document must look like before anything in it is believed, and which part of it a signature covers.

A signature that checks says only that some element was signed (XML Signature). Wrapping attacks move that element and put a
forged one where the reader looks. So the form is fixed: one response, in it one assertion, each id once, signatures only where
the standard puts them (SAML 2.0 Core section 5.4) and only over the element that holds them; and what is read is what was signed.
"""

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from muster.core.external.model import failed

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

PROTOCOL: Final = "urn:oasis:names:tc:SAML:2.0:protocol"
ASSERTION: Final = "urn:oasis:names:tc:SAML:2.0:assertion"
SIGNATURE: Final = "http://www.w3.org/2000/09/xmldsig#"

MOST_BYTES: Final = 262_144
DEEPEST: Final = 40
MOST_ELEMENTS: Final = 5_000

EXCLUSIVE: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED: Final = f"{SIGNATURE}enveloped-signature"

SIGNED_WITH: Final = frozenset(f"http://www.w3.org/2001/04/xmldsig-more#rsa-sha{bits}" for bits in (256, 384, 512))
DIGESTED_WITH: Final = frozenset(
    {"http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2001/04/xmlenc#sha512"}
    | {"http://www.w3.org/2001/04/xmldsig-more#sha384"}
)
"""Nothing with SHA-1 or less, and no shared keys."""

_DECLARED = re.compile(rb"\A\s*<\?xml\s[^>]*encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")


class Signed(NamedTuple):
    """An element with a signature of its own: `name` as the signing program is told of it, and its id."""

    name: str
    id: str


class Checked(NamedTuple):
    """A response of the right form. The assertion is believed once all of `signed` check; there is at least one."""

    response: "Element"
    assertion: "Element"
    signed: tuple[Signed, ...]


def parse(document: bytes) -> "Element":
    """The tree of a document without a document type, entities and processing instructions, in UTF-8."""
    from xml.etree.ElementTree import ParseError

    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    declared = _DECLARED.match(document)
    if declared is not None and declared[1].lower() not in (b"utf-8", b"us-ascii"):
        raise failed("xml_encoding")
    body = document.split(b"?>", 1)[1] if declared is not None or document.lstrip()[:5] == b"<?xml" else document
    # Programs differ in what they make of these, and nobody needs them here.
    if len(document) > MOST_BYTES or b"<?" in body or b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise failed("xml_refused")
    try:
        document.decode()
        root: Element = fromstring(document, forbid_dtd=True)
    except (ParseError, DefusedXmlException, UnicodeDecodeError, ValueError, RecursionError):
        raise failed("xml_refused") from None
    _bound(root)
    return root


def check_form(document: bytes) -> Checked:
    """A response whose form leaves no doubt about what is signed."""
    root = parse(document)
    if root.tag != f"{{{PROTOCOL}}}Response":
        raise failed("not_a_response")
    if root.find(f".//{{{ASSERTION}}}EncryptedAssertion") is not None:
        raise failed("encrypted")
    assertions = list(root.iter(f"{{{ASSERTION}}}Assertion"))
    if len(assertions) != 1 or assertions[0] not in list(root) or list(root.iter(root.tag)) != [root]:
        raise failed("wrapped")
    assertion = assertions[0]
    ids = [
        value for element in root.iter() for name, value in element.attrib.items() if name.lower() in ("id", "xml:id")
    ]
    if len(ids) != len(set(ids)) or any(not value for value in ids):
        raise failed("wrapped")
    signed = [found for element in (root, assertion) if (found := _signed(element)) is not None]
    if sum(1 for _ in root.iter(f"{{{SIGNATURE}}}Signature")) != len(signed):
        raise failed("wrapped")
    if not signed:
        raise failed("unsigned")
    return Checked(root, assertion, tuple(signed))


def _signed(element: "Element") -> Signed | None:
    """What the element's own signature covers, which must be the element itself and all of it."""
    children = list(element)
    places = [place for place, child in enumerate(children) if child.tag == f"{{{SIGNATURE}}}Signature"]
    if not places:
        return None
    # Right after the issuer: so that a program which looks for the first signature finds this one.
    if places != [1] or children[0].tag != f"{{{ASSERTION}}}Issuer":
        raise failed("wrapped")
    signature = children[1]
    parts = [_local(child.tag) for child in signature]
    if parts not in (["SignedInfo", "SignatureValue"], ["SignedInfo", "SignatureValue", "KeyInfo"]):
        raise failed("wrapped")
    references = list(signature.iter(f"{{{SIGNATURE}}}Reference"))
    id_ = element.get("ID", "")
    if (
        len(references) != 1
        or references[0] not in list(signature[0])
        or references[0].get("URI") != f"#{id_}"
        or not id_
    ):
        raise failed("wrapped")
    _check_algorithms(signature)
    return Signed(element.tag.replace("{", "").replace("}", ":"), id_)


def _check_algorithms(signature: "Element") -> None:
    def used(name: str) -> list[str]:
        return [element.get("Algorithm", "") for element in signature.iter(f"{{{SIGNATURE}}}{name}")]

    methods, digests, transforms = used("SignatureMethod"), used("DigestMethod"), used("Transform")
    if len(methods) != 1 or len(digests) != 1 or not SIGNED_WITH.issuperset(methods):
        raise failed("algorithm")
    if not DIGESTED_WITH.issuperset(digests):
        raise failed("algorithm")
    if transforms not in ([ENVELOPED, EXCLUSIVE], [ENVELOPED]) or used("CanonicalizationMethod") != [EXCLUSIVE]:
        raise failed("transforms")


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _bound(root: "Element") -> None:
    level, seen = [root], 0
    for _ in range(DEEPEST):
        seen += len(level)
        level = [child for element in level for child in element]
        if not level and seen <= MOST_ELEMENTS:
            return
    raise failed("xml_refused")
