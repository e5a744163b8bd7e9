import base64
import hashlib
from collections.abc import Callable

import bcrypt
import pytest
from cryptography.hazmat.primitives.kdf.argon2 import Argon2d, Argon2i, Argon2id
from hypothesis import given
from hypothesis import strategies as st

from muster.crypto import passwords
from muster.crypto.passwords import (
    HashRefused,
    PasswordRefused,
    check_hash,
    hash_password,
    needs_rehash,
    registry,
    verify,
)

# From the test programs of the Argon2 reference implementation, of crypt_blowfish, of jBCrypt and of PHP's manual.
PUBLISHED = [
    ("password", "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA"),
    ("password", "$argon2i$m=65536,t=2,p=1$c29tZXNhbHQ$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ"),
    ("password", "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"),
    ("password", "$argon2i$v=19$m=256,t=2,p=2$c29tZXNhbHQ$T/XOJ2mh1/TIpJHfCdQan76Q5esCFVoT5MAeIM1Oq2E"),
    ("password", "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc"),
    ("password", "$argon2i$m=256,t=2,p=1$c29tZXNhbHQ$/U3YPXYsSb3q9XxHvc0MLxur+GP960kN9j7emXX8zwY"),
    ("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
    ("U*U*", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK"),
    ("U*U*U", "$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a"),
    ("", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy"),
    ("a", "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe"),
    ("abc", "$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i"),
    ("rasmuslerdorf", "$2a$07$usesomesillystringfore2uDLvp1Ii2e./U9C8sBjqp8I90dH6hi"),
    ("hello", "$2b$10$nFguVi9LsCAcvTZFKQlRKeLVydo8ETv483lkNsSFI/Wl1Rz1Ypo1K"),
]
SALT, TAG = "c29tZXNhbHQ", "nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
CHEAP_BCRYPT = b"$2b$04$......................"


@pytest.mark.parametrize(("password", "text"), PUBLISHED)
def test_published_hashes_verify_with_their_password_alone(password: str, text: str) -> None:
    assert check_hash(text) == ("argon2" if text.startswith("$argon2") else "bcrypt")
    assert verify(text, password)
    assert not verify(text, password + "x")
    assert not verify(text, password.swapcase() + " ")


@pytest.mark.parametrize("derivation", [Argon2d, Argon2i, Argon2id])
def test_every_argon2_variant_agrees_with_openssl(derivation: type[Argon2d | Argon2i | Argon2id]) -> None:
    made = derivation(salt=b"sixteen bytes...", length=32, iterations=3, lanes=2, memory_cost=64)
    text = made.derive_phc_encoded("pässwörd".encode())
    assert check_hash(text) == "argon2"
    assert verify(text, "pässwörd")
    assert not verify(text, "passwörd")


def test_a_new_hash_is_argon2id_of_the_stated_cost_and_openssl_can_check_it() -> None:
    text = hash_password("correct horse")
    assert text.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert verify(text, "correct horse")
    assert not verify(text, "correct horsf")
    assert not needs_rehash(text)
    Argon2id.verify_phc_encoded(b"correct horse", text)


def test_two_hashes_of_one_password_differ() -> None:
    assert hash_password("x") != hash_password("x")


# ---- what is refused at entry


def _argon2(
    parameters: str = "m=256,t=2,p=1",
    *,
    salt: str = SALT,
    tag: str = TAG,
    variant: str = "argon2id",
    version: str = "$v=19",
) -> str:
    return f"${variant}{version}${parameters}${salt}${tag}"


MALFORMED = [
    "$argon2id$",
    _argon2(variant="argon2x"),
    _argon2(version="$v=18"),
    _argon2(version="$v=019"),
    _argon2(version="$v=19$v=19"),
    _argon2("m=0,t=2,p=1"),
    _argon2("m=256,t=0,p=1"),
    _argon2("m=256,t=2,p=0"),
    _argon2("m=-256,t=2,p=1"),
    _argon2("m=0256,t=2,p=1"),
    _argon2("m=256,t=2"),
    _argon2("t=2,m=256,p=1"),
    _argon2("m=256,t=2,p=1,keyid=AA"),
    _argon2("m=٢٥٦,t=2,p=1"),
    _argon2("m=99999999999,t=2,p=1"),
    _argon2("m=15,t=2,p=2"),  # 8 KiB for each lane at least
    _argon2(salt=""),
    _argon2(salt="c2hvcnQ"),
    _argon2(salt="c29tZXNhbHR="),
    _argon2(salt="c29tZXNhbHR"),  # bits set that do not count
    _argon2(salt="c29tZXNhbH"),
    _argon2(salt="A" * 700),
    _argon2(tag=""),
    _argon2(tag="c29tZXNhbHQ"),
    _argon2(tag="A" * 45),
    _argon2() + "\n",
    _argon2() + "$",
    _argon2() + "\x00",
    " " + _argon2(),
    "$2b$10$nFguVi9LsCAcvTZFKQlRKeLVydo8ETv483lkNsSFI/Wl1Rz1Ypo1",
    "$2b$10$nFguVi9LsCAcvTZFKQlRKeLVydo8ETv483lkNsSFI/Wl1Rz1Ypo1KK",
    "$2b$10$nFguVi9LsCAcvTZFKQlRKeLVydo8ETv483lkNsSFI/Wl1Rz1Ypo1L",  # bits set that do not count
    "$2b$10$nFguVi9LsCAcvTZFKQlRKeLVydo8ETv483lkNsSFI/Wl1Rz1Ypo1K\n",
    "$2b$10$nFguVi9LsCAcvTZFKQlRKeLVydo8ETv483lkNsSFI+Wl1Rz1Ypo1K",
    "$2b$03$nFguVi9LsCAcvTZFKQlRKeLVydo8ETv483lkNsSFI/Wl1Rz1Ypo1K",
    "$2b$1$nFguVi9LsCAcvTZFKQlRKeLVydo8ETv483lkNsSFI/Wl1Rz1Ypo1K",
    "$2b$32$nFguVi9LsCAcvTZFKQlRKeLVydo8ETv483lkNsSFI/Wl1Rz1Ypo1K",
]
UNKNOWN = ["", "hello", "$", "$0$abc$def", "$2$10$" + "a" * 53, "$2x$10$" + "a" * 53, "\x00", "\ud800"]
COSTLY = [
    "$argon2id$" + "A" * 100_000,
    _argon2("m=131073,t=1,p=1"),
    _argon2("m=4294967295,t=1,p=1"),
    _argon2("m=9999999999,t=9999999999,p=1"),
    _argon2("m=256,t=4294967295,p=1"),
    _argon2("m=65536,t=40,p=1"),
    _argon2("m=131072,t=1,p=17"),
    "$2b$15$nFguVi9LsCAcvTZFKQlRKeLVydo8ETv483lkNsSFI/Wl1Rz1Ypo1K",
    "$2a$31$nFguVi9LsCAcvTZFKQlRKeLVydo8ETv483lkNsSFI/Wl1Rz1Ypo1K",
]
REFUSED = [
    *((text, "malformed" if text.startswith("$") else "unknown_scheme") for text in MALFORMED),
    *((text, "unknown_scheme") for text in UNKNOWN),
    *((text, "too_costly") for text in COSTLY),
]


@pytest.mark.parametrize(("text", "reason"), REFUSED)
def test_a_hash_we_should_not_check_is_refused_everywhere_without_being_repeated(text: str, reason: str) -> None:
    for call in (check_hash, needs_rehash, lambda hash_: verify(hash_, "password")):
        with pytest.raises(HashRefused) as refusal:
            call(text)
        assert (refusal.value.reason, str(refusal.value)) == (reason, reason)


@pytest.mark.parametrize("parameters", ["m=131072,t=18,p=1", "m=65536,t=3,p=4", "m=8,t=1,p=1", "m=128,t=1,p=16"])
def test_argon2_up_to_a_second_and_128_mib_is_taken(parameters: str) -> None:
    assert check_hash(_argon2(parameters)) == "argon2"


@pytest.mark.parametrize("cost", ["04", "10", "12", "14"])
def test_bcrypt_up_to_a_second_is_taken(cost: str) -> None:
    assert check_hash(f"$2b${cost}$nFguVi9LsCAcvTZFKQlRKeLVydo8ETv483lkNsSFI/Wl1Rz1Ypo1K") == "bcrypt"


@given(st.one_of(st.text(), st.from_regex(r"\$(argon2|2[aby]\$)[ -~]{0,120}", fullmatch=True)))
def test_any_text_is_taken_or_refused_and_nothing_else(text: str) -> None:
    try:
        outcome = check_hash(text)
    except HashRefused as refusal:
        outcome = refusal.reason
    assert outcome in {"argon2", "bcrypt", "unknown_scheme", "malformed", "too_costly"}


def test_every_damaged_character_of_a_hash_is_noticed() -> None:
    text = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$" + _tag_of("password")
    assert verify(text, "password")
    for place in range(len(text)):
        damaged = text[:place] + ("8" if text[place] != "8" else "9") + text[place + 1 :]
        try:
            assert not verify(damaged, "password"), damaged
        except HashRefused:
            continue


def _tag_of(password: str) -> str:
    derivation = Argon2id(salt=b"somesalt", length=32, iterations=1, lanes=1, memory_cost=8)
    return base64.b64encode(derivation.derive(password.encode())).rstrip(b"=").decode()


# ---- passwords


def test_a_password_of_4096_bytes_is_the_longest() -> None:
    text = hash_password("é" * 2048)
    assert verify(text, "é" * 2048)
    assert not verify(text, "é" * 2048 + "x")
    with pytest.raises(PasswordRefused) as refusal:
        hash_password("é" * 2048 + "x")
    assert refusal.value.reason == "too_long"


def test_a_lone_surrogate_is_no_password() -> None:
    with pytest.raises(PasswordRefused) as refusal:
        hash_password("\ud800")
    assert refusal.value.reason == "not_text"
    assert not verify(hash_password("?"), "\ud800")


def test_bcrypt_ignores_what_follows_72_bytes_as_its_makers_did() -> None:
    text = bcrypt.hashpw(b"x" * 72, CHEAP_BCRYPT).decode()
    assert verify(text, "x" * 72)
    assert verify(text, "x" * 73)
    assert verify(text, "x" * 4096)
    assert not verify(text, "x" * 71)
    assert not verify(text, "x" * 4097)


def test_bcrypt_cuts_between_bytes_not_letters() -> None:
    text = bcrypt.hashpw(("x" + "é" * 40).encode()[:72], CHEAP_BCRYPT).decode()
    assert verify(text, "x" + "é" * 40)
    assert not verify(text, "x" + "é" * 35)


@pytest.mark.parametrize("hashed", [lambda secret: bcrypt.hashpw(secret, CHEAP_BCRYPT).decode(), None])
def test_nul_is_a_byte_like_others(hashed: Callable[[bytes], str] | None) -> None:
    text = hash_password("pass\x00word") if hashed is None else hashed(b"pass\x00word")
    assert verify(text, "pass\x00word")
    assert not verify(text, "pass")
    assert not verify(text, "pass\x00")


@pytest.mark.parametrize("minor", "aby")
def test_the_letters_of_bcrypt_are_one_algorithm(minor: str) -> None:
    text = bcrypt.hashpw("señor".encode(), CHEAP_BCRYPT).decode()
    assert verify(f"$2{minor}{text[3:]}", "señor")


def test_a_bcrypt_salt_with_noise_in_its_unused_bits_verifies() -> None:
    text = bcrypt.hashpw(b"hello", CHEAP_BCRYPT).decode()
    for noise in "/ABCDEFGHIJKLM":
        assert verify(f"{text[:28]}{noise}{text[29:]}", "hello")
        assert not verify(f"{text[:28]}{noise}{text[29:]}", "Hello")
    assert not verify(f"{text[:28]}O{text[29:]}", "hello")  # a different salt


# ---- rehashing and unknown users


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (_argon2("m=19456,t=2,p=1"), False),
        (_argon2("m=65536,t=3,p=4"), False),
        (_argon2("m=19455,t=2,p=1"), True),
        (_argon2("m=19456,t=1,p=1"), True),
        (_argon2("m=19456,t=2,p=1", version="$v=16"), True),
        (_argon2("m=19456,t=2,p=1", version=""), True),
        (_argon2("m=19456,t=2,p=1", variant="argon2i"), True),
        (_argon2("m=19456,t=2,p=1", variant="argon2d"), True),
        ("$2b$14$nFguVi9LsCAcvTZFKQlRKeLVydo8ETv483lkNsSFI/Wl1Rz1Ypo1K", True),
    ],
)
def test_all_but_argon2id_of_todays_strength_is_rehashed(text: str, wanted: bool) -> None:
    assert needs_rehash(text) is wanted


def test_burning_does_the_work_of_a_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    monkeypatch.setattr(registry, "hash_password", done.append)
    passwords.burn("whatever")
    assert done == ["whatever"]


@pytest.mark.parametrize("password", ["x" * 5000, "\ud800", "", "\x00"])
def test_burning_takes_any_password(password: str) -> None:
    passwords.burn(password)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=100))
def test_bcrypt_round_trip(password: str) -> None:
    text = bcrypt.hashpw(password.encode()[:72], CHEAP_BCRYPT).decode()
    assert verify(text, password)
    assert not verify(text, hashlib.sha256(password.encode()).hexdigest())
