"""What may be sent and what is answered, as JSON Schemas: the same tables check requests and describe the API."""

from typing import Any, Final

Schema = dict[str, Any]

MOST_ON_A_PAGE: Final = 1000
USUAL_PAGE: Final = 100

UUID: Final[Schema] = {"type": "string", "format": "uuid"}
TEXT: Final[Schema] = {"type": "string"}
TEXTS: Final[Schema] = {"type": "array", "items": TEXT}
MOMENT: Final[Schema] = {"type": "string", "format": "date-time"}
OPEN: Final[Schema] = {"type": "object", "additionalProperties": True}

LIMIT: Final[Schema] = {
    "type": "number",
    "minimum": 1,
    "maximum": MOST_ON_A_PAGE,
    "multipleOf": 1,
    "default": USUAL_PAGE,
}
CURSOR: Final[Schema] = {"type": "string", "description": "Behind which entry to go on: nextCursor of the page before."}

CLAIMS: Final[Schema] = {**OPEN, "description": "Free members; values may be nested."}

LINK: Final[Schema] = {
    "type": "object",
    "properties": {
        "providerId": UUID,
        "url": {"type": "string", "format": "uri", "readOnly": True},
        "subjectId": TEXT,
    },
}
LINK_INPUT: Final[Schema] = {
    "type": "object",
    "required": ["providerId", "subjectId"],
    "properties": {"providerId": UUID, "subjectId": {"type": "string", "minLength": 1, "maxLength": 1000}},
}
LINK_SEARCH: Final[Schema] = {"type": "object", "properties": {"providerId": UUID, "subjectId": TEXT}}

USER: Final[Schema] = {
    "type": "object",
    "required": ["id", "claims"],
    "properties": {"id": {**UUID, "readOnly": True}, "claims": CLAIMS, "authenticationProvider": LINK},
}
USER_CREATE: Final[Schema] = {
    "type": "object",
    "properties": {"claims": CLAIMS, "authenticationProvider": LINK_INPUT},
}
USER_UPDATE: Final[Schema] = {
    "type": "object",
    "required": ["claims"],
    "properties": {"claims": CLAIMS, "authenticationProvider": LINK_INPUT},
}
USER_SEARCH: Final[Schema] = {
    "type": "object",
    "properties": {
        "claims": {**CLAIMS, "description": "A user must have all of it: objects in part, everything else exactly."},
        "authenticationProvider": LINK_SEARCH,
        "limit": LIMIT,
        "cursor": CURSOR,
    },
}

CREDENTIAL: Final[Schema] = {
    "type": "object",
    "required": ["id", "type", "profile"],
    "properties": {
        "id": {"type": "string", "minLength": 1, "maxLength": 255},
        "type": {"type": "string", "minLength": 1},
        "profile": {"type": "string", "minLength": 1},
        "offerId": UUID,
        "sessionId": UUID,
        "credentialConfigurationId": UUID,
        "devicePublicKey": OPEN,
        "namespaces": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "additionalProperties": {
                    "type": "object",
                    "properties": {"digestID": {"type": "number"}, "digest": TEXT},
                },
            },
        },
        "msoHash": TEXT,
        "issuedDate": MOMENT,
        "validFrom": MOMENT,
        "validUntil": MOMENT,
        "status": TEXT,
    },
}
CREDENTIAL_ROW: Final[Schema] = {
    **CREDENTIAL,
    "required": ["userId", *CREDENTIAL["required"]],
    "properties": {"userId": UUID, **CREDENTIAL["properties"]},
}
"""A row of an import."""

_PROVIDER_MEMBERS: Final[Schema] = {
    "clientId": {"type": "string", "minLength": 1},
    "clientSecret": {"type": "string", "minLength": 1, "maxLength": 1000, "writeOnly": True},
    "scope": {**TEXTS, "contains": {"const": "openid"}, "default": ["openid", "profile", "email"]},
    "tokenEndpointAuthMethod": {
        "type": "string",
        "enum": ["client_secret_basic", "client_secret_post"],
        "default": "client_secret_basic",
    },
    "staticRequestParameters": {**OPEN, "maxProperties": 1000, "x-longest-value": 1000},
    "forwardedRequestParameters": {"type": "array", "items": {"type": "string", "maxLength": 1000}, "default": []},
    "claimsToPersist": TEXTS,
}
PROVIDER_CREATE: Final[Schema] = {
    "type": "object",
    "required": ["url", "clientId", "clientSecret"],
    "properties": {"url": {"type": "string", "format": "uri"}, **_PROVIDER_MEMBERS},
}
PROVIDER_UPDATE: Final[Schema] = {"type": "object", "required": ["clientId"], "properties": _PROVIDER_MEMBERS}
PROVIDER: Final[Schema] = {
    "type": "object",
    "required": ["id", "url", "clientId", "redirectUrl"],
    "properties": {
        "id": UUID,
        "url": {"type": "string", "format": "uri"},
        "redirectUrl": {"type": "string", "format": "uri"},
        **_PROVIDER_MEMBERS,
        "clientSecret": {"type": "string", "description": "Masked, but for its last five characters."},
    },
}

EVENT: Final[Schema] = {
    "type": "object",
    "required": ["id", "type", "timestamp", "category", "requestId"],
    "properties": {
        "id": UUID,
        "type": TEXT,
        "timestamp": MOMENT,
        "category": TEXT,
        "metadata": {"type": ["object", "null"]},
        "data": {"type": ["object", "null"]},
        "requestId": TEXT,
        "managementUserId": TEXT,
        "clientId": TEXT,
    },
}

ERROR: Final[Schema] = {
    "type": "object",
    "required": ["code", "message"],
    "properties": {
        "code": TEXT,
        "message": TEXT,
        "type": TEXT,
        "details": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"value": {}, "msg": TEXT, "param": TEXT, "location": TEXT},
            },
        },
    },
}

TOKEN_REQUEST: Final[Schema] = {
    "type": "object",
    "required": ["client_id", "client_secret", "audience", "grant_type"],
    "properties": {
        "client_id": TEXT,
        "client_secret": {**TEXT, "writeOnly": True},
        "audience": TEXT,
        "grant_type": {"type": "string", "enum": ["client_credentials"]},
    },
}
TOKEN: Final[Schema] = {
    "type": "object",
    "required": ["access_token", "expires_in", "token_type"],
    "properties": {"access_token": TEXT, "expires_in": {"type": "number"}, "token_type": {"enum": ["Bearer"]}},
}
TOKEN_ERROR: Final[Schema] = {
    "type": "object",
    "required": ["error", "error_description"],
    "properties": {"error": TEXT, "error_description": TEXT},
}


def page_of(entry: Schema) -> Schema:
    """A page of entries."""
    return {
        "type": "object",
        "required": ["data"],
        "properties": {
            "nextCursor": {"type": "string", "description": "Left out of an empty page."},
            "data": {"type": "array", "items": entry},
        },
    }


PAGE: Final[Schema] = {"limit": LIMIT, "cursor": CURSOR}
"""The query of a list."""
EVENT_QUERY: Final[Schema] = {
    **PAGE,
    "ids": TEXTS,
    "requestIds": TEXTS,
    "categories": TEXTS,
    "types": TEXTS,
    "dateFrom": MOMENT,
    "dateTo": MOMENT,
    "managementUserIds": TEXTS,
    "clientIds": TEXTS,
}
