"""Connections: where identities come from."""

from muster.dialects.auth0.schema.connection_options import OPTIONS
from muster.dialects.auth0.schema.listing import (
    FROM,
    INCLUDE_FIELDS,
    INCLUDE_TOTALS,
    PAGE,
    field_names,
    listed,
    per_page,
    take,
)
from muster.dialects.kit.fields import Field, Flag, List, Object, Text, nullable

STRATEGIES = (
    "ad",
    "adfs",
    "amazon",
    "apple",
    "dropbox",
    "bitbucket",
    "auth0-oidc",
    "auth0",
    "baidu",
    "bitly",
    "box",
    "custom",
    "daccount",
    "dwolla",
    "email",
    "evernote-sandbox",
    "evernote",
    "exact",
    "facebook",
    "fitbit",
    "github",
    "google-apps",
    "google-oauth2",
    "instagram",
    "ip",
    "line",
    "linkedin",
    "oauth1",
    "oauth2",
    "office365",
    "oidc",
    "okta",
    "paypal",
    "paypal-sandbox",
    "pingfederate",
    "planningcenter",
    "salesforce-community",
    "salesforce-sandbox",
    "salesforce",
    "samlp",
    "sharepoint",
    "shopify",
    "shop",
    "sms",
    "soundcloud",
    "thirtysevensignals",
    "twitter",
    "untappd",
    "vkontakte",
    "waad",
    "weibo",
    "windowslive",
    "wordpress",
    "yahoo",
    "yandex",
)

_MEMBERS: dict[str, Field] = {
    "name": Text(
        "The connection's name: letters, digits and single hyphens between them.",
        required=True,
        max=128,
        pattern=r"^[a-zA-Z0-9](-[a-zA-Z0-9]|[a-zA-Z0-9])*$",
    ),
    "display_name": Text("What a sign-in page calls the connection.", max=128),
    "strategy": Text("The kind of provider.", required=True, one_of=STRATEGIES),
    "options": OPTIONS,
    "enabled_clients": List(
        "The clients that may use the connection; PATCH /connections/{id}/clients is the better way.",
        items=Text(format="client-id"),
    ),
    "is_domain_connection": Flag("Whether applications of others may use the connection."),
    "show_as_button": Flag("Whether a sign-in page shows a button for it."),
    "realms": List(
        "The names by which a sign-in request may mean the connection.", items=Text(format="connection-realm")
    ),
    "metadata": Object(
        "At most 10 texts that programs keep about the connection.", values=Text(nullable=True, max=255), max=10
    ),
    "authentication": Object(
        "Whether the connection is used for signing in.", closed=True, members={"active": Flag(required=True)}
    ),
    "connected_accounts": Object(
        "Whether the connection is used for connected accounts.",
        closed=True,
        members={"active": Flag(required=True), "cross_app_access": Flag()},
    ),
    "cross_app_access_requesting_app": Object(
        "Whether the connection may ask on behalf of other applications.",
        closed=True,
        members={"active": Flag(required=True)},
    ),
}

CREATE = Object(required=True, closed=True, members=_MEMBERS)

UPDATE = Object(
    required=True,
    closed=True,
    members={name: field for name, field in _MEMBERS.items() if name not in ("name", "strategy")}
    | {name: nullable(_MEMBERS[name]) for name in ("options", "enabled_clients")},
)

_LISTED: dict[str, Field] = {
    "id": Text("The connection's id: con_ and 16 letters and digits."),
    "name": Text("The connection's name."),
    "display_name": _MEMBERS["display_name"],
    "strategy": Text("The kind of provider."),
    "options": Object("The settings of the strategy."),
    **{
        name: _MEMBERS[name]
        for name in (
            "realms",
            "is_domain_connection",
            "show_as_button",
            "metadata",
            "authentication",
            "connected_accounts",
            "cross_app_access_requesting_app",
        )
    },
}

CONNECTION = Object(members={**_LISTED, "enabled_clients": List("The clients that may use it.", items=Text())})

CONNECTIONS_LIST = listed("connections", Object(members=_LISTED), checkpoint=True)

DELETED = Object(members={"deleted_at": Text("When the connection was deleted.", format="date-time")})

CLIENTS = Object(
    members={
        "clients": List(
            "The clients that may use the connection.",
            required=True,
            items=Object(members={"client_id": Text("The client's id.", required=True)}),
        ),
        "next": Text("Where the next page starts; absent on the last one."),
    }
)

CLIENTS_UPDATE = List(
    required=True,
    min=1,
    max=50,
    items=Object(
        closed=True,
        members={
            "client_id": Text("The client that may or may not use the connection.", required=True, format="client-id"),
            "status": Flag("Whether it may.", required=True),
        },
    ),
)

PATH = Object(members={"id": Text("The connection's id.", required=True, min=1, max=100)})

_FIELDS: dict[str, Field] = {"fields": field_names(tuple(CONNECTION.members)), "include_fields": INCLUDE_FIELDS}

GET_QUERY = Object(closed=True, members=_FIELDS)

LIST_QUERY = Object(
    closed=True,
    members={
        "per_page": per_page(default=100),
        "page": PAGE,
        "include_totals": INCLUDE_TOTALS,
        "from": FROM,
        "take": take(),
        "strategy": List("Only connections of these kinds.", items=Text(one_of=STRATEGIES)),
        "name": Text("Only the connection of this name."),
        **_FIELDS,
    },
)

CLIENTS_QUERY = Object(closed=True, members={"take": take(most=1000), "from": FROM})

USERS_QUERY = Object(closed=True, members={"email": Text("The address of the user to delete.", required=True)})
