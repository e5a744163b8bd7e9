"""An authenticator in software: answers WebAuthn options as a browser and its platform would, with real keys and signatures.

Whatever a test wants to go wrong is named in the call.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

PRESENT, VERIFIED, BACKUP_ELIGIBLE, BACKED_UP, ATTESTED = 0x01, 0x04, 0x08, 0x10, 0x40


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Authenticator:
    """One device with one passkey. `counts` is what its signature counter grows by; synced passkeys do not count."""

    def __init__(self, origin: str, *, algorithm: int = -7, counts: int = 0, synced: bool = True) -> None:
        self.origin = origin
        self.id = secrets.token_bytes(32)
        self.handle = b""
        self.count = 0
        self._counts = counts
        self._flags = BACKUP_ELIGIBLE | BACKED_UP if synced else 0
        self._algorithm = algorithm
        self._key: PrivateKeyTypes = (
            ec.generate_private_key(ec.SECP256R1()) if algorithm == -7 else ed25519.Ed25519PrivateKey.generate()
        )

    def create(
        self,
        options: dict[str, Any],
        *,
        challenge: str | None = None,
        origin: str | None = None,
        party: str | None = None,
        present: bool = True,
        verified: bool = True,
        client: dict[str, Any] | None = None,
    ) -> str:
        """What `navigator.credentials.create()` gives, as JSON."""
        self.handle = unb64(options["user"]["id"])
        data = self._data(party or options["rp"]["id"], present=present, verified=verified, attested=True)
        response = {
            "clientDataJSON": self._client("webauthn.create", challenge or options["challenge"], origin, client),
            "attestationObject": b64(cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})),
            "transports": ["internal", "hybrid", "made-up"],
        }
        return self._answer(response)

    def get(
        self,
        options: dict[str, Any],
        *,
        challenge: str | None = None,
        origin: str | None = None,
        party: str | None = None,
        present: bool = True,
        verified: bool = True,
        client: dict[str, Any] | None = None,
        handle: bytes | None = None,
        signature: bytes | None = None,
    ) -> str:
        """What `navigator.credentials.get()` gives, as JSON."""
        self.count += self._counts
        data = self._data(party or options["rpId"], present=present, verified=verified)
        text = self._client("webauthn.get", challenge or options["challenge"], origin, client)
        signed = data + hashlib.sha256(unb64(text)).digest()
        response = {
            "clientDataJSON": text,
            "authenticatorData": b64(data),
            "signature": b64(signature if signature is not None else self._sign(signed)),
            "userHandle": b64(self.handle if handle is None else handle),
        }
        return self._answer(response)

    def _answer(self, response: dict[str, Any]) -> str:
        id_ = b64(self.id)
        return json.dumps(
            {"id": id_, "rawId": id_, "type": "public-key", "response": response, "clientExtensionResults": {}}
        )

    def _client(self, type_: str, challenge: str, origin: str | None, more: dict[str, Any] | None) -> str:
        client = {"type": type_, "challenge": challenge, "origin": origin or self.origin, "crossOrigin": False}
        return b64(json.dumps({**client, **(more or {})}).encode())

    def _data(self, party: str, *, present: bool, verified: bool, attested: bool = False) -> bytes:
        flags = (
            self._flags | (PRESENT if present else 0) | (VERIFIED if verified else 0) | (ATTESTED if attested else 0)
        )
        data = hashlib.sha256(party.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")
        if attested:
            data += bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cbor2.dumps(self._public())
        return data

    def _public(self) -> dict[int, Any]:
        """The public key as COSE has it (RFC 9053)."""
        if isinstance(self._key, ed25519.Ed25519PrivateKey):
            return {1: 1, 3: -8, -1: 6, -2: self._key.public_key().public_bytes_raw()}
        assert isinstance(self._key, ec.EllipticCurvePrivateKey)
        numbers = self._key.public_key().public_numbers()
        return {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}

    def _sign(self, data: bytes) -> bytes:
        if isinstance(self._key, ed25519.Ed25519PrivateKey):
            return self._key.sign(data)
        assert isinstance(self._key, ec.EllipticCurvePrivateKey)
        return self._key.sign(data, ec.ECDSA(hashes.SHA256()))
