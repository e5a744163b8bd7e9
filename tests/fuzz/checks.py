"""What holds for every answer: it is as described, a refusal has written nothing, and nothing of another tenant is in it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import jsonschema  # type: ignore[import-untyped]  # no types are installed

from muster.storage.engine import Engine
from tests.fuzz.request import Operation, Request, operations_of
from tests.fuzz.values import Schema


class Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes


# ---------------------------------------------------------------------------------------------------- the description


class Description:
    """One dialect's document, and whether answers are as it says."""

    def __init__(self, document: Schema) -> None:
        # As in the vendors' own documents the forms of a list are open objects, and one page may well fit two of them.
        self._document: Schema = json.loads(json.dumps(document).replace('"oneOf"', '"anyOf"'))
        self._validators: dict[str, Any] = {}
        self._refusals = list[Schema]()
        for operation in operations_of("", document):
            self._refusals += [
                told
                for status, told in self._responses(operation).items()
                if status >= "400" and told not in self._refusals
            ]

    def problem(self, request: Request, answer: Answer) -> str | None:
        """What is wrong with the answer by the description of the request's operation."""
        if request.method == "HEAD":
            return "a HEAD was answered with a body" if answer.body else None
        if answer.headers.get("content-length", str(len(answer.body))) != str(len(answer.body)):
            return "the content-length is another than the body's"
        responses = self._responses(request.operation)
        described = None if request.is_elsewhere and answer.status < 400 else responses.get(str(answer.status))
        if described is not None:
            return self._against(described, answer)
        if answer.status < 400:
            return None if request.is_elsewhere else f"{answer.status} is not described"
        refusals = [told for status, told in responses.items() if status >= "400"]
        problems = [self._against(told, answer) for told in (self._refusals if request.is_elsewhere else refusals)]
        return None if None in problems else f"{answer.status} has not the form of a refusal: {problems[0]}"

    def _responses(self, operation: Operation) -> dict[str, Schema]:
        told = self._document["paths"][operation.path][operation.method.lower()]["responses"]
        return {status: self._resolved(each) for status, each in told.items()}

    def _resolved(self, part: Schema) -> Schema:
        while "$ref" in part:
            found: Any = self._document
            for step in part["$ref"][2:].split("/"):
                found = found[step]
            part = found
        return part

    def _against(self, told: Schema, answer: Answer) -> str | None:
        for name, header in told.get("headers", {}).items():
            value = answer.headers.get(name.lower())
            if value is None:
                return f"the header {name} is missing"
            inner = self._resolved(header)["schema"].get("contentSchema")
            if inner is not None and (problem := self._by_schema(inner, value.encode())):
                return f"{name}: {problem}"
        contents = told.get("content")
        if contents is None:
            return "a body that is not described" if answer.body else None
        media = answer.headers.get("content-type", "").partition(";")[0]
        if media not in contents:
            return f"the media type {media!r} is not described"
        return self._by_schema(contents[media]["schema"], answer.body, is_json=media != "text/plain")

    def _by_schema(self, schema: Schema, body: bytes, *, is_json: bool = True) -> str | None:
        key = json.dumps(schema)
        validator = self._validators.get(key)
        if validator is None:
            whole = {**schema, "components": self._document["components"]}
            validator = self._validators[key] = jsonschema.Draft202012Validator(whole)
        try:
            value = json.loads(body, parse_constant=_no_number) if is_json else body.decode()
        except ValueError as broken:
            return f"no JSON: {broken}"
        error = next(validator.iter_errors(value), None)
        return None if error is None else f"{error.json_path}: {error.message[:300]}"


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number")


# --------------------------------------------------------------------------------------------------------- what is stored


class WrittenAnyway(NamedTuple):
    """Tables that a refused call of some operations may change, and why."""

    dialect: str
    paths: tuple[str, ...]
    tables: frozenset[str]
    why: str


WRITTEN_ANYWAY: Final = (
    WrittenAnyway(
        "netwrix",
        ("",),
        frozenset({"sessions", "activity"}),
        "a session's last use is noted before the call is looked at",
    ),
    WrittenAnyway(
        "netwrix",
        (
            "/auth",
            "/users/twoFactorStatus",
            "/users/elevateTwoFactorStatus",
            "/users/validatePassword/",
            "/users/updatePassword/",
            "/users/resetPassword/",
        ),
        frozenset({"activity", "events"}),
        "a wrong password or code is counted and told of",
    ),
    WrittenAnyway(
        "monocloud",
        ("/users/{user_id}/password/change",),
        frozenset({"activity", "events"}),
        "a wrong password is counted and told of",
    ),
    WrittenAnyway(
        "clerk",
        ("/users/{user_id}/verify_",),
        frozenset({"activity", "events"}),
        "a wrong password or code is counted and told of",
    ),
)

VERSIONED: Final = (
    *("users", "connections", "apps", "apis", "client_grants", "signing_keys", "credentials", "jobs", "job_files"),
    *("sessions", "grants", "organizations", "memberships", "invitations", "user_images", "organization_images"),
    *("redirect_urls", "user_groups", "sign_in_settings", "api_keys", "tickets", "hub_roles", "issued_credentials"),
)
ROWS_ALONE: Final = ("identifiers", "locators", "text_terms", "number_terms", "user_texts", "outbox")
"""Together every table with a tenant but the counts of users, which are made of the others."""

Written = dict[str, Any]
"""Table → a text that every change of its rows changes."""


class Stored:
    """What each tenant has in the database, as a text for each table: two that are equal were not written between."""

    def __init__(self, engine: Engine, tenants: Sequence[str]) -> None:
        self._engine = engine
        self._tenants = tenants
        told = dict.fromkeys(
            VERSIONED, "count(*) || ' ' || coalesce(sum(version), 0) || ' ' || coalesce(sum(updated_at), 0)"
        )
        told |= dict.fromkeys(ROWS_ALONE, "count(*)")
        told["activity"] = "count(*) || ' ' || coalesce(sum(version), 0)"
        told["tenants"] = "max(version) || ' ' || max(access_epoch)"
        told["events"] = "count(*)"
        # The events of one dialect's calls tell of refused ones too, and those of its reads are stored a little later.
        only = {"tenants": "number = {0}", "events": "tenant_id = {0} AND kind NOT LIKE 'call.%'"}
        self._tables = list(told)
        self._sql = "SELECT " + ", ".join(
            f"(SELECT {what} FROM {table} WHERE {only.get(table, 'tenant_id = {0}').format(number)})"
            for number in range(1, len(tenants) + 1)
            for table, what in told.items()
        )

    async def now(self) -> dict[str, Written]:
        """What there is of each tenant; they have the numbers 1, 2 and so on."""
        row = await self._engine.row(self._sql)
        assert row is not None
        per_tenant = batched(row, len(self._tables))
        return {
            tenant: dict(zip(self._tables, values, strict=True))
            for tenant, values in zip(self._tenants, per_tenant, strict=True)
        }


def batched(row: Sequence[Any], size: int) -> list[Sequence[Any]]:
    return [row[start : start + size] for start in range(0, len(row), size)]


def changed(before: Written, after: Written) -> list[str]:
    return [table for table, value in after.items() if value != before[table]]


def wrongly_written(request: Request, before: Written, after: Written) -> list[str]:
    """The tables that a refused request has changed and should not have."""
    operation = request.operation
    allowed = frozenset[str]().union(
        *(
            row.tables
            for row in WRITTEN_ANYWAY
            if row.dialect == operation.dialect and operation.path.startswith(row.paths)
        )
    )
    return [table for table in changed(before, after) if table not in allowed]
