"""APIs, which this API calls resource servers."""

from muster.dialects.auth0.schema.listing import INCLUDE_FIELDS, INCLUDE_TOTALS, PAGE, listed, per_page
from muster.dialects.kit.fields import Field, Flag, Integer, List, Object, Text, optional

_MEMBERS: dict[str, Field] = {
    "name": Text("What the API is called; not < or >.", max=200, pattern=r"^[^<>]+$"),
    "identifier": Text("The audience of the API's tokens; it never changes.", required=True, min=1, max=600),
    "scopes": List(
        "What the API lets a caller do.",
        items=Object(closed=True, members={"value": Text(required=True, min=1, max=280), "description": Text(max=500)}),
    ),
    "signing_alg": Text("The algorithm that signs the API's tokens.", one_of=("HS256", "RS256", "RS512", "PS256")),
    "signing_secret": Text("The secret for HS256.", min=16),
    "allow_offline_access": Flag("Whether refresh tokens are given for the API."),
    "allow_online_access": Flag("Whether refresh tokens that end with the session are given."),
    "allow_online_access_with_ephemeral_sessions": Flag("The same where a session ends with the browser."),
    "token_lifetime": Integer("For how many seconds an access token is good.", min=0, max=2592000),
    "token_dialect": Text(
        "The form of access tokens.",
        one_of=("access_token", "access_token_authz", "rfc9068_profile", "rfc9068_profile_authz"),
    ),
    "skip_consent_for_verifiable_first_party_clients": Flag("Whether own applications need no consent."),
    "enforce_policies": Flag("Whether the user's roles bound the scopes."),
    "token_encryption": Object(
        "How access tokens are encrypted.",
        nullable=True,
        closed=True,
        members={
            "format": Text(required=True, one_of=("compact-nested-jwe",)),
            "encryption_key": Object(
                required=True,
                closed=True,
                members={
                    "name": Text(min=1, max=128),
                    "alg": Text(required=True, one_of=("RSA-OAEP-256", "RSA-OAEP-384", "RSA-OAEP-512")),
                    "kid": Text(min=1, max=128),
                    "pem": Text(required=True, min=1, max=4096),
                },
            ),
        },
    ),
    "consent_policy": Text(
        "Whether each transaction asks for consent.", nullable=True, one_of=("transactional-authorization-with-mfa",)
    ),
    "authorization_details": List("The kinds of authorization details (RFC 9396).", nullable=True),
    "proof_of_possession": Object(
        "Whether tokens must be bound to a key.",
        nullable=True,
        closed=True,
        members={
            "mechanism": Text(required=True, one_of=("mtls", "dpop")),
            "required": Flag(required=True),
            "required_for": Text(one_of=("public_clients", "all_clients")),
        },
    ),
    "subject_type_authorization": Object(
        "Who may have tokens, and by what grant.",
        closed=True,
        members={
            "user": Object(members={"policy": Text(one_of=("allow_all", "deny_all", "require_client_grant"))}),
            "client": Object(members={"policy": Text(one_of=("deny_all", "require_client_grant"))}),
        },
    ),
    "authorization_policy": Object(
        "The policy that decides about each access.",
        nullable=True,
        closed=True,
        members={"policy_id": Text(required=True, min=1, max=1024)},
    ),
    # Not in the document, but taken and answered.
    "token_lifetime_for_web": Integer("The same for tokens that a browser gets directly.", min=0, max=2592000),
}

CREATE = Object(required=True, closed=True, members=_MEMBERS)

UPDATE = Object(
    required=True, closed=True, members={name: field for name, field in _MEMBERS.items() if name != "identifier"}
)

RESOURCE_SERVER = Object(
    members={
        "id": Text("The API's id: 24 hexadecimal digits."),
        **_MEMBERS,
        "name": Text("What the API is called; its identifier when it was given no name."),
        "identifier": optional(_MEMBERS["identifier"]),
        "is_system": Flag("Whether the API is one of the server's own."),
        "client_id": Text("The client that the API is part of.", format="client-id"),
    }
)

RESOURCE_SERVERS_LIST = listed("resource_servers", RESOURCE_SERVER)

PATH = Object(members={"id": Text("The API's id, or its identifier.", required=True, min=1, max=600)})

GET_QUERY = Object(closed=True, members={"include_fields": INCLUDE_FIELDS})

LIST_QUERY = Object(
    closed=True,
    members={
        "identifiers": List("Only APIs with these identifiers.", items=Text(min=1)),
        "page": PAGE,
        "per_page": per_page(),
        "include_totals": INCLUDE_TOTALS,
        "include_fields": INCLUDE_FIELDS,
    },
)
