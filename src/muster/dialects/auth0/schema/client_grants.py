"""Which client may call which API by itself, and with what scopes."""

from muster.dialects.auth0.schema.listing import FROM, INCLUDE_TOTALS, PAGE, listed, per_page, take
from muster.dialects.kit.fields import Flag, List, Object, Text

CREATE = Object(
    required=True,
    closed=True,
    members={
        "client_id": Text("The client that is granted access."),
        "audience": Text("The identifier of the API.", required=True, min=1),
        "default_for": Text(
            "The group of clients that the grant is for, instead of one.", one_of=("third_party_clients",)
        ),
        "organization_usage": Text(
            "Whether tokens may, must or must not be for an organization.", one_of=("deny", "allow", "require")
        ),
        "allow_any_organization": Flag("Whether any organization may be named."),
        "scope": List("The scopes of the API that are granted.", items=Text(min=1, max=280)),
        "subject_type": Text("Whether the client acts by itself or for a user.", one_of=("client", "user")),
        "authorization_details_types": List(
            "The kinds of authorization details that are granted.", items=Text(min=1, max=255)
        ),
        "allow_all_scopes": Flag("Whether every scope of the API is granted."),
    },
)

UPDATE = Object(
    required=True,
    closed=True,
    min=1,
    members={
        "scope": List("The scopes of the API that are granted.", nullable=True, items=Text(min=1, max=280)),
        "organization_usage": Text(
            "Whether tokens may, must or must not be for an organization.",
            nullable=True,
            one_of=("deny", "allow", "require"),
        ),
        "allow_any_organization": Flag("Whether any organization may be named.", nullable=True),
        "authorization_details_types": List(
            "The kinds of authorization details that are granted.", items=Text(min=1, max=255)
        ),
        "allow_all_scopes": Flag("Whether every scope of the API is granted.", nullable=True),
    },
)

GRANT = Object(
    members={
        "id": Text("The grant's id: cgr_ and 16 letters and digits."),
        "client_id": Text("The client that is granted access."),
        "audience": Text("The identifier of the API.", min=1),
        "scope": List("The scopes of the API that are granted.", items=Text(min=1)),
        "organization_usage": Text(
            "Whether tokens may, must or must not be for an organization.", one_of=("deny", "allow", "require")
        ),
        "allow_any_organization": Flag("Whether any organization may be named."),
        "default_for": Text(
            "The group of clients that the grant is for, instead of one.", one_of=("third_party_clients",)
        ),
        "is_system": Flag("Whether the grant is one of the server's own."),
        "subject_type": Text("Whether the client acts by itself or for a user.", one_of=("client", "user")),
        "authorization_details_types": List(
            "The kinds of authorization details that are granted.", items=Text(min=1, max=255)
        ),
        "allow_all_scopes": Flag("Whether every scope of the API is granted."),
    }
)

GRANTS_LIST = listed("client_grants", GRANT, checkpoint=True)

PATH = Object(members={"id": Text("The grant's id.", required=True, min=1, max=100)})

LIST_QUERY = Object(
    closed=True,
    members={
        "per_page": per_page(),
        "page": PAGE,
        "include_totals": INCLUDE_TOTALS,
        "from": FROM,
        "take": take(),
        "audience": Text("Only grants for this API."),
        "client_id": Text("Only grants of this client."),
        "allow_any_organization": Flag("Only grants for any organization.", only=True),
        "subject_type": Text("Only grants of this kind.", one_of=("client", "user")),
        "default_for": Text("Only the grants of this group of clients.", one_of=("third_party_clients",)),
    },
)
