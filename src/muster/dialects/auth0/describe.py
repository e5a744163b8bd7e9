"""This API as an OpenAPI 3.1 document, made from the very tables that the calls are checked against."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from muster import __version__
from muster.dialects.auth0.operation import Operation
from muster.dialects.auth0.schema import client_grants, clients, connections, oauth, resource_servers, users
from muster.dialects.kit.described import described
from muster.dialects.kit.fields import Field, Integer, Object, Text
from muster.dialects.kit.json_schema import Schemas
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

_SCHEMAS = Schemas(_NAMED)


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
            "schemas": _SCHEMAS.components(),
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
        operation["requestBody"] = {"required": True, "content": _SCHEMAS.content(about.body)}
    if about.form is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"multipart/form-data": {"schema": _SCHEMAS.of(about.form)}},
        }
    return operation


def _token() -> Document:
    form = {"application/x-www-form-urlencoded": {"schema": _SCHEMAS.of(oauth.TOKEN)}}
    refused = {"description": "The token is refused.", "content": _SCHEMAS.content(oauth.TOKEN_REFUSED)}
    return {
        "operationId": "post_oauth_token",
        "summary": "Get a token",
        "tags": ["oauth"],
        "security": [],
        "requestBody": {"required": True, "content": {**_SCHEMAS.content(oauth.TOKEN), **form}},
        "responses": {
            "200": {"description": "A token.", "content": _SCHEMAS.content(oauth.TOKEN_ANSWER)},
            **dict.fromkeys(("400", "401", "403"), refused),
            **{status: {"$ref": f"#/components/responses/{status}"} for status in ("413", "429", "500", "503")},
        },
    }


def _parameter(name: str, field: Field, place: str) -> Document:
    bare = msgspec.structs.replace(field, about="")
    parameter: Document = {"name": name, "in": place, "required": place == "path" or field.required}
    if field.about:
        parameter["description"] = field.about
    return {**parameter, "schema": _SCHEMAS.of(bare)}


def _answer(field: Field | None) -> Document:
    answer: Document = {"description": "Done."}
    return answer if field is None else {**answer, "content": _SCHEMAS.content(field)}


def _refusal(text: str) -> Document:
    return {"description": text, "content": _SCHEMAS.content(_ERROR)}


def _words(path: str) -> list[str]:
    return [segment.strip("{}").replace("-", "_") for segment in path.strip("/").split("/")]


def _scopes(routes: Sequence[Route]) -> list[str]:
    return sorted({scope for route in routes for scope in route.about.scopes})
