"""What tests of whole requests share: making people, and reading refusals."""

from __future__ import annotations

from typing import Any

import httpx

EMAIL = "ann@example.com"
PASSWORD = "correct horse battery"


def errors_of(answer: httpx.Response, status: int) -> list[tuple[str, str | None]]:
    """The codes and parameters of a refusal whose form is as it must be."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["clerk-trace-id"] == body["clerk_trace_id"]
    assert len(body["clerk_trace_id"]) == 32
    assert set(body) == {"errors", "clerk_trace_id"}
    for error in body["errors"]:
        assert {"message", "long_message", "code"} <= set(error) <= {"message", "long_message", "code", "meta"}
        assert all(isinstance(error[name], str) for name in ("message", "long_message", "code"))
    return [(error["code"], error.get("meta", {}).get("param_name")) for error in body["errors"]]


def texts_of(answer: httpx.Response, status: int) -> tuple[str, str]:
    """Both texts of a refusal with one problem."""
    errors_of(answer, status)
    (error,) = answer.json()["errors"]
    return error["message"], error["long_message"]


def good(answer: httpx.Response) -> Any:
    """The body of an answer that is one."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


async def made(http: httpx.AsyncClient, email: str = EMAIL, **body: Any) -> dict[str, Any]:
    """A new user with one proved address."""
    user: dict[str, Any] = good(await http.post("/users", json={"email_address": [email], **body}))
    return user


async def organization(http: httpx.AsyncClient, name: str = "Acme", **body: Any) -> dict[str, Any]:
    """A new organization."""
    made_: dict[str, Any] = good(await http.post("/organizations", json={"name": name, **body}))
    return made_
