"""Answers of a real (software) authenticator, good ones and every bad one we could think of."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from muster.core.passkeys.model import Ceremony, Created, Descriptor, RelyingParty, Signed, relying_party
from muster.core.security import PasskeyRefused
from muster.crypto.passkeys import WebAuthn
from tests.authenticator import Authenticator, b64, unb64

ORIGIN = "https://id.example.org:8443"
PARTY = RelyingParty("id.example.org", ORIGIN, "Example")
HANDLE = b64(bytes(range(16)))

PASSKEYS = WebAuthn()


def creation() -> Ceremony:
    return PASSKEYS.creation(PARTY, handle=HANDLE, name="ann@example.org", shown_name="Ann")


async def created(device: Authenticator, **wrong: Any) -> Created:
    options, challenge = creation()
    return await PASSKEYS.check_creation(PARTY, device.create(options, **wrong), challenge=challenge)


async def signed(device: Authenticator, public_key: str, *, sign_count: int = 0, **wrong: Any) -> Signed:
    options, challenge = PASSKEYS.request(PARTY)
    answer = device.get(options, **wrong)
    return await PASSKEYS.check_request(
        PARTY, answer, challenge=challenge, public_key=public_key, sign_count=sign_count
    )


async def why(check: Any) -> str:
    with pytest.raises(PasskeyRefused) as refused:
        await check
    return refused.value.reason


def test_the_party_is_the_public_addresss_host() -> None:
    assert relying_party("https://id.example.org:8443/", "Example") == PARTY
    assert relying_party("https://id.example.org/", "") == RelyingParty(
        "id.example.org", "https://id.example.org", "id.example.org"
    )
    assert relying_party("http://localhost:8400/", "x") == RelyingParty("localhost", "http://localhost:8400", "x")
    for without in ("https://127.0.0.1:8443/", "https://[::1]:8443/", "http://id.example.org/", "", "nonsense"):
        assert relying_party(without, "x") is None


def test_options_ask_for_a_discoverable_credential_and_no_attestation() -> None:
    options, challenge = PASSKEYS.creation(
        PARTY, handle=HANDLE, name="ann@example.org", shown_name="Ann", exclude=[Descriptor("AQID", ("usb",))]
    )
    assert len(unb64(challenge)) == 32
    assert options == {
        "rp": {"id": "id.example.org", "name": "Example"},
        "user": {"id": HANDLE, "name": "ann@example.org", "displayName": "Ann"},
        "challenge": challenge,
        "pubKeyCredParams": [{"type": "public-key", "alg": alg} for alg in (-8, -7, -257)],
        "timeout": 300_000,
        "excludeCredentials": [{"type": "public-key", "id": "AQID", "transports": ["usb"]}],
        "authenticatorSelection": {
            "residentKey": "required",
            "requireResidentKey": True,
            "userVerification": "preferred",
        },
        "attestation": "none",
        "extensions": {"credProps": True},
    }
    asked, other = PASSKEYS.request(PARTY, allow=[Descriptor("AQID")])
    assert other != challenge
    assert asked == {
        "challenge": other,
        "timeout": 300_000,
        "rpId": "id.example.org",
        "allowCredentials": [{"type": "public-key", "id": "AQID"}],
        "userVerification": "preferred",
    }


@pytest.mark.parametrize("algorithm", [-7, -8])
async def test_a_passkey_is_made_and_signs(algorithm: int) -> None:
    device = Authenticator(ORIGIN, algorithm=algorithm)
    made = await created(device)
    assert made == Created(
        credential_id=b64(device.id),
        public_key=made.public_key,
        sign_count=0,
        aaguid="00000000-0000-0000-0000-000000000000",
        user_verified=True,
        backup_eligible=True,
        backup_state=True,
        transports=["internal", "hybrid"],
    )
    assert await signed(device, made.public_key) == Signed(
        credential_id=b64(device.id), sign_count=0, user_verified=True, backup_state=True, handle=HANDLE
    )
    assert (await signed(device, made.public_key, verified=False)).user_verified is False


async def test_what_an_answer_says_of_itself() -> None:
    device = Authenticator(ORIGIN)
    options, challenge = creation()
    assert PASSKEYS.claim_of(device.create(options)) == (b64(device.id), challenge)
    asked, other = PASSKEYS.request(PARTY)
    assert PASSKEYS.claim_of(device.get(asked)) == (b64(device.id), other)


async def test_a_creation_is_refused_for_any_other_place_or_challenge() -> None:
    device = Authenticator(ORIGIN)
    assert await why(created(device, challenge=b64(b"another" * 5))) == "challenge"
    for origin in ("https://id.example.org", "http://id.example.org:8443", f"{ORIGIN}.evil.com", "https://evil.com"):
        assert await why(created(device, origin=origin)) == "origin"
    assert await why(created(device, client={"crossOrigin": True})) == "origin"
    assert await why(created(device, client={"topOrigin": "https://evil.com"})) == "origin"
    assert await why(created(device, party="evil.com")) == "party"
    assert await why(created(device, present=False)) == "presence"
    assert await why(created(device, client={"type": "webauthn.get"})) == "malformed"


async def test_a_signature_is_refused_for_any_other_key_place_or_challenge() -> None:
    device, other = Authenticator(ORIGIN), Authenticator(ORIGIN)
    key, others_key = (await created(device)).public_key, (await created(other)).public_key
    assert await why(signed(device, others_key)) == "signature"
    assert await why(signed(device, key, signature=b"\x30\x06\x02\x01\x01\x02\x01\x01")) == "signature"
    assert await why(signed(device, key, challenge=b64(b"another" * 5))) == "challenge"
    assert await why(signed(device, key, origin="https://evil.com")) == "origin"
    assert await why(signed(device, key, client={"crossOrigin": True})) == "origin"
    assert await why(signed(device, key, party="evil.com")) == "party"
    assert await why(signed(device, key, present=False)) == "presence"
    assert await why(signed(device, key, client={"type": "webauthn.create"})) == "malformed"


async def test_a_counter_that_does_not_grow_is_a_copy() -> None:
    device = Authenticator(ORIGIN, counts=1, synced=False)
    key = (await created(device)).public_key
    assert (await signed(device, key, sign_count=0)).sign_count == 1
    assert (await signed(device, key, sign_count=1)).sign_count == 2
    assert await why(signed(device, key, sign_count=3)) == "copied"
    still = Authenticator(ORIGIN, counts=0)
    key = (await created(still)).public_key
    assert await why(signed(still, key, sign_count=4)) == "copied"


def nested(depth: int) -> str:
    return '{"id":"AQID","response":' + '{"a":' * depth + "1" + "}" * depth + "}"


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "null",
        "[]",
        "{",
        "{}",
        '{"id": 1}',
        '{"id": "AQID", "response": null}',
        '{"id": "A*", "response": {"clientDataJSON": "e30"}}',
        '{"id": "AQID", "response": {"clientDataJSON": "e30"}}',
        '{"id": "AQID", "response": {"clientDataJSON": "/w=="}}',
        '{"id": "\\ud800", "response": {"clientDataJSON": "e30"}}',
        '{"id": "é", "response": {"clientDataJSON": "e30"}}',
        json.dumps({"id": "A" * 2000, "response": {"clientDataJSON": "e30"}}),
        nested(30_000),
        "x" * 70_000,
    ],
)
async def test_what_is_no_answer_is_malformed(answer: str) -> None:
    with pytest.raises(PasskeyRefused, match="malformed"):
        PASSKEYS.claim_of(answer)
    assert await why(PASSKEYS.check_creation(PARTY, answer, challenge="AQID")) == "malformed"
    check = PASSKEYS.check_request(PARTY, answer, challenge="AQID", public_key="AQID", sign_count=0)
    assert await why(check) == "malformed"


@pytest.mark.parametrize("part", ["attestationObject", "clientDataJSON", "transports"])
@pytest.mark.parametrize("value", [None, 1, "", "AQID", b64(b"\x81" * 5000), [["x"]], {}])
async def test_hostile_parts_of_a_creation_never_crash(part: str, value: object) -> None:
    device = Authenticator(ORIGIN)
    options, challenge = creation()
    answer = json.loads(device.create(options))
    answer["response"][part] = value
    try:
        made = await PASSKEYS.check_creation(PARTY, json.dumps(answer), challenge=challenge)
    except PasskeyRefused:
        return
    assert part == "transports"
    assert made.transports == []


def test_the_library_is_not_imported_before_it_is_needed() -> None:
    code = "import sys, muster.crypto.passkeys; sys.exit('webauthn' in sys.modules or 'cbor2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
