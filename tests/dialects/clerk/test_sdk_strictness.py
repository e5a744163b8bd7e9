"""Each check of what the vendor's clients need finds the fault it is for, and no other check takes it for its own."""

from __future__ import annotations

from typing import Any

import pytest

from tests.dialects.clerk import strictness
from tests.dialects.clerk.exchanges import Exchange

JSON = "application/json"
PROOF = {
    "object": "verification_otp",
    "status": "verified",
    "strategy": "from_oauth_x",
    "attempts": None,
    "expire_at": None,
}
EMAIL: dict[str, Any] = {
    "object": "email_address",
    "id": "idn_1",
    "email_address": "a@example.com",
    "reserved": False,
    "linked_to": [],
    "verification": None,
    "created_at": 1_800_000_000_000,
    "updated_at": 1_800_000_000_000,
}
URL = {
    "object": "redirect_url",
    "id": "ru_1",
    "url": "x:y",
    "created_at": 1_800_000_000_000,
    "updated_at": 1_800_000_000_000,
}


def good(body: Any) -> Exchange:
    return Exchange("GET", "/", 200, JSON, body)


def bad(**error: Any) -> Exchange:
    texts = {"code": "c", "message": "m", "long_message": "l", **error}
    return Exchange("GET", "/", 404, JSON, {"errors": [texts], "clerk_trace_id": "0"})


FAULTS = {
    "content_type_is_exactly_json": Exchange("GET", "/", 200, f"{JSON}; charset=utf-8", EMAIL),
    "no_body_is_null_or_empty": good(None),
    "success_is_200": Exchange("POST", "/", 500, JSON, bad().body),
    "errors_have_a_code_and_both_texts": bad(long_message=None),
    "every_resource_names_its_kind": good([{**EMAIL, "object": "e_mail"}]),
    "required_members_are_there": good({name: value for name, value in EMAIL.items() if name != "reserved"}),
    "times_are_whole_milliseconds": good({**EMAIL, "created_at": "2026-01-01T00:00:00Z"}),
    "numbers_are_whole_and_switches_are_booleans": good({**EMAIL, "reserved": 0}),
    "ids_are_texts": good({**EMAIL, "id": 1}),
    "metadata_are_objects": good({**EMAIL, "public_metadata": []}),
    "verifications_are_of_a_known_kind": good({**EMAIL, "verification": {**PROOF, "object": "verification_web3"}}),
}


def test_every_check_has_a_fault_to_find() -> None:
    assert set(FAULTS) == {check.__name__ for check in strictness.CHECKS}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_by_its_own_check(name: str) -> None:
    assert set(strictness.broken([FAULTS[name]])) == {name}


def test_what_is_right_is_let_through() -> None:
    listed = {"data": [EMAIL, {**EMAIL, "verification": PROOF}], "total_count": 2}
    assert strictness.broken([good(EMAIL), good([URL]), good(listed), bad()]) == {}
