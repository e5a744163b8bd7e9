"""Time-based one-time codes: RFC 6238 with SHA-1, 6 digits and 30 seconds, as every authenticator app understands them."""

import base64
import secrets
from functools import lru_cache
from hmac import compare_digest
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pyotp import TOTP

STEP_SECONDS: Final = 30
DIGITS: Final = 6
WINDOW: Final = 1
"""Steps before and after the present one that are taken too, for clocks that go wrong (RFC 6238, 5.2)."""

_SECRET_BYTES: Final = 20  # as long as SHA-1's output (RFC 4226, 4)


class TimeBasedCodes:
    """What `core.security.OneTimeCodes` asks for."""

    def new_secret(self) -> str:
        """160 random bits as 32 characters of base32."""
        return base64.b32encode(secrets.token_bytes(_SECRET_BYTES)).decode("ascii")

    def step_of(self, secret: str, code: str, now: int) -> int | None:
        """The step whose code it is, the latest if it is that of several. Blanks in the code are left out.

        Every step of the window is compared, in constant time.
        """
        offered = code.replace(" ", "")
        if len(offered) != DIGITS or not (offered.isascii() and offered.isdigit()):
            return None
        totp = _reader(secret)
        present = now // 1000 // STEP_SECONDS
        steps = range(max(present - WINDOW, 0), present + WINDOW + 1)
        found = [step for step in steps if compare_digest(totp.generate_otp(step), offered)]
        return found[-1] if found else None

    def uri(self, secret: str, *, account: str, issuer: str) -> str:
        """`otpauth://totp/<issuer>:<account>?secret=…&issuer=…`."""
        return _reader(secret).provisioning_uri(name=account, issuer_name=issuer)


def _reader(secret: str) -> "TOTP":
    return _reader_class()(secret)


@lru_cache(1)
def _reader_class() -> type["TOTP"]:
    from pyotp import TOTP

    class AnyLength(TOTP):
        """The library refuses secrets under 112 bits, but 80 bits were usual for years and come with imported users."""

        def byte_secret(self) -> bytes:
            # What does not fill a last byte counts for nothing, as authenticator apps have it.
            whole = base64.b32decode(self.secret + "A" * (-len(self.secret) % 8))
            return whole[: len(self.secret) * 5 // 8]

    return AnyLength
