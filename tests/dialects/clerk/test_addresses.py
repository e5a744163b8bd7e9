"""E-mail addresses and phone numbers by their own ids."""

from __future__ import annotations

import httpx

from tests.dialects.clerk.requests import errors_of, good, made, texts_of
from tests.dialects.clerk.service import Clerk

NUMBER = "+15555550100"


async def test_an_address_is_added_proved_shown_and_removed(http: httpx.AsyncClient) -> None:
    user = await made(http)
    body = {"user_id": user["id"], "email_address": "B@example.com"}
    added = good(await http.post("/email_addresses", json=body))
    assert (added["email_address"], added["verification"]) == ("b@example.com", None)
    path = f"/email_addresses/{added['id']}"
    assert good(await http.get(path)) == added
    unproved = await http.patch(path, json={"primary": True})
    assert errors_of(unproved, 422) == [("form_verification_needed", "primary")]
    proved = good(await http.patch(path, json={"verified": True, "primary": True}))
    assert proved["verification"]["strategy"] == "admin"
    shown = good(await http.get(f"/users/{user['id']}"))
    assert shown["primary_email_address_id"] == added["id"]
    assert [each["email_address"] for each in shown["email_addresses"]] == ["b@example.com", "ann@example.com"]
    gone = good(await http.delete(path))
    assert gone == {"object": "email_address", "id": added["id"], "deleted": True}
    assert texts_of(await http.get(path), 404) == ("Resource not found", "Resource not found")
    assert texts_of(await http.delete(path), 404) == ("Resource not found", "Resource not found")
    last = await http.delete(f"/email_addresses/{user['primary_email_address_id']}")
    assert texts_of(last, 400) == ("Deletion failed", "You cannot delete your last identification.")


async def test_what_is_refused(http: httpx.AsyncClient) -> None:
    user = await made(http)
    await made(http, "bob@example.com")
    id_ = user["id"]
    for path, body, status, told in (
        (
            "/email_addresses",
            {"user_id": id_, "email_address": "bob@example.com"},
            422,
            ("form_identifier_exists", "email_address"),
        ),
        (
            "/email_addresses",
            {"user_id": id_, "email_address": "ann@example.com"},
            422,
            ("form_identifier_exists", "email_address"),
        ),
        (
            "/email_addresses",
            {"user_id": id_, "email_address": "x"},
            422,
            ("form_param_format_invalid", "email_address"),
        ),
        (
            "/email_addresses",
            {"user_id": "user_x", "email_address": "c@example.com"},
            404,
            ("resource_not_found", None),
        ),
        (
            "/email_addresses",
            {"user_id": id_, "email_address": "c@example.com", "primary": True},
            422,
            ("form_verification_needed", "primary"),
        ),
        (
            "/phone_numbers",
            {"user_id": id_, "phone_number": NUMBER, "reserved_for_second_factor": True},
            400,
            ("identification_create_second_factor_unverified", None),
        ),
        ("/phone_numbers", {"user_id": id_, "phone_number": "555"}, 422, ("form_param_format_invalid", "phone_number")),
    ):
        assert errors_of(await http.post(path, json=body), status) == [told]
    missing = [("form_param_missing", "user_id"), ("form_param_missing", "phone_number")]
    assert errors_of(await http.post("/phone_numbers", json={}), 422) == missing
    for id_ in ("idn_x", user["primary_email_address_id"]):
        assert errors_of(await http.get(f"/phone_numbers/{id_}"), 404) == [("resource_not_found", None)]


async def test_a_number_becomes_a_second_factor_and_stops_being_one(http: httpx.AsyncClient) -> None:
    user = await made(http)
    body = {"user_id": user["id"], "phone_number": NUMBER, "verified": True, "reserved_for_second_factor": True}
    phone = good(await http.post("/phone_numbers", json=body))
    assert (phone["reserved_for_second_factor"], phone["default_second_factor"]) == (True, True)
    path = f"/phone_numbers/{phone['id']}"

    async def two_factor() -> bool:
        return bool(good(await http.get(f"/users/{user['id']}"))["two_factor_enabled"])

    assert await two_factor()
    assert not good(await http.patch(path, json={"reserved_for_second_factor": False}))["reserved_for_second_factor"]
    assert not await two_factor()
    good(await http.patch(path, json={"reserved_for_second_factor": True}))
    good(await http.patch(path, json={"verified": False}))
    assert not await two_factor()
    refused = await http.patch(path, json={"reserved_for_second_factor": True})
    assert errors_of(refused, 400) == [("identification_update_second_factor_unverified", None)]
    good(await http.delete(path))
    only = good(await http.post("/users", json={"phone_number": [NUMBER]}))
    alone = await http.patch(
        f"/phone_numbers/{only['primary_phone_number_id']}", json={"reserved_for_second_factor": True}
    )
    assert errors_of(alone, 400) == [("identification_update_failed", None)]


async def test_one_address_takes_the_place_of_all(http: httpx.AsyncClient) -> None:
    user = await made(http, phone_number=[NUMBER])
    path = f"/users/{user['id']}"
    replaced = good(await http.put(f"{path}/email_address", json={"email_address": "new@example.com"}))
    assert replaced["verification"]["status"] == "verified"
    reserved = {"phone_number": "+15555550199", "identification_status": "reserved"}
    number = good(await http.put(f"{path}/phone_number", json=reserved))
    assert (number["reserved"], number["verification"]) == (True, None)
    shown = good(await http.get(path))
    assert ([each["id"] for each in shown["email_addresses"]], [each["id"] for each in shown["phone_numbers"]]) == (
        [replaced["id"]],
        [number["id"]],
    )
    await made(http)  # the old address is free
    taken = await http.put(f"{path}/email_address", json={"email_address": "ann@example.com"})
    assert errors_of(taken, 422) == [("form_identifier_exists", "email_address")]


async def test_a_wallet_is_removed_and_unknown_things_are_not_found(clerk: Clerk, http: httpx.AsyncClient) -> None:
    user = await made(http, web3_wallet=["0x" + "ab" * 20])
    path = f"/users/{user['id']}"
    wallet = user["primary_web3_wallet_id"]
    assert good(await http.delete(f"{path}/web3_wallets/{wallet}"))["object"] == "web3_wallet"
    for rest in (f"web3_wallets/{wallet}", "passkeys/idn_x", "external_accounts/eac_x"):
        assert errors_of(await http.delete(f"{path}/{rest}"), 404) == [("resource_not_found", None)]
