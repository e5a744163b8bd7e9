"""This API as an OpenAPI 3.1 document, made from the very shapes that requests are checked against and answers are built of."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from muster import __version__
from muster.dialects.kit.described import described
from muster.dialects.kit.routes import Handler, Route
from muster.dialects.monocloud.operation import Operation
from muster.dialects.monocloud.paging import DEFAULT_SIZE, MOST_SIZE, PageModel
from muster.dialects.monocloud.wire.options import AuthenticationOptions

Document = dict[str, Any]

_REFUSALS = {
    400: "The request cannot be understood.",
    401: "The API key is missing or not accepted.",
    403: "The API key may not do this.",
    404: "The thing asked for does not exist.",
    409: "Too many others change the same at once.",
    422: "The request was understood, but cannot be accepted.",
    429: "Too many calls; Retry-After says when to come back.",
    500: "An internal error occurred.",
    503: "The server cannot answer just now; Retry-After says when to come back.",
}

_PROBLEM: Document = {
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "error_code": {"type": "string"},
        "trace_id": {"type": "string"},
        "traceId": {"type": "string"},
    },
    "additionalProperties": True,
}
_IDENTITY_ERROR: Document = {
    "type": "object",
    "required": ["code", "description"],
    "properties": {"code": {"type": "string"}, "description": {"type": "string"}},
}


def description(routes: Sequence[Route]) -> Handler:
    """The handler that answers the document of these routes."""
    return described(lambda address: document(routes, address))


def document(routes: Sequence[Route], public_url: str) -> Document:
    """The OpenAPI document of routes whose paths are relative to `<public_url>api`."""
    paths: dict[str, Document] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "MonoCloud Management API, served by Muster",
            "version": __version__,
            "description": "The users of this server in the form that clients of MonoCloud's Management API expect.",
        },
        "servers": [{"url": f"{public_url}api"}],
        "security": [{"ApiKey": []}],
        "paths": paths,
        "components": {
            "schemas": _schemas(routes),
            "headers": {
                "X-Pagination": {
                    "required": True,
                    "schema": {
                        "type": "string",
                        "contentMediaType": "application/json",
                        "contentSchema": {"$ref": "#/components/schemas/PageModel"},
                    },
                }
            },
            "responses": {f"Problem{status}": _refusal(status, text) for status, text in _REFUSALS.items()},
            "securitySchemes": {"ApiKey": {"type": "apiKey", "in": "header", "name": "X-API-KEY"}},
        },
    }


def _schemas(routes: Sequence[Route]) -> Document:
    operations: list[Operation] = [route.about for route in routes]
    answers = {each.answer for each in operations if each.answer is not None} | {PageModel}
    bodies = {each.body for each in operations if each.body is not None and each.body is not AuthenticationOptions}
    shown = _components(answers)
    for schema in shown.values():
        # Every member is always sent, whatever its default.
        schema["required"] = list(schema.get("properties", {}))
        for member in schema.get("properties", {}).values():
            member.pop("default", None)
    patches = _components({AuthenticationOptions})
    return {
        **shown,
        **_components(bodies),
        **{_patch_name(name): _patch(schema) for name, schema in patches.items()},
        "ProblemDetails": _PROBLEM,
        "IdentityError": _IDENTITY_ERROR,
        "IdentityValidationProblemDetails": _with_errors(
            {"type": "array", "items": {"$ref": "#/components/schemas/IdentityError"}}
        ),
        "KeyValidationProblemDetails": _with_errors(
            {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}}
        ),
    }


def _components(shapes: set[Any]) -> dict[str, Document]:
    ordered = sorted(shapes, key=lambda shape: str(shape.__name__))
    return msgspec.json.schema_components(ordered, ref_template="#/components/schemas/{name}")[1]


def _patch_name(name: str) -> str:
    return f"Patch{name}Request"


def _patch(schema: Document) -> Document:
    """A shape of the options as it may be sent: nothing need be there."""
    members: Document = {}
    for name, member in schema.get("properties", {}).items():
        bare = {key: value for key, value in member.items() if key != "default"}
        reference = bare.get("$ref") or next((each["$ref"] for each in bare.get("allOf", ()) if "$ref" in each), None)
        if reference is not None:
            start, _, target = reference.rpartition("/")
            bare = {"$ref": f"{start}/{_patch_name(target)}"}
        members[name] = bare
    return {"title": _patch_name(schema["title"]), "type": "object", "properties": members}


def _operation(route: Route) -> Document:
    about: Operation = route.about
    answer: Document = {"description": "Done."}
    if about.answer is not None:
        schema = _reference(about.answer.__name__)
        answer["content"] = {
            "application/json": {"schema": {"type": "array", "items": schema} if about.is_list else schema}
        }
    if about.paged:
        answer["headers"] = {"X-Pagination": {"$ref": "#/components/headers/X-Pagination"}}
    operation: Document = {
        "operationId": route.title,
        "tags": [route.path.split("/")[1]],
        "parameters": [*_path_parameters(route.path), *_query_parameters(about)],
        "responses": {
            str(about.status): answer,
            **{str(status): {"$ref": f"#/components/responses/Problem{status}"} for status in _REFUSALS},
        },
    }
    if about.body is not None:
        name = about.body.__name__
        if about.body is AuthenticationOptions:
            name = _patch_name(name)
        needed = any(field.required for field in msgspec.structs.fields(about.body))
        operation["requestBody"] = {
            "required": needed,
            "content": {"application/json": {"schema": _reference(name)}},
        }
    return operation


def _path_parameters(path: str) -> list[Document]:
    names = [segment[1:-1] for segment in path.split("/") if segment.startswith("{")]
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]


def _query_parameters(about: Operation) -> list[Document]:
    found: list[tuple[str, Mapping[str, Any]]] = []
    if about.paged:
        found.append(("page", {"type": "integer", "minimum": 1, "default": 1}))
        found.append(("size", {"type": "integer", "minimum": 1, "maximum": MOST_SIZE, "default": DEFAULT_SIZE}))
    if about.sorts:
        found.append(("sort", {"type": "string", "pattern": f"^({'|'.join(about.sorts)}):(1|-1)$"}))
    found += [(name, {"type": "string"}) for name in about.parameters]
    return [{"name": name, "in": "query", "required": False, "schema": schema} for name, schema in found]


def _refusal(status: int, text: str) -> Document:
    schema = _reference("ProblemDetails")
    if status == 422:
        schema = {"oneOf": [_reference("IdentityValidationProblemDetails"), _reference("KeyValidationProblemDetails")]}
    return {"description": text, "content": {"application/problem+json": {"schema": schema}}}


def _with_errors(errors: Document) -> Document:
    own = {"type": "object", "required": ["errors"], "properties": {"errors": errors}}
    return {"allOf": [_reference("ProblemDetails"), own]}


def _reference(name: str) -> Document:
    return {"$ref": f"#/components/schemas/{name}"}
