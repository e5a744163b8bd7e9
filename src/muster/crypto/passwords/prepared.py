"""What some makers of hashes did to a password before they hashed it (`formats.Input`).

Nobody normalises Unicode: the hashes people bring were made from the characters as they were typed.
"""

from muster.core.passwords.formats import Input
from muster.crypto.passwords.digests import digest


def prepared(input_: Input, password: str, secret: bytes) -> bytes:
    """The bytes that were hashed. `secret` is the password in UTF-8."""
    if input_.encoding == "utf16le":
        secret = password.encode("utf-16-le")
    elif input_.encoding == "latin1":
        # As Node's Buffer writes latin1, ascii and binary: a character above U+00FF is not refused, its high byte is lost.
        secret = password.encode("utf-16-le")[::2]
    if input_.prehash:
        secret = digest(input_.prehash, secret).hex().encode("ascii")
    return input_.before + secret + input_.after
