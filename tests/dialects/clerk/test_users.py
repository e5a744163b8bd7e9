"""Users through whole requests."""

from __future__ import annotations

from typing import Any

import httpx

from tests.dialects.clerk.requests import PASSWORD, errors_of, good, made, texts_of
from tests.dialects.clerk.service import NOW, PUBLIC_URL, Clerk


async def test_a_new_user_is_shown_with_every_member(clerk: Clerk, http: httpx.AsyncClient) -> None:
    answer = await http.post(
        "/users",
        json={
            "external_id": "outer-1",
            "first_name": "Ann",
            "last_name": "Lee",
            "locale": "en-GB",
            "email_address": ["Ann@Example.com", "second@example.com"],
            "email_address_identification_status": ["verified", "reserved"],
            "phone_number": ["+1 (555) 555-0100"],
            "web3_wallet": ["0x" + "Ab" * 20],
            "username": "ann_lee",
            "password": PASSWORD,
            "totp_secret": "JBSWY3DPEHPK3PXP",
            "backup_codes": ["one-code", "two-code"],
            "public_metadata": {"nestedKey": {"aB": 1}},
            "private_metadata": {"plan": "pro"},
            "unsafe_metadata": {"theme": "dark"},
            "delete_self_enabled": False,
            "create_organization_enabled": False,
            "create_organizations_limit": 3,
            "legal_accepted_at": "2026-01-02T03:04:05.678Z",
            "created_at": "2012-10-20T07:15:20.902Z",
            "bypass_client_trust": True,
            "locked": True,
            "banned": True,
        },
    )
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["clerk-api-version"] == "2021-02-05"
    shown = answer.json()
    ids = {
        name: shown.pop(name)
        for name in (
            "id",
            "primary_email_address_id",
            "primary_phone_number_id",
            "primary_web3_wallet_id",
            "image_url",
            "profile_image_url",
        )
    }
    admin = {
        "object": "verification_admin",
        "status": "verified",
        "strategy": "admin",
        "attempts": None,
        "expire_at": None,
    }
    times = {"created_at": NOW, "updated_at": NOW}
    second = shown["email_addresses"][1].pop("id")
    assert shown == {
        "object": "user",
        "username": "ann_lee",
        "first_name": "Ann",
        "last_name": "Lee",
        "locale": "en-GB",
        "has_image": False,
        "password_enabled": True,
        "two_factor_enabled": True,
        "totp_enabled": True,
        "backup_code_enabled": True,
        "mfa_enabled_at": NOW,
        "mfa_disabled_at": None,
        "password_last_updated_at": NOW,
        "email_addresses": [
            {
                "id": ids["primary_email_address_id"],
                "object": "email_address",
                "email_address": "ann@example.com",
                "reserved": False,
                "verification": admin,
                "linked_to": [],
                "matches_sso_connection": False,
                **times,
            },
            {
                "object": "email_address",
                "email_address": "second@example.com",
                "reserved": True,
                "verification": None,
                "linked_to": [],
                "matches_sso_connection": False,
                **times,
            },
        ],
        "phone_numbers": [
            {
                "id": ids["primary_phone_number_id"],
                "object": "phone_number",
                "phone_number": "+15555550100",
                "reserved_for_second_factor": False,
                "default_second_factor": False,
                "reserved": False,
                "verification": admin,
                "linked_to": [],
                "backup_codes": None,
                **times,
            }
        ],
        "web3_wallets": [
            {
                "id": ids["primary_web3_wallet_id"],
                "object": "web3_wallet",
                "web3_wallet": "0x" + "ab" * 20,
                "verification": admin,
                **times,
            }
        ],
        "passkeys": [],
        "external_accounts": [],
        "saml_accounts": [],
        "enterprise_accounts": [],
        "public_metadata": {"nestedKey": {"aB": 1}},
        "private_metadata": {"plan": "pro"},
        "unsafe_metadata": {"theme": "dark"},
        "external_id": "outer-1",
        "last_sign_in_at": None,
        "banned": True,
        "locked": True,
        "lockout_expires_in_seconds": 3600,
        "verification_attempts_remaining": 0,
        "deprovisioned": False,
        "created_at": 1350717320902,
        "updated_at": NOW,
        "delete_self_enabled": False,
        "create_organization_enabled": False,
        "create_organizations_limit": 3,
        "last_active_at": None,
        "legal_accepted_at": 1767323045678,
        "bypass_client_trust": True,
    }
    assert ids["id"].startswith("user_")
    assert len(ids["id"]) == 32
    assert second.startswith("idn_")
    assert ids["image_url"].startswith(f"{PUBLIC_URL}clerk/images/")
    assert (await http.get(f"/users/{ids['id']}")).json() == {**answer.json()}


async def test_a_user_with_only_an_address_shows_nulls_and_empty_objects(http: httpx.AsyncClient) -> None:
    user = await made(http)
    empty = {name: user[name] for name in user if user[name] is None or user[name] in ([], {})}
    assert set(empty) == {
        *("username", "first_name", "last_name", "locale", "primary_phone_number_id", "primary_web3_wallet_id"),
        *("mfa_enabled_at", "mfa_disabled_at", "password_last_updated_at", "phone_numbers", "web3_wallets"),
        *("passkeys", "external_accounts", "saml_accounts", "enterprise_accounts", "public_metadata"),
        *("private_metadata", "unsafe_metadata", "external_id", "last_sign_in_at", "lockout_expires_in_seconds"),
        *("create_organizations_limit", "last_active_at", "legal_accepted_at"),
    }
    assert user["verification_attempts_remaining"] == 100


REFUSED_OF_A_NEW_USER: list[tuple[dict[str, Any], list[tuple[str, str | None]]]] = [
    ({"email_address": ["ann"]}, [("form_param_format_invalid", "email_address")]),
    ({"phone_number": ["12"]}, [("form_param_format_invalid", "phone_number")]),
    ({"web3_wallet": ["0x1"]}, [("form_param_format_invalid", "web3_wallet")]),
    ({"email_address": "a@example.com"}, [("form_param_type_invalid", "email_address")]),
    ({"email_address": None}, [("form_param_nil", "email_address")]),
    ({"email_address": [1]}, [("form_param_type_invalid", "email_address")]),
    ({"email_address": ["a@example.com", "A@example.com"]}, [("form_param_duplicate", "email_address")]),
    (
        {"unheard_of": 1, "first_name": 2},
        [("form_param_unknown", "unheard_of"), ("form_param_type_invalid", "first_name")],
    ),
    (
        {"email_address": ["a@example.com"], "email_address_identification_status": []},
        [("form_param_array_length_mismatch", "email_address_identification_status")],
    ),
    (
        {"email_address": ["a@example.com"], "email_address_identification_status": ["x"]},
        [("form_param_value_invalid", "email_address_identification_status")],
    ),
    ({"username": "ab"}, [("form_username_invalid_length", "username")]),
    ({"username": "12345"}, [("form_username_needs_non_number_char", "username")]),
    ({"username": "+1 555 555 0100"}, [("form_username_cannot_be_phone_number", "username")]),
    ({"username": "ann.lee"}, [("form_username_invalid_character", "username")]),
    ({"username": "анна"}, [("form_username_invalid_character", "username")]),
    ({"username": "good", "password": "short"}, [("form_password_length_too_short", "password")]),
    ({"username": "good", "password": "p" * 73}, [("form_password_size_in_bytes_exceeded", "password")]),
    ({"username": "good", "password": "password1234"}, [("form_password_pwned", "password")]),
    (
        {"email_address": ["ann.lee@example.com"], "password": "ann.lee@example.com"},
        [("form_password_matches_identifier", "password")],
    ),
    ({"username": "good", "password_digest": "x"}, [("form_conditional_param_missing", "password_hasher")]),
    (
        {"username": "good", "password_digest": "x", "password_hasher": "md5"},
        [("form_password_digest_invalid_code", "password_digest")],
    ),
    (
        {"username": "good", "password_digest": "x", "password_hasher": "rot13"},
        [("form_param_value_invalid", "password_hasher")],
    ),
    ({"username": "good", "totp_secret": "1!"}, [("invalid_totp_secret_code", None)]),
    ({"username": "good", "created_at": "yesterday"}, [("form_param_invalid_time", "created_at")]),
    ({"username": "good", "locale": "not a locale"}, [("form_param_format_invalid", "locale")]),
    (
        {"username": "good", "create_organizations_limit": -1},
        [("form_param_value_invalid", "create_organizations_limit")],
    ),
    ({"username": "good", "external_id": "x" * 256}, [("form_param_max_length_exceeded", "external_id")]),
    ({"username": "good", "public_metadata": []}, [("form_param_type_invalid", "public_metadata")]),
    (
        {"username": "good", "public_metadata": {"a": "x" * 8192}},
        [("form_param_exceeds_allowed_size", "public_metadata")],
    ),
    ({}, [("form_data_missing", None)]),
]


async def test_what_is_refused_of_a_new_user(http: httpx.AsyncClient) -> None:
    for body, told in REFUSED_OF_A_NEW_USER:
        assert errors_of(await http.post("/users", json=body), 422) == told, body
    assert good(await http.get("/users/count"))["total_count"] == 0


async def test_what_is_unique(http: httpx.AsyncClient) -> None:
    wallet = "0x" + "ab" * 20
    await made(http, phone_number=["+15555550100"], web3_wallet=[wallet], username="ann_lee", external_id="one")
    for body, param, what in (
        ({"email_address": ["ANN@example.com"]}, "email_address", "email address"),
        ({"username": "bobby", "phone_number": ["+15555550100"]}, "phone_number", "phone number"),
        ({"username": "bobby", "web3_wallet": [wallet.upper().replace("0X", "0x")]}, "web3_wallet", "web3 wallet"),
        ({"username": "Ann_Lee"}, "username", "username"),
        ({"username": "bobby", "external_id": "one"}, "external_id", "external id"),
    ):
        answer = await http.post("/users", json=body)
        assert errors_of(answer, 422) == [("form_identifier_exists", param)]
        assert texts_of(answer, 422) == (f"That {what} is taken. Please try another.",) * 2


async def test_an_update_changes_what_it_names(http: httpx.AsyncClient, clerk: Clerk) -> None:
    user = await made(http, first_name="Ann", username="ann_lee", external_id="one", locale="en")
    clerk.clock.turn(seconds=5)
    after = good(
        await http.patch(
            f"/users/{user['id']}",
            json={
                "first_name": None,
                "last_name": "Lee",
                "username": "",
                "external_id": None,
                "notify_primary_email_address_changed": False,
                "delete_self_enabled": False,
                "create_organizations_limit": 2,
                "created_at": "2020-01-01T00:00:00+01:00",
                "public_metadata": {"a": 1},
            },
        )
    )
    expected = {
        **user,
        "first_name": None,
        "last_name": "Lee",
        "username": None,
        "external_id": None,
        "delete_self_enabled": False,
        "create_organizations_limit": 2,
        "created_at": 1577833200000,
        "updated_at": NOW + 5000,
        "public_metadata": {"a": 1},
    }
    for name in ("image_url", "profile_image_url"):
        del expected[name], after[name]
    assert after == expected
    again = good(await http.patch(f"/users/{user['id']}", json={"last_name": "Lee"}))
    assert again["updated_at"] == NOW + 5000


async def test_metadata_in_a_patch_is_refused_by_the_newest_version(clerk: Clerk, http: httpx.AsyncClient) -> None:
    user = await made(http)
    async with clerk.client(version="2026-05-12") as newest:
        answer = await newest.patch(f"/users/{user['id']}", json={"public_metadata": {}, "first_name": "X"})
        assert errors_of(answer, 422) == [("form_param_deprecated", "public_metadata")]
        assert answer.headers["clerk-api-version"] == "2026-05-12"
    assert good(await http.get(f"/users/{user['id']}"))["first_name"] is None


REFUSED_OF_AN_UPDATE: list[tuple[dict[str, Any], int, tuple[str, str]]] = [
    ({"primary_email_address_id": "idn_x"}, 422, ("form_resource_not_found", "primary_email_address_id")),
    ({"username": "x"}, 422, ("form_username_invalid_length", "username")),
    ({"password": "short"}, 422, ("form_password_length_too_short", "password")),
    ({"profile_image_id": "img_x"}, 422, ("form_resource_not_found", "profile_image_id")),
    ({"nothing": 1}, 422, ("form_param_unknown", "nothing")),
    ({"legal_accepted_at": "2020"}, 422, ("form_param_invalid_time", "legal_accepted_at")),
]


async def test_what_is_refused_of_an_update(http: httpx.AsyncClient) -> None:
    user = await made(http)
    for body, status, told in REFUSED_OF_AN_UPDATE:
        assert errors_of(await http.patch(f"/users/{user['id']}", json=body), status) == [told], body
    assert good(await http.get(f"/users/{user['id']}")) == user


async def test_the_only_name_of_a_user_stays(http: httpx.AsyncClient) -> None:
    user = good(await http.post("/users", json={"username": "ann_lee"}))
    answer = await http.patch(f"/users/{user['id']}", json={"username": None})
    assert errors_of(answer, 400) == [("identification_deletion_failed", None)]


async def test_documents_are_merged_at_every_depth_or_replaced(http: httpx.AsyncClient) -> None:
    user = await made(http, public_metadata={"a": {"b": 1, "c": [1, 2]}, "keep": True}, private_metadata={"p": 1})
    path = f"/users/{user['id']}/metadata"
    merged = good(await http.patch(path, json={"public_metadata": {"a": {"b": None, "c": [3]}, "n": None}}))
    assert (merged["public_metadata"], merged["private_metadata"]) == ({"a": {"c": [3]}, "keep": True}, {"p": 1})
    replaced = good(await http.put(path, json={"public_metadata": {}, "unsafe_metadata": {"aB": {"cD": 1.5}}}))
    assert (replaced["public_metadata"], replaced["unsafe_metadata"]) == ({}, {"aB": {"cD": 1.5}})
    too_large = await http.patch(path, json={"private_metadata": {"big": "x" * 8190}})
    assert errors_of(too_large, 422) == [("form_param_exceeds_allowed_size", "private_metadata")]
    text = "The given private_metadata exceeds the maximum allowed size of 8192 bytes (8 KB)."
    assert texts_of(too_large, 422) == (text, text)
    assert errors_of(await http.patch(path, json={"first_name": "x"}), 422) == [("form_param_unknown", "first_name")]
    for nothing in (b"", b"{}", b"null"):
        assert good(await http.patch(path, content=nothing))["private_metadata"] == {"p": 1}


async def test_a_deleted_user_is_gone_and_the_address_free(http: httpx.AsyncClient) -> None:
    user = await made(http)
    assert good(await http.delete(f"/users/{user['id']}")) == {"object": "user", "id": user["id"], "deleted": True}
    for answer in (await http.delete(f"/users/{user['id']}"), await http.get(f"/users/{user['id']}")):
        assert texts_of(answer, 404) == ("not found", f"No user was found with id {user['id']}")
    await made(http)
