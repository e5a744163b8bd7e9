"""This API as an OpenAPI 3.1 document, made from the very tables that the calls are checked against."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from muster import __version__
from muster.dialects.auth0.operation import Operation
from muster.dialects.auth0.schema import client_grants, clients, connections, oauth, resource_servers, users
from muster.dialects.auth0.schema.fields import (
    Field,
    FieldNames,
    Flag,
    Integer,
    List,
    Number,
    Object,
    OneOf,
    Text,
)
from muster.dialects.kit.described import described
from muster.dialects.kit.routes import Handler, Route

Document = dict[str, Any]

_REFUSALS = {
    400: "The request is not valid.",
    401: "The token is missing or not accepted.",
    403: "The token holds none of the scopes, or is not for this user.",
    404: "The thing asked for does not exist.",
    409: "The request contradicts what is already stored.",
    413: "The body is larger than the operation takes.",
    429: "Too many calls; Retry-After says when to come back.",
    500: "An internal error occurred.",
    503: "The server cannot answer just now; Retry-After says when to come back.",
}

_ERROR = Object(
    "The one shape of every refusal.",
    members={
        "statusCode": Integer("The status.", required=True),
        "error": Text("The status in words.", required=True),
        "message": Text("What is wrong.", required=True),
        "errorCode": Text("What is wrong, for programs."),
    },
)

_NAMED: Mapping[str, Object] = {
    "Client": clients.CLIENT,
    "ClientGrant": client_grants.GRANT,
    "Connection": connections.CONNECTION,
    "Error": _ERROR,
    "Identity": users.IDENTITY,
    "ResourceServer": resource_servers.RESOURCE_SERVER,
    "User": users.USER,
}
"""What several answers share."""

_REFERENCES = {id(schema): f"#/components/schemas/{name}" for name, schema in _NAMED.items()}

_TYPES: Mapping[type[Field], str] = {
    Text: "string",
    FieldNames: "string",
    Flag: "boolean",
    Integer: "integer",
    Number: "number",
    List: "array",
    Object: "object",
}


def description(routes: Sequence[Route]) -> Handler:
    """The handler that answers the document of these routes."""
    return described(lambda address: document(routes, address))


def document(routes: Sequence[Route], public_url: str) -> Document:
    """The OpenAPI document of management routes, whose paths are relative to `<public_url>api/v2`, and the token endpoint."""
    paths: dict[str, Document] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    paths["/oauth/token"] = {"servers": [{"url": public_url.rstrip("/")}], "post": _token()}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Auth0 Management API, served by Muster",
            "version": __version__,
            "description": "The users of this server in the form that clients of Auth0's Management API v2 expect.",
        },
        "servers": [{"url": f"{public_url}api/v2"}],
        "security": [{"bearerAuth": []}],
        "paths": paths,
        "components": {
            "schemas": {name: _inline(schema) for name, schema in _NAMED.items()},
            "responses": {str(status): _refusal(text) for status, text in _REFUSALS.items()},
            "securitySchemes": {
                "bearerAuth": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "oAuth2ClientCredentials": {
                    "type": "oauth2",
                    "flows": {
                        "clientCredentials": {
                            "tokenUrl": f"{public_url}oauth/token",
                            "scopes": dict.fromkeys(_scopes(routes), ""),
                        }
                    },
                },
            },
        },
    }


def schema_of(field: Field) -> Document:
    """A field as JSON Schema (2020-12)."""
    reference = _REFERENCES.get(id(field))
    return _inline(field) if reference is None else {"$ref": reference}


def _inline(field: Field) -> Document:
    schema: Document = {}
    if field.about:
        schema["description"] = field.about
    kind = _TYPES.get(type(field))
    if kind is not None:
        schema["type"] = [kind, "null"] if field.nullable else kind
    match field:
        case Text():
            schema |= _present(minLength=field.min, maxLength=field.max, pattern=field.pattern, format=field.format)
            if field.one_of:
                schema["enum"] = [*field.one_of, None] if field.nullable else list(field.one_of)
        case Flag():
            schema |= _present(const=field.only)
        case Integer():
            schema |= _present(minimum=field.min, maximum=field.max)
        case List():
            schema |= {"items": schema_of(field.items), **_present(minItems=field.min, maxItems=field.max)}
        case Object():
            schema |= _object(field)
        case OneOf():
            schema["oneOf"] = [schema_of(shape) for shape in field.shapes]
    return schema


def _object(field: Object) -> Document:
    schema = _present(minProperties=field.min, maxProperties=field.max)
    if field.members:
        schema["properties"] = {name: schema_of(member) for name, member in field.members.items()}
    needed = [name for name, member in field.members.items() if member.required]
    if needed:
        schema["required"] = needed
    schema["additionalProperties"] = schema_of(field.values) if field.values is not None else not field.closed
    return schema


def _operation(route: Route) -> Document:
    about: Operation = route.about
    names = [segment[1:-1] for segment in route.path.split("/") if segment.startswith("{")]
    described = about.path.members if about.path is not None else {}
    operation: Document = {
        "operationId": "_".join([route.method.lower(), *_words(route.path)]),
        "summary": route.title,
        "tags": [route.path.split("/")[1]],
        "security": [{"bearerAuth": []}, {"oAuth2ClientCredentials": list(about.scopes)}],
        "parameters": [
            *(_parameter(name, described.get(name, Text()), "path") for name in names),
            *(_parameter(name, field, "query") for name, field in (about.query.members if about.query else {}).items()),
        ],
        "responses": {
            **{str(status): _answer(field) for status, field in about.answers.items()},
            **{str(status): {"$ref": f"#/components/responses/{status}"} for status in _REFUSALS},
        },
    }
    if about.body is not None:
        operation["requestBody"] = {"required": True, "content": _content(about.body)}
    if about.form is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"multipart/form-data": {"schema": schema_of(about.form)}},
        }
    return operation


def _token() -> Document:
    form = {"application/x-www-form-urlencoded": {"schema": schema_of(oauth.TOKEN)}}
    refused = {"description": "The token is refused.", "content": _content(oauth.TOKEN_REFUSED)}
    return {
        "operationId": "post_oauth_token",
        "summary": "Get a token",
        "tags": ["oauth"],
        "security": [],
        "requestBody": {"required": True, "content": {**_content(oauth.TOKEN), **form}},
        "responses": {
            "200": {"description": "A token.", "content": _content(oauth.TOKEN_ANSWER)},
            **dict.fromkeys(("400", "401", "403"), refused),
            **{status: {"$ref": f"#/components/responses/{status}"} for status in ("413", "429", "500", "503")},
        },
    }


def _parameter(name: str, field: Field, place: str) -> Document:
    bare = msgspec.structs.replace(field, about="")
    parameter: Document = {"name": name, "in": place, "required": place == "path" or field.required}
    if field.about:
        parameter["description"] = field.about
    return {**parameter, "schema": schema_of(bare)}


def _answer(field: Field | None) -> Document:
    answer: Document = {"description": "Done."}
    return answer if field is None else {**answer, "content": _content(field)}


def _refusal(text: str) -> Document:
    return {"description": text, "content": _content(_ERROR)}


def _content(field: Field) -> Document:
    return {"application/json": {"schema": schema_of(field)}}


def _present(**values: object) -> Document:
    return {name: value for name, value in values.items() if value is not None}


def _words(path: str) -> list[str]:
    return [segment.strip("{}").replace("-", "_") for segment in path.strip("/").split("/")]


def _scopes(routes: Sequence[Route]) -> list[str]:
    return sorted({scope for route in routes for scope in route.about.scopes})
