import base64
import hashlib
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from muster.crypto.sealing import (
    MasterKeyError,
    SealBroken,
    Sealer,
    key_check_text,
    key_id,
    load_master_key,
    new_secret,
    same,
    verify_key_check,
)

OLD, NEW = bytes(range(32)), bytes(range(100, 132))
RING = Sealer({"old": OLD, "new": NEW}, "new")
FORMER = Sealer({"old": OLD}, "old")


# ---- sealing


@given(st.binary(max_size=5000), st.text(max_size=30))
def test_what_is_sealed_can_be_opened_for_the_same_purpose(plaintext: bytes, purpose: str) -> None:
    purpose = purpose.encode("utf-8", "replace").decode()
    sealed = RING.seal(plaintext, purpose=purpose)
    assert RING.open(sealed, purpose=purpose) == plaintext
    with pytest.raises(SealBroken):
        RING.open(sealed, purpose=purpose + "x")


def test_the_format_is_what_it_says_and_another_program_can_open_it() -> None:
    head, name, text = RING.seal(b"seed", purpose="totp-seed").split(".")
    box = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    assert (head, name, len(box)) == ("v1", "new", 12 + 4 + 16)
    assert AESGCM(NEW).decrypt(box[:12], box[12:], b"v1.new.totp-seed") == b"seed"


def test_a_text_sealed_by_another_program_opens() -> None:
    box = bytes(12) + AESGCM(OLD).encrypt(bytes(12), b"seed", b"v1.old.totp-seed")
    sealed = "v1.old." + base64.urlsafe_b64encode(box).rstrip(b"=").decode()
    assert RING.open(sealed, purpose="totp-seed") == b"seed"


def test_sealing_twice_gives_two_texts() -> None:
    assert RING.seal(b"x", purpose="p") != RING.seal(b"x", purpose="p")


def test_no_purpose_opens_what_was_sealed_for_another() -> None:
    purposes = ["totp-seed", "signing-key", "upstream-token", "client-secret", "", "totp-seed2", "TOTP-SEED"]
    for sealed_for in purposes:
        sealed = RING.seal(b"secret", purpose=sealed_for)
        for opened_for in purposes:
            if sealed_for == opened_for:
                assert RING.open(sealed, purpose=opened_for) == b"secret"
            else:
                with pytest.raises(SealBroken):
                    RING.open(sealed, purpose=opened_for)


@pytest.mark.parametrize("replacement", ["A", "_", "é", " ", "\n", ".", "\x00"])
def test_any_altered_character_breaks_the_seal(replacement: str) -> None:
    sealed = RING.seal(b"secret", purpose="p")
    for place, letter in enumerate(sealed):
        if letter != replacement:
            with pytest.raises(SealBroken):
                RING.open(sealed[:place] + replacement + sealed[place + 1 :], purpose="p")


def test_a_cut_or_lengthened_text_breaks_the_seal() -> None:
    sealed = RING.seal(b"secret", purpose="p")
    for place in range(len(sealed)):
        for damaged in (sealed[:place], sealed[place + 1 :], sealed[:place] + sealed[place + 1 :]):
            with pytest.raises(SealBroken):
                RING.open(damaged, purpose="p")
    for damaged in (sealed + "A", sealed + "=", sealed + "\n", "v2" + sealed[2:], " " + sealed):
        with pytest.raises(SealBroken):
            RING.open(damaged, purpose="p")


def test_a_sealed_text_has_one_spelling() -> None:
    sealed = RING.seal(b"secret", purpose="p")
    noisy = sealed[:-1] + chr(ord(sealed[-1]) + 1)  # 34 bytes leave four bits of the last letter unused
    boxes = [base64.urlsafe_b64decode(text.rpartition(".")[2] + "==") for text in (sealed, noisy)]
    assert boxes[0] == boxes[1]
    with pytest.raises(SealBroken):
        RING.open(noisy, purpose="p")


@given(st.text())
def test_any_text_is_opened_or_broken_and_nothing_else(text: str) -> None:
    for call in (lambda: RING.open(text, purpose="p"), lambda: RING.reseal_needed(text)):
        with pytest.raises(SealBroken):
            call()


def test_a_text_cannot_be_passed_off_as_sealed_with_another_key_of_the_ring() -> None:
    twins = Sealer({"a": OLD, "b": OLD}, "a")
    sealed = twins.seal(b"x", purpose="p")
    with pytest.raises(SealBroken):
        twins.open(sealed.replace("v1.a.", "v1.b."), purpose="p")


def test_a_key_that_is_not_in_the_ring_is_named() -> None:
    sealed = RING.seal(b"x", purpose="p")
    with pytest.raises(SealBroken, match="key new, which is not in the ring"):
        FORMER.open(sealed, purpose="p")
    with pytest.raises(SealBroken):
        Sealer({"new": OLD}, "new").open(sealed, purpose="p")


def test_rotation_seals_with_the_current_key_and_opens_with_any() -> None:
    before = FORMER.seal(b"x", purpose="p")
    assert not FORMER.reseal_needed(before)
    assert RING.reseal_needed(before)
    after = RING.seal(RING.open(before, purpose="p"), purpose="p")
    assert not RING.reseal_needed(after)
    assert RING.open(after, purpose="p") == b"x"


def test_a_sealer_shows_the_names_of_its_keys_and_nothing_else() -> None:
    assert repr(RING) == "Sealer(current='new', keys=['new', 'old'])"
    assert str(RING) == repr(RING)


@pytest.mark.parametrize(
    ("keys", "current"),
    [
        ({}, "a"),
        ({"a": OLD}, "b"),
        ({"a": OLD[:31]}, "a"),
        ({"a": OLD + b"x"}, "a"),
        ({"a.b": OLD}, "a.b"),
        ({"": OLD}, ""),
        ({"a\n": OLD}, "a\n"),
    ],
)
def test_a_sealer_needs_whole_keys_with_plain_names(keys: dict[str, bytes], current: str) -> None:
    with pytest.raises(ValueError, match="key") as refusal:
        Sealer(keys, current)
    assert OLD.hex() not in str(refusal.value)
    assert repr(OLD) not in str(refusal.value)


# ---- the master key


def write_key(file: Path, content: str, mode: int = 0o600) -> Path:
    file.write_text(content)
    file.chmod(mode)
    return file


SPELLINGS = [
    NEW.hex(),
    NEW.hex().upper(),
    f"  {NEW.hex()}\n",
    base64.b64encode(NEW).decode(),
    base64.b64encode(NEW).decode().rstrip("="),
    base64.urlsafe_b64encode(NEW).decode(),
    base64.urlsafe_b64encode(NEW).decode().rstrip("="),
]


@pytest.mark.parametrize("text", SPELLINGS)
def test_the_key_is_hex_or_base64_in_the_environment_and_in_the_file(text: str, tmp_path: Path) -> None:
    assert load_master_key(text, tmp_path / "none", may_create=False) == NEW
    assert load_master_key(None, write_key(tmp_path / "key", text), may_create=False) == NEW


def test_the_environment_comes_before_the_file(tmp_path: Path) -> None:
    file = write_key(tmp_path / "key", OLD.hex())
    assert load_master_key(NEW.hex(), file, may_create=True) == NEW


BAD_KEYS = [
    "",
    "   ",
    "secret",
    NEW.hex()[:-1],
    NEW.hex() + "0",
    NEW.hex()[:-2] + "zz",
    base64.b64encode(NEW[:31]).decode(),
    base64.b64encode(NEW + b"x").decode(),
    "é" * 64,
    "\x00" * 64,
    "0" * 64,
    "ab" * 32,
    base64.b64encode(b"password" * 4).decode(),
]


@pytest.mark.parametrize("text", BAD_KEYS)
def test_what_is_no_random_key_is_refused_with_advice_and_not_repeated(text: str, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(text, encoding="utf-8")
    file.chmod(0o600)
    for value, source in ((text, "MUSTER_MASTER_KEY"), (None, str(file))):
        with pytest.raises(MasterKeyError, match="openssl rand -hex 32") as refusal:
            load_master_key(value, file, may_create=True)
        message = str(refusal.value)
        assert message.startswith(source)
        assert not text.strip() or text not in message.removeprefix(source)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o601, 0o777])
def test_a_file_that_others_can_reach_is_refused(mode: int, tmp_path: Path) -> None:
    file = write_key(tmp_path / "key", NEW.hex(), mode)
    with pytest.raises(MasterKeyError, match=f"chmod 600 {file}") as refusal:
        load_master_key(None, file, may_create=True)
    assert NEW.hex() not in str(refusal.value)
    assert file.read_text() == NEW.hex()


def test_without_leave_no_key_is_made(tmp_path: Path) -> None:
    with pytest.raises(MasterKeyError, match="set MUSTER_MASTER_KEY"):
        load_master_key(None, tmp_path / "key", may_create=False)
    assert list(tmp_path.iterdir()) == []


def test_a_new_key_is_its_owners_alone_and_stays(tmp_path: Path) -> None:
    old_mask = os.umask(0)
    try:
        key = load_master_key(None, tmp_path / "key", may_create=True)
    finally:
        os.umask(old_mask)
    assert [stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()] == [0o600]
    assert bytes.fromhex((tmp_path / "key").read_text()) == key
    assert load_master_key(None, tmp_path / "key", may_create=True) == key
    assert load_master_key(None, tmp_path / "other", may_create=True) != key


def test_of_many_that_start_at_once_all_get_the_same_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as threads:
        keys = set(threads.map(lambda _: load_master_key(None, tmp_path / "key", may_create=True), range(64)))
    assert len(keys) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["key"]


@pytest.mark.parametrize("place", ["missing/key", "a-file/key"])
def test_a_place_where_no_file_can_be_made_is_named(place: str, tmp_path: Path) -> None:
    (tmp_path / "a-file").touch()
    with pytest.raises(MasterKeyError) as refusal:
        load_master_key(None, tmp_path / place, may_create=True)
    assert str(tmp_path / place) in str(refusal.value)


def test_a_folder_is_no_key_file(tmp_path: Path) -> None:
    with pytest.raises(MasterKeyError, match="cannot be read"):
        load_master_key(None, tmp_path, may_create=True)


def test_a_key_id_is_short_stable_and_no_part_of_the_key() -> None:
    assert key_id(OLD) == hashlib.sha256(b"muster master key id\0" + OLD).hexdigest()[:8]
    assert key_id(OLD) != key_id(NEW)
    sealer = Sealer.of(NEW, older=[OLD])
    assert repr(sealer) == f"Sealer(current='{key_id(NEW)}', keys={sorted([key_id(OLD), key_id(NEW)])})"


# ---- the key check


def test_the_right_key_passes_the_check_and_so_does_a_ring_that_still_has_it() -> None:
    text = key_check_text(Sealer.of(OLD))
    verify_key_check(Sealer.of(OLD), text)
    verify_key_check(Sealer.of(NEW, older=[OLD]), text)


def test_a_wrong_key_is_refused_with_both_names() -> None:
    text = key_check_text(Sealer.of(OLD))
    with pytest.raises(MasterKeyError) as refusal:
        verify_key_check(Sealer.of(NEW), text)
    assert key_id(OLD) in str(refusal.value)
    assert key_id(NEW) in str(refusal.value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        key_check_text(Sealer.of(OLD))[:-1],
        Sealer.of(OLD).seal(b"muster", purpose="another"),
        Sealer.of(OLD).seal(b"other", purpose="key-check"),
    ],
    ids=["empty", "no sealed text", "cut", "of another purpose", "of another content"],
)
def test_an_altered_check_is_refused(text: str) -> None:
    with pytest.raises(MasterKeyError):
        verify_key_check(Sealer.of(OLD), text)


# ---- secrets


def test_secrets_are_long_url_safe_and_never_the_same() -> None:
    made = {new_secret() for _ in range(1000)}
    assert len(made) == 1000
    assert {len(secret) for secret in made} == {43}
    assert all(secret.replace("-", "").replace("_", "").isalnum() for secret in made)
    assert len(new_secret(16)) == 22
    with pytest.raises(ValueError, match="16"):
        new_secret(15)


@given(st.text() | st.binary(), st.text() | st.binary())
def test_same_is_equality(a: str | bytes, b: str | bytes) -> None:
    plain = [text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text for text in (a, b)]
    assert same(a, a)
    assert same(a, b) is (plain[0] == plain[1])
