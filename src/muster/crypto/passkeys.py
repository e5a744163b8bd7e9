"""Passkeys: what `core.security.Passkeys` asks for, by the library webauthn (Web Authentication Level 3).

The options are plain JSON and made here. The library checks what browsers answer; it and what it brings take a tenth of a
second to import, so that happens in the thread of the first check.
"""

import asyncio
import base64
import binascii
import json
import secrets
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from muster.core.passkeys.model import CHALLENGE_LIFETIME, Ceremony, Claim, Created, Descriptor, RelyingParty, Signed
from muster.core.security import PasskeyRefused

if TYPE_CHECKING:
    from webauthn.helpers.cose import COSEAlgorithmIdentifier

T = TypeVar("T")

ALGORITHMS: Final = (-8, -7, -257)
"""EdDSA, ES256 and RS256 (RFC 9053), the best first: together what every authenticator has."""

LARGEST: Final = 65_536
"""Characters of an answer; the longest carry an attestation with its certificates, which nobody here asks for."""

_LONGEST_ID: Final = 768
"""Bytes of a credential's id: more fit in no index. The standard's limit is 1,023; authenticators use 16 to 300."""

_CHALLENGE_BYTES: Final = 32


class WebAuthn:
    """What `core.security.Passkeys` promises."""

    def creation(
        self, party: RelyingParty, *, handle: str, name: str, shown_name: str, exclude: Sequence[Descriptor] = ()
    ) -> Ceremony:
        """`PublicKeyCredentialCreationOptionsJSON` (section 5.4): discoverable, user verification preferred, no attestation."""
        challenge = _b64(secrets.token_bytes(_CHALLENGE_BYTES))
        options = {
            "rp": {"id": party.id, "name": party.name},
            "user": {"id": handle, "name": name, "displayName": shown_name},
            "challenge": challenge,
            "pubKeyCredParams": [{"type": "public-key", "alg": algorithm} for algorithm in ALGORITHMS],
            "timeout": CHALLENGE_LIFETIME,
            "excludeCredentials": [_described(each) for each in exclude],
            "authenticatorSelection": {
                "residentKey": "required",
                "requireResidentKey": True,
                "userVerification": "preferred",
            },
            "attestation": "none",
            "extensions": {"credProps": True},
        }
        return Ceremony(options, challenge)

    def request(self, party: RelyingParty, *, allow: Sequence[Descriptor] = ()) -> Ceremony:
        """`PublicKeyCredentialRequestOptionsJSON` (section 5.5)."""
        challenge = _b64(secrets.token_bytes(_CHALLENGE_BYTES))
        options = {
            "challenge": challenge,
            "timeout": CHALLENGE_LIFETIME,
            "rpId": party.id,
            "allowCredentials": [_described(each) for each in allow],
            "userVerification": "preferred",
        }
        return Ceremony(options, challenge)

    def claim_of(self, credential: str) -> Claim:
        """The id and the challenge that stand in an answer."""
        answer = _object(credential)
        id_, response = answer.get("id"), answer.get("response")
        client_data = response.get("clientDataJSON") if isinstance(response, dict) else None
        if not isinstance(id_, str) or not isinstance(client_data, str):
            raise PasskeyRefused("malformed")
        if len(id_) > _LONGEST_ID * 4 // 3 or _b64(_unb64(id_)) != id_:
            raise PasskeyRefused("malformed")
        challenge = _object(_text(_unb64(client_data))).get("challenge")
        if not isinstance(challenge, str):
            raise PasskeyRefused("malformed")
        return Claim(id_, challenge.rstrip("="))

    async def check_creation(self, party: RelyingParty, credential: str, *, challenge: str) -> Created:
        """Section 7.1. Whoever made the authenticator is not asked."""
        return await asyncio.to_thread(_guarded, partial(_check_creation, party, credential, challenge))

    async def check_request(
        self, party: RelyingParty, credential: str, *, challenge: str, public_key: str, sign_count: int
    ) -> Signed:
        """Section 7.2."""
        signed = await asyncio.to_thread(_guarded, partial(_check_request, party, credential, challenge, public_key))
        if signed.sign_count <= sign_count and (signed.sign_count or sign_count):
            raise PasskeyRefused("copied")
        return signed


def _guarded(check: Callable[[], T]) -> T:
    """Run a check: whatever a stranger's bytes do to a parser, they are refused."""
    from cryptography.exceptions import InvalidSignature
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        return check()
    except PasskeyRefused:
        raise
    except (WebAuthnException, InvalidSignature) as error:
        raise PasskeyRefused(_reason(str(error))) from None
    except Exception:  # noqa: BLE001 - four parsers (JSON, CBOR, COSE, X.509) meet hostile bytes, each with errors of its own
        raise PasskeyRefused("malformed") from None


_REASONS: Final = (
    ("challenge", "challenge"),
    ("origin", "origin"),
    ("RP ID", "party"),
    ("not present", "presence"),
    ("signature", "signature"),
)


def _reason(message: str) -> str:
    """The library tells its refusals apart by their texts alone. Only logs and tests are told the reason."""
    return next((reason for words, reason in _REASONS if words in message), "malformed")


def _check_creation(party: RelyingParty, credential: str, challenge: str) -> Created:
    from webauthn import verify_registration_response
    from webauthn.helpers.structs import CredentialDeviceType

    answer = _object(credential)
    _same_origin(answer)
    verified = verify_registration_response(
        credential=answer,
        expected_challenge=_unb64(challenge),
        expected_rp_id=party.id,
        expected_origin=party.origin,
        supported_pub_key_algs=_algorithms(),
    )
    id_ = _b64(verified.credential_id)
    if id_ != answer.get("id") or len(verified.credential_id) > _LONGEST_ID:
        raise PasskeyRefused("malformed")
    return Created(
        credential_id=id_,
        public_key=_b64(verified.credential_public_key),
        sign_count=verified.sign_count,
        aaguid=verified.aaguid,
        user_verified=verified.user_verified,
        backup_eligible=verified.credential_device_type == CredentialDeviceType.MULTI_DEVICE,
        backup_state=verified.credential_backed_up,
        transports=_transports(answer),
    )


def _check_request(party: RelyingParty, credential: str, challenge: str, public_key: str) -> Signed:
    from webauthn import verify_authentication_response

    answer = _object(credential)
    _same_origin(answer)
    verified = verify_authentication_response(
        credential=answer,
        expected_challenge=_unb64(challenge),
        expected_rp_id=party.id,
        expected_origin=party.origin,
        credential_public_key=_unb64(public_key),
        credential_current_sign_count=0,  # compared by the caller, who can then tell a copy from a forgery
    )
    handle = answer["response"].get("userHandle")
    return Signed(
        credential_id=_b64(verified.credential_id),
        sign_count=verified.new_sign_count,
        user_verified=verified.user_verified,
        backup_state=verified.credential_backed_up,
        handle=handle.rstrip("=") if isinstance(handle, str) and handle else None,
    )


def _same_origin(answer: dict[str, Any]) -> None:
    """Refuse what was made inside another site's frame (section 7.1 steps 10 and 11)."""
    client_data = _object(_text(_unb64(answer["response"]["clientDataJSON"])))
    if client_data.get("crossOrigin") not in (None, False) or "topOrigin" in client_data:
        raise PasskeyRefused("origin")


def _algorithms() -> "list[COSEAlgorithmIdentifier]":
    from webauthn.helpers.cose import COSEAlgorithmIdentifier

    return [COSEAlgorithmIdentifier(algorithm) for algorithm in ALGORITHMS]


_TRANSPORTS: Final = frozenset({"ble", "cable", "hybrid", "internal", "nfc", "smart-card", "usb"})


def _transports(answer: dict[str, Any]) -> list[str]:
    told = answer["response"].get("transports")
    return [each for each in told if each in _TRANSPORTS][: len(_TRANSPORTS)] if isinstance(told, list) else []


def _described(descriptor: Descriptor) -> dict[str, Any]:
    described: dict[str, Any] = {"type": "public-key", "id": descriptor.credential_id}
    return {**described, "transports": list(descriptor.transports)} if descriptor.transports else described


def _object(text: str) -> dict[str, Any]:
    if len(text) > LARGEST:
        raise PasskeyRefused("malformed")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise PasskeyRefused("malformed") from None
    if not isinstance(value, dict):
        raise PasskeyRefused("malformed")
    return value


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise PasskeyRefused("malformed") from None


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode("ascii").rstrip("=")


def _unb64(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise PasskeyRefused("malformed") from None
