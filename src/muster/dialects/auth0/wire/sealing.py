"""Secrets inside documents that are otherwise kept as they were sent: encrypted at rest, clear again for who may read them."""

from typing import Any

from muster.core.security import SecretBox

Document = dict[str, Any]

SECRETS = frozenset(
    {
        "app_secret",
        "client_secret",
        "consumer_secret",
        "decryptionKey",
        "password",
        "privateKey",
        "private_key",
        "sasKey",
        "secret",
        "signing_secret",
        "storageAccessKey",
        "twilio_token",
    }
)
"""The members of connections', clients' and APIs' settings that hold a secret when they are texts, at whatever depth."""


def seal_secrets(document: Document, box: SecretBox, purpose: str, before: Document | None = None) -> Document:
    """The document with every secret sealed. A secret that `before` holds already stays as it is sealed there."""
    held = before or {}
    return {name: _sealed(name, value, held.get(name), box, purpose) for name, value in document.items()}


def open_secrets(document: Document, box: SecretBox, purpose: str) -> Document:
    """The document as it was sent."""
    return {name: _opened(name, value, box, purpose) for name, value in document.items()}


def seal_text(text: str, before: object, box: SecretBox, purpose: str) -> str:
    """The text sealed, or `before` when that is the same text sealed, or was sent back as it is."""
    if isinstance(before, str) and (text == before or text == box.open(before, purpose=purpose).decode()):
        return before
    return box.seal(text.encode(), purpose=purpose)


def _sealed(name: str, value: Any, before: Any, box: SecretBox, purpose: str) -> Any:
    if isinstance(value, str):
        return seal_text(value, before, box, purpose) if name in SECRETS else value
    if isinstance(value, dict):
        return seal_secrets(value, box, purpose, before if isinstance(before, dict) else None)
    if isinstance(value, list):
        held = before if isinstance(before, list) and len(before) == len(value) else [None] * len(value)
        return [_sealed("", item, was, box, purpose) for item, was in zip(value, held, strict=True)]
    return value


def _opened(name: str, value: Any, box: SecretBox, purpose: str) -> Any:
    if isinstance(value, str):
        return box.open(value, purpose=purpose).decode() if name in SECRETS else value
    if isinstance(value, dict):
        return open_secrets(value, box, purpose)
    if isinstance(value, list):
        return [_opened("", item, box, purpose) for item in value]
    return value
