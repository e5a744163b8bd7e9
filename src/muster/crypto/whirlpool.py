"""Whirlpool (ISO/IEC 10118-3, the final version of 2003), which OpenSSL no longer gives: only to check hashes made with it."""

from functools import cache
from typing import Final

_POLYNOMIAL: Final = 0x11D
_ROW: Final = (1, 1, 4, 1, 8, 5, 2, 9)
_ROUNDS: Final = 10

# The two small boxes that the substitution of bytes is built from.
_E: Final = (0x1, 0xB, 0x9, 0xC, 0xD, 0x6, 0xF, 0x3, 0xE, 0x8, 0x7, 0x4, 0xA, 0x2, 0x5, 0x0)
_R: Final = (0x7, 0xC, 0xB, 0xD, 0xE, 0x4, 0x9, 0xF, 0x6, 0x3, 0x8, 0xA, 0x2, 0x5, 0x1, 0x0)


def whirlpool(message: bytes) -> bytes:
    """The 64 bytes of the digest."""
    padded = message + b"\x80" + bytes(-(len(message) + 33) % 64) + (len(message) * 8).to_bytes(32, "big")
    state = [0] * 8
    for start in range(0, len(padded), 64):
        block = [int.from_bytes(padded[place : place + 8], "big") for place in range(start, start + 64, 8)]
        key, text = state, [a ^ b for a, b in zip(state, block, strict=True)]
        for constant in _constants():
            key = _round(key)
            key[0] ^= constant
            text = [a ^ b for a, b in zip(_round(text), key, strict=True)]
        state = [a ^ b ^ c for a, b, c in zip(text, state, block, strict=True)]
    return b"".join(row.to_bytes(8, "big") for row in state)


def _round(rows: list[int]) -> list[int]:
    """Substitute the bytes, shift the columns, mix the rows: eight look-ups a row, of which each does all three."""
    tables = _tables()
    return [
        tables[0][rows[row] >> 56]
        ^ tables[1][rows[row - 1] >> 48 & 0xFF]
        ^ tables[2][rows[row - 2] >> 40 & 0xFF]
        ^ tables[3][rows[row - 3] >> 32 & 0xFF]
        ^ tables[4][rows[row - 4] >> 24 & 0xFF]
        ^ tables[5][rows[row - 5] >> 16 & 0xFF]
        ^ tables[6][rows[row - 6] >> 8 & 0xFF]
        ^ tables[7][rows[row - 7] & 0xFF]
        for row in range(8)
    ]


@cache
def _box() -> tuple[int, ...]:
    inverse = [_E.index(value) for value in range(16)]
    made = []
    for byte in range(256):
        high, low = _E[byte >> 4], inverse[byte & 15]
        middle = _R[high ^ low]
        made.append(_E[high ^ middle] << 4 | inverse[low ^ middle])
    return tuple(made)


@cache
def _constants() -> tuple[int, ...]:
    """The first eight bytes of the box are the first round's, and so on."""
    box = bytes(_box())
    return tuple(int.from_bytes(box[8 * number : 8 * number + 8], "big") for number in range(_ROUNDS))


@cache
def _tables() -> tuple[tuple[int, ...], ...]:
    rows = [int.from_bytes(bytes(_times(byte, factor) for factor in _ROW), "big") for byte in _box()]
    return tuple(tuple(row >> 8 * turn | (row << 64 - 8 * turn) & (1 << 64) - 1 for row in rows) for turn in range(8))


def _times(value: int, factor: int) -> int:
    """A product in the field of 256 elements."""
    product = 0
    while factor:
        if factor & 1:
            product ^= value
        value, factor = value << 1, factor >> 1
        if value & 0x100:
            value ^= _POLYNOMIAL
    return product
