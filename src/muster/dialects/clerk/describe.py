"""This API as an OpenAPI 3.1 document, made from the very tables that the calls are checked against."""

from collections.abc import Sequence
from typing import Any

from muster import __version__
from muster.dialects.clerk.operation import Operation
from muster.dialects.clerk.reply import JSON
from muster.dialects.clerk.schema import organizations, sessions, users
from muster.dialects.clerk.schema.listing import DELETED, ERROR, page_of
from muster.dialects.kit.described import described
from muster.dialects.kit.fields import List, Object, OneOf, Text, always
from muster.dialects.kit.json_schema import Schemas
from muster.dialects.kit.routes import Handler, Route

Document = dict[str, Any]

_ERRORS = Object(
    members={
        **always(errors=List(items=Object(members=ERROR))),
        "clerk_trace_id": Text(),
        "meta": Object(),
    }
)

_NAMED = {
    "ClerkErrors": _ERRORS,
    "DeletedObject": DELETED,
    "EmailAddress": users.EMAIL_ADDRESS,
    "EnterpriseAccount": users.ENTERPRISE_ACCOUNT,
    "ExternalAccountWithVerification": users.EXTERNAL_ACCOUNT,
    "Invitation": organizations.INVITATION,
    "JWKS": organizations.JWKS,
    "Organization": organizations.ORGANIZATION,
    "OrganizationInvitation": organizations.MEMBER_INVITATION,
    "OrganizationMembership": organizations.MEMBERSHIP,
    "OrganizationWithLogo": organizations.WITH_LOGO,
    "Passkey": users.PASSKEY,
    "PhoneNumber": users.PHONE_NUMBER,
    "RedirectURL": organizations.REDIRECT_URL,
    "SAMLAccount": users.SAML_ACCOUNT,
    "Session": sessions.SESSION,
    "TotalCount": users.TOTAL,
    "User": users.USER,
    "Web3Wallet": users.WEB3_WALLET,
}
"""What several answers share, under the vendor's names."""

_SCHEMAS = Schemas(_NAMED)

_REFUSALS = (400, 401, 403, 404, 409, 413, 415, 422, 429, 500, 503)


def description(routes: Sequence[Route]) -> Handler:
    """The handler that answers the document of these routes."""
    return described(lambda address: document(routes, address), media=JSON)


def document(routes: Sequence[Route], public_url: str) -> Document:
    """The OpenAPI document of routes, whose paths are relative to `<public_url>v1`."""
    paths: dict[str, Document] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Clerk Backend API, served by Muster",
            "version": __version__,
            "description": "The users of this server in the form that clients of Clerk's Backend API expect.",
        },
        "servers": [{"url": f"{public_url}v1"}],
        "security": [{"bearerAuth": []}],
        "paths": paths,
        "components": {
            "schemas": _SCHEMAS.components(),
            "securitySchemes": {
                "bearerAuth": {"type": "http", "scheme": "bearer", "bearerFormat": "sk_<environment>_<key>"}
            },
        },
    }


def _operation(route: Route) -> Document:
    about: Operation = route.about
    names = [segment[1:-1] for segment in route.path.split("/") if segment.startswith("{")]
    query = about.query.members if about.query is not None else {}
    answer = about.answer
    if "paginated" in query and isinstance(answer, List):
        answer = OneOf(shapes=(answer, page_of(answer.items)))
    operation: Document = {
        "operationId": "_".join(
            [route.method.lower(), *(part.strip("{}") for part in route.path.strip("/").split("/"))]
        ),
        "summary": route.title,
        "tags": [route.path.split("/")[1]],
        "parameters": [
            *({"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names),
            *(
                {"name": name, "in": "query", "required": f.required, "schema": _SCHEMAS.of(f)}
                for name, f in query.items()
            ),
        ],
        "responses": {
            "200": {"description": "Done.", "content": _SCHEMAS.content(answer)},
            **{str(status): {"description": "Refused.", "content": _SCHEMAS.content(_ERRORS)} for status in _REFUSALS},
        },
    }
    if route.needs is None:
        operation["security"] = []
    body = about.body if about.body is not None else about.bodies
    if body is not None:
        operation["requestBody"] = {"content": _SCHEMAS.content(body)}
    if about.form is not None:
        operation["requestBody"] = {"content": {"multipart/form-data": {"schema": _SCHEMAS.of(about.form)}}}
    return operation
