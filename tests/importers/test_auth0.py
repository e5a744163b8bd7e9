"""One row at a time: what becomes of every member, and every way in which a row can be wrong."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import asdict

from muster.core.errors import Conflict, Invalid, Refusal, Taken
from muster.core.users.actions import HashedPassword, NewAddress
from muster.core.users.model import ForeignId, Metadata, Origin, Profile
from muster.crypto.sealing import Sealer
from muster.importers.auth0 import Auth0Rows
from muster.importers.record import RowError, RowRefused
from tests.importers.conftest import ARGON2, BCRYPT, NOW

NATIVE = "01a3185c5000777ca05e8e96038a1b36"
EMAIL = {"email": "ann@example.com"}


def custom(value: str = ARGON2, algorithm: str = "argon2", **members: Any) -> dict[str, Any]:
    return {**EMAIL, "custom_password_hash": {"algorithm": algorithm, "hash": {"value": value}, **members}}


def test_every_member_of_a_row_has_its_place(rows: Auth0Rows) -> None:
    person = rows.person(
        {
            "email": "Ann@Example.com",
            "email_verified": True,
            "phone_number": "+12015550100",
            "phone_verified": True,
            "user_id": "5f7c8ec7c33c6c004bbafe82",
            "username": "Ann.B",
            "given_name": "Ann",
            "family_name": "Bær",
            "name": "Ann Bær",
            "nickname": "annie",
            "picture": "https://images.example.com/1.jpg",
            "blocked": False,
            "app_metadata": {"plan": "free", "n": 1.0},
            "user_metadata": {},
            "password_hash": BCRYPT,
        },
        NOW,
    )
    assert not person.renews_password
    new = asdict(person.new)
    assert len(new.pop("id")) == 32
    assert {name: value for name, value in new.items() if value not in (None, [], {})} == {
        "origin": Origin(door="auth0", via="import"),
        "foreign_ids": [ForeignId(kind="auth0", value="auth0|5f7c8ec7c33c6c004bbafe82")],
        "emails": [NewAddress("Ann@Example.com", verified=True)],
        "phones": [NewAddress("+12015550100", verified=True)],
        "username": "ann.b",
        "profile": Profile(
            name="Ann Bær",
            given_name="Ann",
            family_name="Bær",
            nickname="annie",
            picture="https://images.example.com/1.jpg",
        ),
        "metadata": Metadata.of(unsafe={}, private={"plan": "free", "n": 1.0}),
        "password": HashedPassword(BCRYPT, "bcrypt"),
        "suspended": False,
    }


def test_what_is_not_said_is_not_set(rows: Auth0Rows) -> None:
    new = rows.person(EMAIL, NOW).new
    assert (new.suspended, new.metadata, new.password, new.username, new.phones, new.foreign_ids, new.factors) == (
        None,
        Metadata(),
        None,
        None,
        [],
        [],
        [],
    )
    assert new.emails == [NewAddress("ann@example.com", verified=False)]


@pytest.mark.parametrize(
    ("given", "id_", "foreign"),
    [
        ("abc", None, "auth0|abc"),
        ("auth0|abc", None, "auth0|abc"),
        ("a|b", None, "auth0|a|b"),
        (NATIVE, NATIVE, None),
        (f"auth0|{NATIVE}", NATIVE, None),
        (NATIVE.upper(), None, f"auth0|{NATIVE.upper()}"),
    ],
)
def test_ids_are_kept(rows: Auth0Rows, given: str, id_: str | None, foreign: str | None) -> None:
    new = rows.person({**EMAIL, "user_id": given}, NOW).new
    assert id_ is None or new.id == id_
    assert [found.value for found in new.foreign_ids] == ([foreign] if foreign else [])


@pytest.mark.parametrize(
    ("sent", "password", "renews"),
    [
        ({**EMAIL, "password_hash": BCRYPT.replace("$2b$", "$2a$")}, "bcrypt", False),
        ({**EMAIL, "password_hash": BCRYPT.replace("$2b$", "$2y$")}, "bcrypt", False),
        (custom(), "argon2", True),
        (custom(hash={"value": ARGON2, "encoding": "utf8"}, password={"encoding": "utf8"}), "argon2", True),
        (custom(BCRYPT, "bcrypt"), "bcrypt", True),
    ],
)
def test_hashes_are_kept_as_they_are(rows: Auth0Rows, sent: dict[str, Any], password: str, renews: bool) -> None:
    person = rows.person(sent, NOW)
    given = sent.get("password_hash") or sent["custom_password_hash"]["hash"]["value"]
    assert (person.new.password, person.renews_password) == (HashedPassword(given, password), renews)


def test_factors_are_confirmed_and_their_secrets_sealed_for_their_user(rows: Auth0Rows, box: Sealer) -> None:
    factors = [
        {"totp": {"secret": "JBSWY3DPEHPK3PXP"}},
        {"phone": {"value": "+12015550100"}},
        {"email": {"value": "a@example.org"}},
    ]
    new = rows.person({**EMAIL, "mfa_factors": factors}, NOW).new
    assert [(f.kind, f.confirmed, f.target, f.channel, f.enrolled_at, len(f.dev)) for f in new.factors] == [
        ("totp", True, None, None, NOW, 16),
        ("phone", True, "+12015550100", "sms", NOW, 16),
        ("email", True, "a@example.org", None, NOW, 16),
    ]
    assert box.open(new.factors[0].secret or "", purpose=f"totp:{new.id}") == b"JBSWY3DPEHPK3PXP"


HASH = "custom_password_hash"
FACTOR = "A factor has exactly one of: totp, phone, email"


@pytest.mark.parametrize(
    ("sent", "errors"),
    [
        ([], [("OBJECT_REQUIRED", "The row is not an object", "")]),
        (None, [("OBJECT_REQUIRED", "The row is not an object", "")]),
        ({}, [("OBJECT_REQUIRED", "Missing required property: email", "email")]),
        (
            {"emial": "a@example.com", "blocked": "no"},
            [
                ("OBJECT_REQUIRED", "Missing required property: email", "email"),
                ("NOT_PASSED", "Additional properties not allowed: emial", "emial"),
                ("INVALID_TYPE", "Expected type boolean but found type string", "blocked"),
            ],
        ),
        ({"email": None}, [("INVALID_TYPE", "Expected type string but found type null", "email")]),
        ({"email": "ann"}, [("FORMAT", "Object didn't pass validation for format email: ann", "email")]),
        ({"email": "a@b"}, [("FORMAT", "Object didn't pass validation for format email: a@b", "email")]),
        (
            {**EMAIL, "email_verified": 1},
            [("INVALID_TYPE", "Expected type boolean but found type integer", "email_verified")],
        ),
        (
            {**EMAIL, "phone_number": "0201"},
            [("PATTERN", r"String does not match pattern ^\+[0-9]{1,15}$: 0201", "phone_number")],
        ),
        (
            {**EMAIL, "phone_number": "+١٢"},
            [("PATTERN", r"String does not match pattern ^\+[0-9]{1,15}$: +١٢", "phone_number")],
        ),
        ({**EMAIL, "user_id": ""}, [("MIN_LENGTH", "String is too short (0 chars), minimum 1", "user_id")]),
        ({**EMAIL, "user_id": "x" * 256}, [("MAX_LENGTH", "String is too long (256 chars), maximum 255", "user_id")]),
        ({**EMAIL, "user_id": "a b"}, [("PATTERN", r"String does not match pattern ^\S*$: a b", "user_id")]),
        ({**EMAIL, "username": "a"}, [("MIN_LENGTH", "String is too short (1 chars), minimum 2", "username")]),
        ({**EMAIL, "username": "a" * 16}, [("MAX_LENGTH", "String is too long (16 chars), maximum 15", "username")]),
        (
            {**EMAIL, "username": "a/b"},
            [("FORMAT", "Object didn't pass validation for format username: a/b", "username")],
        ),
        (
            {**EMAIL, "username": "a@example.org"},
            [("FORMAT", "Object didn't pass validation for format username: a@example.org", "username")],
        ),
        ({**EMAIL, "name": 5}, [("INVALID_TYPE", "Expected type string but found type integer", "name")]),
        (
            {**EMAIL, "user_metadata": []},
            [("INVALID_TYPE", "Expected type object but found type array", "user_metadata")],
        ),
        (
            {**EMAIL, "user_metadata": {"a": [{"b.c": 1}], "$d": 2}},
            [
                ("NOT_PASSED", "Invalid key '$d': keys must not contain '.' or '$'", "user_metadata"),
                ("NOT_PASSED", "Invalid key 'b.c': keys must not contain '.' or '$'", "user_metadata"),
            ],
        ),
        (
            {**EMAIL, "app_metadata": {"user_id": 1, "email": 2, "x": {"email": 3}}},
            [("NOT_PASSED", "Additional properties not allowed: email,user_id", "app_metadata")],
        ),
        (
            {**EMAIL, "password_hash": "5f4dcc3b"},
            [("NOT_PASSED", "The hash has a format that this version cannot verify", "password_hash")],
        ),
        ({**EMAIL, "password_hash": "$2b$10$short"}, [("FORMAT", "The hash is malformed", "password_hash")]),
        ({**EMAIL, "password_hash": ARGON2}, [("FORMAT", "The hash is of argon2, not of bcrypt", "password_hash")]),
        (
            {**EMAIL, "password_hash": BCRYPT.replace("$04$", "$20$")},
            [("MAXIMUM", "The hash would take more than 1 second or 128 MiB to verify", "password_hash")],
        ),
        (
            {**custom(), "password_hash": BCRYPT},
            [("NOT_PASSED", "password_hash and custom_password_hash cannot be given together", HASH)],
        ),
        (
            {**EMAIL, HASH: {}},
            [
                ("OBJECT_REQUIRED", "Missing required property: algorithm", f"{HASH}.algorithm"),
                ("OBJECT_REQUIRED", "Missing required property: hash", f"{HASH}.hash"),
            ],
        ),
        (custom("x", "rot13"), [("ENUM_MISMATCH", "No enum match for: rot13", f"{HASH}.algorithm")]),
        (
            custom("x", "scrypt"),
            [("NOT_PASSED", "The encoding of a hash of scrypt is hex or base64", f"{HASH}.hash.encoding")],
        ),
        (custom("x", keylen=0), [("MINIMUM", "Value 0 is less than minimum 1", f"{HASH}.keylen")]),
        (
            custom(hash={"value": ARGON2, "encoding": "hex"}),
            [("NOT_PASSED", "The encoding of a hash of argon2 is utf8", f"{HASH}.hash.encoding")],
        ),
        (
            custom(salt={"value": "s"}),
            [("NOT_PASSED", "A hash of argon2 has no separate salt", f"{HASH}.salt")],
        ),
        (
            custom("$1$saltstri$CVtlMpOHug1.jDUbVpFvB1", "ldap"),
            [("FORMAT", "The hash is of md5-crypt, not of ldap", f"{HASH}.hash.value")],
        ),
        (custom(BCRYPT), [("FORMAT", "The hash is of bcrypt, not of argon2", f"{HASH}.hash.value")]),
        (custom(pepper="x"), [("NOT_PASSED", "Additional properties not allowed: pepper", f"{HASH}.pepper")]),
        ({**EMAIL, "mfa_factors": []}, [("ARRAY_LENGTH_SHORT", "Array is too short (0), minimum 1", "mfa_factors")]),
        (
            {**EMAIL, "mfa_factors": [{}] * 11},
            [("ARRAY_LENGTH_LONG", "Array is too long (11), maximum 10", "mfa_factors")],
        ),
        (
            {**EMAIL, "mfa_factors": [{}, {"totp": {}, "email": {}}]},
            [("NOT_PASSED", FACTOR, "mfa_factors[0]"), ("NOT_PASSED", FACTOR, "mfa_factors[1]")],
        ),
        (
            {**EMAIL, "mfa_factors": [{"totp": {"secret": "lower"}}, {"phone": {"value": "1"}}]},
            [
                ("PATTERN", "String does not match pattern ^[A-Z2-7]+$", "mfa_factors[0].totp.secret"),
                ("PATTERN", r"String does not match pattern ^\+[0-9]{1,15}$: 1", "mfa_factors[1].phone.value"),
            ],
        ),
        (
            {**EMAIL, "mfa_factors": [{"totp": {"secret": "A"}}]},
            [("MFA_FACTORS_FAILED", "The secret is not base32 (RFC 4648, section 6)", "mfa_factors[0].totp.secret")],
        ),
    ],
    ids=range(40),
)
def test_a_wrong_row_is_refused_with_all_that_is_wrong(
    rows: Auth0Rows, sent: Any, errors: list[tuple[str, str, str]]
) -> None:
    with pytest.raises(RowRefused) as refused:
        rows.person(sent, NOW)
    assert [(error.code, error.message, error.path) for error in refused.value.errors] == errors


def test_a_row_of_a_million_mistakes_is_answered_briefly(rows: Auth0Rows) -> None:
    with pytest.raises(RowRefused) as refused:
        rows.person({f"{n}" * 1000: n for n in range(1000)}, NOW)
    assert len(refused.value.errors) == 20
    assert max(len(error.message) + len(error.path) for error in refused.value.errors) < 500


def test_usernames_need_a_connection_that_has_them(box: Sealer) -> None:
    from muster.core.connections.model import Connection

    rows = Auth0Rows(Connection(id="r", name="n"), lambda _: "bcrypt", box)
    with pytest.raises(RowRefused) as refused:
        rows.person({**EMAIL, "username": "ann"}, NOW)
    assert refused.value.errors == [
        RowError("NOT_PASSED", "Cannot set username for connection without requires_username.", "username")
    ]


SECRET = "s3cr3t-value"


@pytest.mark.parametrize(
    ("sent", "masked"),
    [
        ({"name": "n", "password_hash": SECRET}, {"name": "n", "password_hash": "*****"}),
        ({"password": SECRET, "passwordHash": {"a": SECRET}}, {"password": "*****", "passwordHash": "*****"}),
        (
            {
                HASH: {
                    "algorithm": "scrypt",
                    "hash": {"value": SECRET, "encoding": "hex", "key": {"value": SECRET}},
                    "salt": {"value": SECRET},
                    "cost": 4,
                }
            },
            {
                HASH: {
                    "algorithm": "scrypt",
                    "hash": {"value": "*****", "encoding": "hex", "key": {"value": "*****"}},
                    "salt": {"value": "*****"},
                    "cost": 4,
                }
            },
        ),
        ({HASH: SECRET}, {HASH: "*****"}),
        ({HASH: {"hash": SECRET}}, {HASH: {"hash": "*****"}}),
        (
            {"mfa_factors": [{"totp": {"secret": SECRET}}, {"phone": {"value": "+1"}}, SECRET, {"otp": SECRET}]},
            {"mfa_factors": [{"totp": {"secret": "*****"}}, {"phone": {"value": "+1"}}, "*****", {"otp": "*****"}]},
        ),
        ({"mfa_factors": SECRET}, {"mfa_factors": ["*****"]}),
        ({"app_metadata": {"token": 1}}, {"app_metadata": {"token": 1}}),
        ([1], [1]),
    ],
)
def test_secrets_are_masked(rows: Auth0Rows, sent: Any, masked: Any) -> None:
    assert rows.masked(sent) == masked


EXISTS = "The user already exist and upsert parameter is false"


@pytest.mark.parametrize(
    ("refusal", "upsert", "error"),
    [
        (Taken("email", "x"), False, RowError("DUPLICATED_USER", EXISTS)),
        (Taken("id", "x"), False, RowError("DUPLICATED_USER", EXISTS, "user_id")),
        (Taken("id:auth0", "x"), False, RowError("DUPLICATED_USER", EXISTS, "user_id")),
        (
            Taken("username", "x"),
            True,
            RowError("CONFLICT_USERNAME", "The username provided is in use already.", "username"),
        ),
        (Taken("email", "x"), True, RowError("CONFLICT_EMAIL", "The email provided is in use already.", "email")),
        (Taken("phone", "x"), True, RowError("CONFLICT", "The value provided is in use already.", "phone_number")),
        (
            Invalid("identifier_malformed", kind="email"),
            True,
            RowError("FORMAT", "Object didn't pass validation for format email", "email"),
        ),
        (
            Invalid("username_malformed"),
            True,
            RowError("FORMAT", "Object didn't pass validation for format username", "username"),
        ),
        (
            Invalid("user_too_large", limit=9),
            True,
            RowError("MAX_LENGTH", "The user is refused: user too large, maximum 9"),
        ),
        (Conflict("too_many_writers"), True, RowError("CONFLICT", "The user is refused: too many writers")),
    ],
)
def test_the_cores_refusals_are_told_in_the_vendors_words(
    rows: Auth0Rows, refusal: Refusal, upsert: bool, error: RowError
) -> None:
    assert rows.refused(refusal, upsert=upsert) == error


def test_a_value_given_twice_is_named_by_its_member(rows: Auth0Rows) -> None:
    for kind, member in (
        ("email", "email"),
        ("username", "username"),
        ("id", "user_id"),
        ("id:auth0", "user_id"),
        ("phone", "phone_number"),
    ):
        error = RowError("DUPLICATED_USER", f"A user with this {member} was already provided.", member)
        assert rows.provided_twice(kind) == error
