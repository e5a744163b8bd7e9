"""The description of this API (OpenAPI 3.1), made from the tables that check its requests."""

from collections.abc import Sequence
from typing import Any, Final

from muster import __version__
from muster.dialects.kit.described import described
from muster.dialects.kit.routes import Handler, Route
from muster.dialects.mattr.access import ROLES, tenant_url
from muster.dialects.mattr.operation import Operation
from muster.dialects.mattr.schema import shapes
from muster.dialects.mattr.schema.checking import Schema

Document = dict[str, Any]

_PLAIN: Final = {"text/plain": {"schema": {"type": "string"}}}
_REFUSALS: Final[Document] = {
    "400": {"description": "The request is not valid.", "content": {"application/json": {"schema": shapes.ERROR}}},
    "401": {"description": "The token is missing or not accepted.", "content": _PLAIN},
    "403": {"description": "None of the client's roles is for this.", "content": _PLAIN},
    "404": {"description": "There is no such thing.", "content": {"application/json": {"schema": shapes.ERROR}}},
    "413": {"description": "The body is too large.", "content": {"application/json": {"schema": shapes.ERROR}}},
    "500": {"description": "An internal error occurred.", "content": _PLAIN},
}


def description(routes: Sequence[Route]) -> Handler:
    """The handler that answers the document of these routes."""
    return described(lambda address: document(routes, address), address_of=lambda call: tenant_url(call.site))


def document(routes: Sequence[Route], url: str) -> Document:
    """The OpenAPI document of these routes below an address."""
    paths: dict[str, Document] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "MATTR VII Users API, served by Muster", "version": __version__},
        "servers": [{"url": url}],
        "security": [{"bearerAuth": []}],
        "paths": paths,
        "components": {
            "responses": _REFUSALS,
            "securitySchemes": {"bearerAuth": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(route: Route) -> Document:
    about: Operation = route.about
    names = [segment[1:-1] for segment in route.path.split("/") if segment.startswith("{")]
    operation: Document = {
        "operationId": "".join(word.strip("{}").title() for word in [route.method, *route.path.split("/")]).replace(
            "-", ""
        ),
        "summary": route.title,
        "parameters": [
            *({"name": name, "in": "path", "required": True, "schema": shapes.UUID} for name in names),
            *({"name": name, "in": "query", "schema": schema} for name, schema in about.query.items()),
        ],
        "responses": {str(status): _answer(schema) for status, schema in about.answers.items()},
    }
    if about.body is not None:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": about.body}}}
    if about.type is not None:
        operation["x-analytic-events"] = [f"{about.type}_{outcome}" for outcome in ("START", "SUCCESS", "FAIL")]
    if route.needs is None:
        operation["security"] = []
        statuses = ["413", "500"]  # the token endpoint refuses all else in words of its own
    else:
        operation["x-roles"] = [role for role, held in ROLES.items() if not set(route.needs).isdisjoint(held)]
        statuses = [status for status in _REFUSALS if status != "404" or names]
    operation["responses"] |= {status: {"$ref": f"#/components/responses/{status}"} for status in statuses}
    return operation


def _answer(schema: Schema | None) -> Document:
    answer: Document = {"description": "Done."}
    return answer if schema is None else {**answer, "content": {"application/json": {"schema": schema}}}
