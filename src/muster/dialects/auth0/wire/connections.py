"""Connections on the wire. What a strategy means to the core is decided here; other settings are kept as sent."""

from collections.abc import Mapping
from typing import Any, Literal

from msgspec.structs import replace

from muster.core.connections.model import Connection, UsernameRule
from muster.core.security import SecretBox
from muster.dialects.auth0.wire.providers import provider_of
from muster.dialects.auth0.wire.sealing import open_secrets, seal_secrets, seal_text

PREFIX = "con_"
VENDOR = "auth0"

CONFIGURATION = "configuration"

Document = dict[str, Any]

_PASSWORDLESS = frozenset({"email", "sms"})
_ENTERPRISE = frozenset(
    {
        "ad",
        "adfs",
        "auth0-adldap",
        "google-apps",
        "ip",
        "office365",
        "oidc",
        "okta",
        "pingfederate",
        "samlp",
        "sharepoint",
        "waad",
    }
)

_KEPT = (
    "realms",
    "is_domain_connection",
    "show_as_button",
    "authentication",
    "connected_accounts",
    "cross_app_access_requesting_app",
)
"""What means nothing to the core."""

_POLICY = frozenset(
    {
        "passwordPolicy",
        "password_complexity_options",
        "password_dictionary",
        "password_history",
        "password_no_personal_info",
        "password_options",
    }
)

_PASSWORD = {"enabled": True, "api_behavior": "required", "signup_behavior": "allow"}
_DISABLED = {"enabled": False}

_DATABASE_OPTIONS: Mapping[str, Any] = {
    "mfa": {"active": True, "return_enroll_settings": True},
    "brute_force_protection": True,
    "password_options": {
        "complexity": {
            "min_length": 15,
            "character_types": [],
            "character_type_rule": "all",
            "identical_characters": "allow",
            "sequential_characters": "allow",
            "max_length_exceeded": "error",
        },
        "history": {"active": False, "size": 3},
        "dictionary": {"active": False, "default": "en_100k", "custom": []},
        "profile_data": {
            "active": False,
            "blocked_fields": [
                "name",
                "username",
                "nickname",
                "email",
                "phone_number",
                "user_metadata.name",
                "user_metadata.first",
                "user_metadata.last",
            ],
        },
    },
    "strategy_version": 2,
    "authentication_methods": {"password": _PASSWORD, "passkey": _DISABLED},
    "passkey_options": {
        "challenge_ui": "both",
        "progressive_enrollment_enabled": True,
        "local_enrollment_enabled": True,
    },
}
"""What a new database connection is given where its options do not say."""


def kind_of(strategy: str) -> Literal["database", "passwordless", "social", "enterprise"]:
    """What the core needs to know of a strategy."""
    if strategy == "auth0":
        return "database"
    if strategy in _PASSWORDLESS:
        return "passwordless"
    return "enterprise" if strategy in _ENTERPRISE else "social"


def parse_connection_id(text: str) -> str:
    """The core's id of a shown one; the empty text, which names nothing, for what has not its form."""
    return text.removeprefix(PREFIX) if text.startswith(PREFIX) else ""


def show_connection_id(id_: str) -> str:
    """`con_` and 16 letters and digits."""
    return PREFIX + id_


def new_connection(body: Document, id_: str, box: SecretBox) -> Connection:
    """The connection that a checked body describes."""
    options = body.get("options") or {}
    kind = kind_of(body["strategy"])
    if kind == "database":
        options = _with_defaults(options)
    connection = Connection(
        id=id_,
        name=body["name"],
        kind=kind,
        strategy=body["strategy"],
        display_name=body.get("display_name"),
        metadata=_merged({}, body.get("metadata") or {}),
        enabled_apps=list(dict.fromkeys(body.get("enabled_clients") or [])),
        vendor={VENDOR: {name: body[name] for name in _KEPT if name in body}},
    )
    return _with_options(connection, options, box)


def changed_connection(before: Connection, body: Document, box: SecretBox) -> Connection:
    """The connection after a checked body of changes; `options` is replaced whole, `metadata` member by member."""
    kept = {**before.vendor.get(VENDOR, {}), **{name: body[name] for name in _KEPT if name in body}}
    after = replace(
        before,
        display_name=body.get("display_name", before.display_name),
        metadata=_merged(before.metadata, body.get("metadata") or {}),
        vendor={**before.vendor, VENDOR: kept},
    )
    if body.get("enabled_clients") is not None:
        after = replace(after, enabled_apps=list(dict.fromkeys(body["enabled_clients"])))
    return _with_options(after, body["options"] or {}, box) if "options" in body else after


def show_connection(connection: Connection, box: SecretBox, *, listed: bool = False) -> Document:
    """The connection as it is answered; in a list without its clients."""
    kept = connection.vendor.get(VENDOR, {})
    shown: Document = {
        "id": show_connection_id(connection.id),
        "options": _shown_options(connection, box),
        "strategy": connection.strategy,
        "name": connection.name,
        "is_domain_connection": False,
        "authentication": {"active": True},
        "connected_accounts": {"active": False},
        "realms": [connection.name],
        **kept,
    }
    if connection.display_name is not None:
        shown["display_name"] = connection.display_name
    if connection.metadata:
        shown["metadata"] = connection.metadata
    if not listed:
        shown["enabled_clients"] = connection.enabled_apps
    return shown


def _shown_options(connection: Connection, box: SecretBox) -> Document:
    configuration = {name: value for name, value in connection.options.items() if name == CONFIGURATION}
    opened = open_secrets({**connection.options, CONFIGURATION: None}, box, _purpose(connection))
    return {name: configuration.get(name, opened[name]) for name in connection.options}


def _with_defaults(options: Document) -> Document:
    filled = {
        name: value
        for name, value in _DATABASE_OPTIONS.items()
        if name not in options and not (name == "password_options" and not _POLICY.isdisjoint(options))
    }
    methods = options.get("authentication_methods")
    if isinstance(methods, dict):
        filled["authentication_methods"] = {
            "passkey": _DISABLED,
            "email_otp": _DISABLED,
            "phone_otp": _DISABLED,
            **methods,
            "password": {**_PASSWORD, **(methods.get("password") or {})},
        }
    return {**options, **filled}


def _with_options(connection: Connection, options: Document, box: SecretBox) -> Connection:
    """The connection with these options, and with what they mean to the core."""
    username = _inside(options, "attributes", "username")
    password = _inside(options, "authentication_methods", "password")
    return replace(
        connection,
        options=_sealed_options(connection, options, box),
        provider=provider_of(connection, options, box),
        requires_username=options.get("requires_username") is True
        or _inside(username, "identifier").get("active") is True,
        username_rule=_username_rule(options, username),
        sign_up_closed=options.get("disable_signup") is True,
        password_required=password.get("api_behavior") != "optional" and password.get("enabled") is not False,
    )


def _sealed_options(connection: Connection, options: Document, box: SecretBox) -> Document:
    """Secrets are sealed. What scripts are configured with is also sealed, and shown only in that form."""
    before, purpose = connection.options, _purpose(connection)
    held = _inside(before, CONFIGURATION)
    configuration = {
        name: seal_text(value, held.get(name), box, purpose) if isinstance(value, str) else value
        for name, value in _inside(options, CONFIGURATION).items()
    }
    sealed = seal_secrets({**options, CONFIGURATION: None}, box, purpose, before)
    return {name: configuration if name == CONFIGURATION and options[name] else sealed[name] for name in options}


def _username_rule(options: Document, attribute: Document) -> UsernameRule:
    """How long user names may be: the older setting and the newer one say the same thing."""
    older, newer = _inside(options, "validation", "username"), _inside(attribute, "validation")
    least, most = older.get("min", newer.get("min_length")), older.get("max", newer.get("max_length"))
    usual = UsernameRule()
    return UsernameRule(
        usual.minimum if least is None else int(least),
        usual.maximum if most is None else int(most),
    )


def _merged(before: dict[str, str], sent: Document) -> dict[str, str]:
    return {name: value for name, value in {**before, **sent}.items() if value is not None}


def _inside(document: Document, *path: str) -> Document:
    """The object at a path, or an empty one."""
    for name in path:
        inner = document.get(name)
        document = inner if isinstance(inner, dict) else {}
    return document


def _purpose(connection: Connection) -> str:
    return f"connection_options:{connection.id}"
