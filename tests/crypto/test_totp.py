from __future__ import annotations

import base64
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.crypto.totp import TimeBasedCodes

codes = TimeBasedCodes()
RFC_SECRET = base64.b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    ("seconds", "eight_digits"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_the_vectors_of_rfc_6238(seconds: int, eight_digits: str) -> None:
    """Appendix B; six digits are the last six of eight."""
    assert codes.step_of(RFC_SECRET, eight_digits[2:], seconds * 1000) == seconds // 30


@given(now=st.integers(0, 10**13), drift=st.integers(-4, 4))
def test_a_code_is_taken_one_step_early_or_late(now: int, drift: int) -> None:
    secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    present = now // 30_000
    step = present + drift
    if step < 0:
        return
    code = pyotp.HOTP(secret).at(step)
    window = {pyotp.HOTP(secret).at(each): each for each in range(max(present - 1, 0), present + 2)}
    assert codes.step_of(secret, code, now) == window.get(code)


@pytest.mark.parametrize("secret", ["JBSWY3DPEHPK3PXP", "GEZDGNBV", "GEZDGNBVGY3TQOJQG", "GEZDGNBVGY3TQOJQGEZ"])
def test_short_and_uneven_secrets_of_other_systems_work(secret: str) -> None:
    uri = codes.uri(secret, account="ann@example.org", issuer="Muster")
    assert parse_qs(urlsplit(uri).query)["secret"] == [secret]
    found = {step for n in range(1000) if (step := codes.step_of(secret, f"{n:06}", 10**12)) is not None}
    assert all(33333332 <= step <= 33333334 for step in found)


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "12345\0", "\ud80012345", "1" * 10**6])
def test_what_is_no_code_is_wrong(code: str) -> None:
    assert codes.step_of(RFC_SECRET, code, 59_000) is None


def test_blanks_in_a_code_are_left_out() -> None:
    assert codes.step_of(RFC_SECRET, "287 082", 59_000) == 1


def test_new_secrets_are_160_random_bits() -> None:
    made = {codes.new_secret() for _ in range(50)}
    assert {len(base64.b32decode(secret)) for secret in made} == {20}
    assert len(made) == 50
