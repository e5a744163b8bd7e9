"""`openapi.json` of this dialect, made of the tables that requests are read by."""

from collections.abc import Sequence
from typing import Any, Final

from muster import __version__
from muster.dialects.kit.described import described
from muster.dialects.kit.routes import Handler, Route
from muster.dialects.netwrix.operation import FORM, JSON, Operation
from muster.dialects.netwrix.schema.fields import (
    Document,
    Field,
    Free,
    Member,
    Members,
    Shape,
    schema_of,
    whole_schema,
)
from muster.dialects.netwrix.schema.sessions import ERROR_RESPONSE

_REFUSALS: Final = {
    "400": "The request is not valid.",
    "401": "Nobody is signed in, or a credential is wrong.",
    "403": "Not allowed, or the account or address is closed.",
    "404": "There is no such thing.",
}


def description(routes: Sequence[Route]) -> Handler:
    """The handler that answers the document of these routes."""
    return described(lambda address: document(routes, address))


def document(routes: Sequence[Route], address: str) -> Document:
    """The OpenAPI 3.1 document of routes whose paths are relative to `<address>api`."""
    paths: dict[str, Document] = {}
    shapes: dict[str, Shape] = {}
    ids: dict[str, int] = {}
    for route in routes:
        operation: Operation = route.about
        for shape in (operation.request, operation.answer, ERROR_RESPONSE):
            if shape is not None:
                _collect(shape, shapes)
        id_ = _id(route, operation)
        count = ids[id_] = ids.get(id_, 0) + 1
        named = id_ if count == 1 else id_.replace("_", f"{count}_")
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, operation, named)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Netwrix Change Tracker users, served by Muster",
            "version": __version__,
            "description": "The users of this server in the form that clients of Change Tracker's Hub API expect.",
        },
        "servers": [{"url": f"{address}api"}],
        "security": [{"Bearer": []}, {"SessionCookie": []}],
        "paths": paths,
        "components": {
            "schemas": {name: whole_schema(shape) for name, shape in sorted(shapes.items())},
            "responses": {status: _refusal(text) for status, text in _REFUSALS.items()},
            "securitySchemes": {
                "Bearer": {"type": "http", "scheme": "bearer"},
                "SessionCookie": {"type": "apiKey", "in": "cookie", "name": "ss-id"},
            },
        },
    }


def _id(route: Route, operation: Operation) -> str:
    """As the framework names operations: the request, what follows the first segment of the path, the verb."""
    rest = "".join(segment.strip("{}") for segment in route.path.strip("/").split("/")[1:])
    return f"{operation.request.name}{rest}_{route.method.title()}"


def _operation(route: Route, operation: Operation, id_: str) -> Document:
    in_path = [segment[1:-1] for segment in route.path.split("/") if segment.startswith("{")]
    parameters = [_parameter(name, "path", operation.request.members.get(name)) for name in in_path]
    shown: Document = {"operationId": id_}
    if route.needs is None:
        shown["security"] = []
    if route.method == "GET" or operation.told_in_query:
        needed = operation.request.required if route.method == "GET" else ()
        others = (each for each in operation.request.members.items() if each[0] not in in_path)
        parameters += [_parameter(name, "query", member, needed=name in needed) for name, member in others]
    if route.method != "GET":
        body = {"schema": schema_of(operation.request)}
        shown["requestBody"] = {"content": {FORM: body, JSON: body}}
    if parameters:
        shown["parameters"] = parameters
    return {**shown, "responses": {**_success(operation), **_refused()}}


def _parameter(name: str, where: str, member: Field | None, *, needed: bool = False) -> Document:
    # In a query what is nested is one text.
    nested = member is None or isinstance(member, (Member, Members, Free))
    schema = {"type": "string"} if nested or member is None else schema_of(member)
    shown: Document = {"name": name, "in": where, "schema": schema}
    return {**shown, "required": True} if needed or where == "path" else shown


def _success(operation: Operation) -> Document:
    if operation.answer is None:
        return {"204": {"description": "Done."}}
    schema = schema_of(operation.answer)
    if operation.is_list:
        schema = {"type": "array", "items": schema}
    return {"200": {"description": "Done.", "content": {JSON: {"schema": schema}}}}


def _refused() -> Document:
    return {status: {"$ref": f"#/components/responses/{status}"} for status in _REFUSALS}


def _refusal(text: str) -> Document:
    return {"description": text, "content": {JSON: {"schema": schema_of(ERROR_RESPONSE)}}}


def _collect(field: Any, shapes: dict[str, Shape]) -> None:
    """The shape and every one it is made of."""
    if isinstance(field, (Member, Members)):
        field = field.shape
    if isinstance(field, Shape) and field.name not in shapes:
        shapes[field.name] = field
        for member in field.members.values():
            _collect(member, shapes)
