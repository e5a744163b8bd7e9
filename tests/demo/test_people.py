import hashlib
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import phonenumbers
import pytest
from email_validator import validate_email

from muster.crypto import passwords
from muster.demo import PASSWORDS, people, write_import_file
from muster.demo.hashes import ARGON2ID, BCRYPT
from muster.demo.names import NAMES, every_full_name
from muster.demo.phones import FictionalNumbers
from muster.demo.places import COUNTRIES

MANY = list(people(8000, seed=7))

# The bulk-import schema: a closed list of fields, and the type of each.
FIELDS = {
    "email": str,
    "email_verified": bool,
    "phone_number": str,
    "phone_verified": bool,
    "user_id": str,
    "username": str,
    "given_name": str,
    "family_name": str,
    "name": str,
    "nickname": str,
    "picture": str,
    "blocked": bool,
    "app_metadata": dict,
    "user_metadata": dict,
    "password_hash": str,
    "custom_password_hash": dict,
    "mfa_factors": list,
}
RESERVED_IN_APP_METADATA = {
    "__tenant",
    "_id",
    "blocked",
    "clientID",
    "created_at",
    "email_verified",
    "email",
    "globalClientID",
    "global_client_id",
    "identities",
    "lastIP",
    "lastLogin",
    "loginsCount",
    "metadata",
    "multifactor_last_modified",
    "multifactor",
    "updated_at",
    "user_id",
}
RESERVED_DOMAIN = re.compile(r"([a-z-]+\.)?example\.(com|org|net)")


def shares(values: Iterator[object] | list[Any]) -> Counter[Any]:
    return Counter(values)


def scalars(value: object) -> int:
    if isinstance(value, dict):
        return sum(scalars(inner) for inner in value.values())
    if isinstance(value, list):
        return sum(scalars(inner) for inner in value)
    return 1


def keys(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from keys(inner)


# ---- the same everywhere


def test_a_seed_always_gives_the_same_bytes() -> None:
    """The digest was taken once; the names, tables and draws may not change under those who rely on a seed."""
    text = b"\n".join(msgspec.json.encode(person) for person in people(500, seed=42))
    assert hashlib.sha256(text).hexdigest() == "6d756192d1fed49f013046387c00fd60dcdc0369ede2e129d2bf93e994a98946"


def test_a_shorter_sequence_is_the_beginning_of_a_longer_one() -> None:
    assert list(people(100, seed=7)) == MANY[:100]
    assert list(islice(people(10**9, seed=7), 100)) == MANY[:100]


def test_other_seeds_give_other_people() -> None:
    assert [person["email"] for person in people(100, seed=8)] != [person["email"] for person in MANY[:100]]
    assert list(people(0, seed=7)) == []


def test_changing_one_person_changes_no_other() -> None:
    def change(value: Any) -> None:
        if isinstance(value, dict):
            for inner in value.values():
                change(inner)
            value["changed"] = True
        elif isinstance(value, list):
            value.append("changed")

    altered = []
    for person in people(300, seed=7):
        altered.append(json.loads(json.dumps(person)))
        change(person)
    assert altered == MANY[:300]


# ---- fit to import


def test_every_record_keeps_to_the_import_schema() -> None:
    for person in MANY:
        assert {name: type(value) for name, value in person.items()} == {name: FIELDS[name] for name in person}
        assert {"email", "name", "given_name", "family_name", "user_metadata", "app_metadata"} <= set(person)
        assert not {"password_hash", "custom_password_hash"} <= set(person)
        assert not RESERVED_IN_APP_METADATA & set(person["app_metadata"])
        assert not [key for key in keys(person) if "." in key or "$" in key]
        assert ("phone_number" in person) == ("phone_verified" in person)
        assert 1 <= len(person["given_name"]) <= 150
        assert 1 <= len(person["family_name"]) <= 150
        assert 1 <= len(person["name"]) <= 300


def test_every_address_is_valid_unique_and_at_a_reserved_domain() -> None:
    addresses = [
        address for person in MANY for address in [person["email"], *person["app_metadata"].get("other_emails", [])]
    ]
    assert len({address.lower() for address in addresses}) == len(addresses)
    for address in addresses:
        assert address == address.lower()
        assert RESERVED_DOMAIN.fullmatch(address.rpartition("@")[2])
    for address in addresses[:500]:
        assert validate_email(address, check_deliverability=False, test_environment=True).normalized == address


def test_usernames_are_unique_and_short() -> None:
    usernames = [person["username"] for person in MANY if "username" in person]
    assert len(set(usernames)) == len(usernames)
    assert all(re.fullmatch(r"[a-z]+[0-9]+", username) and len(username) <= 15 for username in usernames)


def test_pictures_are_at_a_reserved_domain() -> None:
    pictures = {person["picture"] for person in MANY if "picture" in person}
    assert all(picture.startswith("https://images.example.com/") for picture in pictures)


def test_telephone_numbers_are_valid_unique_and_of_several_countries() -> None:
    numbers = [person["phone_number"] for person in MANY if "phone_number" in person]
    assert len(set(numbers)) == len(numbers)
    parsed = [phonenumbers.parse(number) for number in numbers]
    assert all(phonenumbers.is_valid_number(number) for number in parsed)
    regions = {phonenumbers.region_code_for_number(number) for number in parsed}
    assert regions == {"US", "GB", "FR", "DE", "AU", "CA", "SE"}
    for person, number in zip((person for person in MANY if "phone_number" in person), parsed, strict=True):
        assert phonenumbers.region_code_for_number(number) == person["user_metadata"]["country"]


@pytest.mark.parametrize("country", ["US", "CA", "GB", "FR", "DE", "AU", "SE"])
def test_every_reserved_number_is_given_out_once(country: str) -> None:
    source = FictionalNumbers()
    numbers = list(iter(lambda: source.take(country), None))
    assert len(set(numbers)) == len(numbers) >= 300
    assert source.take(country) is None
    for number in numbers[:: len(numbers) // 50]:
        assert phonenumbers.is_valid_number(phonenumbers.parse(number))


def test_a_country_without_reserved_numbers_has_none() -> None:
    assert FictionalNumbers().take("JP") is None


# ---- passwords


@pytest.mark.parametrize("place", range(16))
def test_every_shipped_hash_is_really_of_its_password(place: int) -> None:
    assert PASSWORDS[place] == f"demo-password-{place + 1:02}"
    for text, scheme in ((BCRYPT[place], "bcrypt"), (ARGON2ID[place], "argon2")):
        assert passwords.check_hash(text) == scheme
        assert passwords.verify(text, PASSWORDS[place])
        assert not passwords.verify(text, PASSWORDS[(place + 1) % 16])


def test_the_shipped_hashes_have_the_stated_cost() -> None:
    assert len(set(BCRYPT)) == len(set(ARGON2ID)) == len(PASSWORDS) == 16
    assert all(text.startswith("$2b$10$") for text in BCRYPT)
    assert not any(passwords.needs_rehash(text) for text in ARGON2ID)


def test_everybodys_password_follows_from_their_place() -> None:
    for index, person in enumerate(MANY):
        if "password_hash" in person:
            assert person["password_hash"] == BCRYPT[index % 16]
        elif "custom_password_hash" in person:
            assert person["custom_password_hash"] == {
                "algorithm": "argon2",
                "hash": {"value": ARGON2ID[index % 16], "encoding": "utf8"},
            }


# ---- like real people


def test_the_mix_is_the_documented_one() -> None:
    def percent(field: str) -> int:
        return round(100 * sum(field in person for person in MANY) / len(MANY))

    assert 68 <= percent("password_hash") <= 72
    assert 23 <= percent("custom_password_hash") <= 27
    assert 33 <= percent("username") <= 37
    assert 38 <= percent("picture") <= 42
    assert 1 <= percent("blocked") <= 2
    assert 10 <= percent("phone_number") <= 40
    assert {person.get("blocked", True) for person in MANY} == {True}
    assert {person["email_verified"] for person in MANY} == {True, False}
    extra = shares([len(person["app_metadata"].get("other_emails", [])) for person in MANY])
    assert set(extra) == {0, 1, 2}
    assert extra[0] > extra[1] > extra[2] > 0


def test_everybody_has_at_least_25_values_that_can_be_searched() -> None:
    assert min(scalars(person["user_metadata"]) + scalars(person["app_metadata"]) for person in MANY) >= 25


def test_metadata_has_every_shape() -> None:
    kinds = {
        type(value).__name__
        for person in MANY
        for metadata in (person["user_metadata"], person["app_metadata"])
        for value in metadata.values()
    }
    assert kinds == {"str", "int", "float", "bool", "list", "dict"}
    assert {len(person["app_metadata"]["tags"]) for person in MANY} == {0, 1, 2, 3}
    assert all(isinstance(person["app_metadata"]["lifetime_value"], float) for person in MANY)
    assert {len(person["user_metadata"]["addresses"]) for person in MANY} == {1, 2}


def test_plans_and_countries_are_skewed() -> None:
    plans = shares([person["app_metadata"]["plan"] for person in MANY]).most_common()
    assert [name for name, _ in plans][:2] == ["free", "starter"]
    assert plans[0][1] > 1.7 * plans[1][1]
    countries = shares([person["user_metadata"]["country"] for person in MANY])
    assert countries.most_common(1)[0][0] == "US"
    assert set(countries) == {country.code for country in COUNTRIES}
    assert countries["US"] > 10 * countries["SE"] > 0


def test_trials_end_after_they_began() -> None:
    trials = [person["app_metadata"] for person in MANY if "trial_ends" in person["app_metadata"]]
    assert trials
    assert all(trial["plan"] == "trial" and trial["trial_ends"] > trial["signed_up_at"] for trial in trials)


def test_names_are_in_many_scripts() -> None:
    scripts = {unicodedata.name(person["given_name"][0]).split()[0] for person in MANY}
    assert scripts == {
        "LATIN", "CYRILLIC", "GREEK", "ARABIC", "HEBREW", "DEVANAGARI", "BENGALI", "THAI", "CJK", "HIRAGANA", "HANGUL",
        "GEORGIAN", "ARMENIAN",
    }  # fmt: skip
    assert any(
        not person["name"].isascii() and unicodedata.name(person["name"][0]).startswith("LATIN") for person in MANY
    )


@pytest.mark.parametrize("language", sorted(NAMES))
def test_every_name_is_composed_has_a_latin_spelling_and_holds_both_parts(language: str) -> None:
    names = every_full_name(NAMES[language])
    assert len(set(names)) == len(names) >= 50
    for name in names:
        assert name.given in name.full
        assert name.family in name.full
        assert name.full == unicodedata.normalize("NFC", name.full).strip()
        assert re.fullmatch(r"[a-z]+", name.given_latin)
        assert re.fullmatch(r"[a-z]+", name.family_latin)


def test_every_country_has_names_and_whole_addresses() -> None:
    for country in COUNTRIES:
        assert country.language in NAMES
        for city in country.cities:
            assert {city.postcode % number for number in (city.low, city.low + city.span - 1)}
            assert (
                len(city.postcode % city.low) == len(city.postcode % (city.low + city.span - 1)) or country.code == "GB"
            )
        assert country.street.format(number=7, name="x").count("7") == 1


# ---- files


@pytest.mark.parametrize("n", [0, 1, 3])
def test_files_hold_the_same_people_in_both_forms(n: int, tmp_path: Path) -> None:
    lines, array = tmp_path / "users.ndjson", tmp_path / "users.json"
    write_import_file(lines, n, 7)
    write_import_file(array, n, 7, form="json")
    assert [json.loads(line) for line in lines.read_text("utf-8").splitlines()] == MANY[:n]
    assert json.loads(array.read_bytes()) == MANY[:n]
    assert not lines.read_bytes() or lines.read_bytes().endswith(b"}\n")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["users.json", "users.ndjson"]


def test_writing_tells_how_far_it_is(tmp_path: Path) -> None:
    told: list[int] = []
    write_import_file(tmp_path / "users.ndjson", 2500, 7, progress=told.append)
    assert told == [1000, 2000, 2500]


def test_an_interrupted_file_does_not_appear(tmp_path: Path) -> None:
    (tmp_path / "users.ndjson").write_text("what was there before")

    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_import_file(tmp_path / "users.ndjson", 2000, 7, progress=interrupt)
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {"users.ndjson": "what was there before"}
