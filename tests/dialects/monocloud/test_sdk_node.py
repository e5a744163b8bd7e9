"""The runtime of the vendor's own JavaScript client, unmodified, against the real process.

Of the client itself no version is published where it could be had; its runtime is, and holds what reads pages and refusals.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests import node
from tests.dialects.monocloud.facts import OPERATIONS, PROBLEM, problems_of

HERE = Path(__file__).parent
CONTRACT = str(HERE / "contract" / "contract.json")
NOT_HERE = {
    *("findUserSession", "revokeUserSession", "removePasskey", "externalAuthenticatorDisconnect"),
    *("revokeUserConsent", "revokeReferenceToken", "revokeRefreshToken", "revokeAuthorizationCode"),
}
"""What is refused because nobody has signed in here; `test_operations.py` has somebody who has."""


def test_every_operation_is_read_by_the_client(credentials: dict[str, Any]) -> None:
    folder = node.client_of("monocloud")
    if folder is None:
        pytest.skip(node.NEEDED)
    environment = {
        "NODE_EXTRA_CA_CERTS": credentials["ca_file"],
        "MONOCLOUD_DOMAIN": credentials["monocloud"]["domain"],
        "MONOCLOUD_API_KEY": credentials["monocloud"]["api_key"],
    }
    told = node.told(HERE / "node" / "story.mjs", folder, environment, CONTRACT, uuid4().hex[:16])
    answers = [each for each in told if "refused" not in each]
    refusals = [each for each in told if "refused" in each]
    assert {each["operation"] for each in answers} | NOT_HERE == set(OPERATIONS)
    assert {f"{each['operation']}: {problem}" for each in answers for problem in faults(each)} == set()
    pages = [each["page"] for each in answers if each["operation"] == "getAllUsers"]
    assert pages == [
        {"page_size": 3, "current_page": 2, "total_count": 4, "has_previous": True, "has_next": False},
        {"page_size": 10, "current_page": 1, "total_count": 1, "has_previous": False, "has_next": False},
    ]
    for each in refusals:
        assert problems_of(PROBLEM, each["response"]) == [], each
    assert {each["operation"] for each in refusals[: -len(REFUSALS)]} == NOT_HERE
    assert {each["refused"] for each in refusals[: -len(REFUSALS)]} == {"MonoCloudNotFoundException"}
    assert [summary(each) for each in refusals[-len(REFUSALS) :]] == REFUSALS


def faults(answer: dict[str, Any]) -> list[str]:
    """What in an answer is not as the contract has it."""
    expected = OPERATIONS[answer["operation"]]
    wrong = [] if answer["status"] == expected["status"] else [f"status {answer['status']}"]
    if expected["answer"] is None:
        return wrong + ([] if answer["result"] in (None, "") else ["there is a body"])
    return wrong + problems_of(expected["answer"], answer["result"])


def summary(refusal: dict[str, Any]) -> tuple[str, str, int, Any]:
    errors = refusal.get("errors")
    told = sorted(errors) if isinstance(errors, dict) else errors and [each["code"] for each in errors]
    return refusal["operation"], refusal["refused"], refusal["response"]["status"], told


REFUSALS = [
    ("getAllUsers", "MonoCloudBadRequestException", 400, None),
    ("createUser", "MonoCloudErrorCodeValidationException", 422, ["DuplicateEmail"]),
    ("createUser", "MonoCloudKeyValidationException", 422, ["email_verified"]),
    ("setPassword", "MonoCloudErrorCodeValidationException", 422, ["PasswordTooShort"]),
    ("findUserById", "MonoCloudNotFoundException", 404, None),
    ("findUserById", "MonoCloudUnauthorizedException", 401, None),
    ("deleteUser", "MonoCloudNotFoundException", 404, None),
]
