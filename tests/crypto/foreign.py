"""What must hold of every hash that somebody brings, whatever made it."""

import contextlib

from muster.crypto.passwords import HashRefused, check_hash, needs_rehash, verify

ASCII, BEYOND = "correct horse", "pässwörd €5"


def assert_made_of(text: str, scheme: str, password: str) -> None:
    """The hash is of that scheme, verifies with its password and nothing near it, and would be replaced."""
    assert check_hash(text) == scheme
    assert needs_rehash(text)
    assert verify(text, password)
    for wrong in ("", password + "x", password[:-1], password.swapcase(), password + "\0x", "\ud800", "x" * 5000):
        assert wrong == password or not verify(text, wrong), wrong
    ends = len(text.rstrip("="))
    for place in (ends - 1, ends - 9):
        damaged = (
            f"{text[:place]}{'A' if text[place] in 'aB' else 'b' if text[place] == 'A' else 'a'}{text[place + 1 :]}"
        )
        with contextlib.suppress(HashRefused):
            assert not verify(damaged, password), damaged
