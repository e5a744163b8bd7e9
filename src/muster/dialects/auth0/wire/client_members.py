"""The members of a client that mean something to the core: what each is there, and how the core's value is told here.

A value is kept as it was sent only where the core's could not be told in the same words (an empty list, an algorithm that is
not used here), and shown as it was sent for as long as it means what the core holds.
"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from msgspec.structs import replace

from muster.core.apps.model import Application, RefreshRules

Document = dict[str, Any]

PUBLIC_TYPES: Final = frozenset({"native", "spa"})
"""Kinds of application that can keep no secret, and need none unless they say so."""

JWT: Final = {"alg": "RS256", "lifetime_in_seconds": 36_000, "secret_encoded": False}
REFRESH_TOKEN: Final = {
    "rotation_type": "non-rotating",
    "expiration_type": "non-expiring",
    "leeway": 0,
    "token_lifetime": 31_557_600,
    "infinite_token_lifetime": True,
    "idle_token_lifetime": 2_592_000,
    "infinite_idle_token_lifetime": True,
}

_ALGORITHMS: Final = frozenset({"RS256", "ES256", "EdDSA"})
_LIFETIME: Final = 2_592_000
_IDLE_LIFETIME: Final = 1_296_000
_EVERLASTING: Final = RefreshRules(rotating=False, lifetime=None, idle=None)


class Mapped(NamedTuple):
    """`read` gives the core's members that a whole document asks for, `show` the members of a document that say so."""

    names: tuple[str, ...]
    read: Callable[[Document], dict[str, Any]]
    show: Callable[[Application, Document], Document]


def core_members(document: Document) -> dict[str, Any]:
    """What the core keeps of a client's document."""
    return {name: value for mapped in MAPPED for name, value in mapped.read(document).items()}


def told_apart(app: Application, document: Document) -> Document:
    """What must be kept beside the core's members, for the document to come back as it was sent."""
    kept = dict(document)
    for mapped in MAPPED:
        sent = {name: document[name] for name in mapped.names if name in document}
        if sent == mapped.show(app, document):
            for name in sent:
                del kept[name]
    return kept


def whole(app: Application, kept: Document) -> Document:
    """The document that `told_apart` was given, or as the core has it by now."""
    document = dict(kept)
    for mapped in MAPPED:
        sent = {name: document.pop(name) for name in mapped.names if name in kept}
        document.update(sent if sent and _means(mapped, app, kept) else mapped.show(app, kept))
    return document


def _means(mapped: Mapped, app: Application, kept: Document) -> bool:
    return all(getattr(app, name) == value for name, value in mapped.read(kept).items())


# ------------------------------------------------------------------------------------------------------- one by one


def _same(name: str, member: str, absent: Any) -> Mapped:
    """A member that both sides spell alike."""

    def show(app: Application, _: Document) -> Document:
        value = getattr(app, member)
        return {} if value == absent else {name: value}

    return Mapped((name,), lambda document: {member: document.get(name, absent)}, show)


def _read_authentication(document: Document) -> dict[str, Any]:
    methods = document.get("client_authentication_methods")
    if methods:
        # Certificates are not understood here: who may come with nothing else does not come in with less.
        return {"authentication": "private_key_jwt"}
    return {"authentication": document.get("token_endpoint_auth_method") or _usual(document)}


def _usual(document: Document) -> str:
    return "none" if document.get("app_type") in PUBLIC_TYPES else "client_secret"


def _show_authentication(app: Application, document: Document) -> Document:
    method = app.authentication
    if method == "private_key_jwt" or method == _usual(document):
        return {}
    return {"token_endpoint_auth_method": "client_secret_post" if method == "client_secret" else method}


def _read_jwt(document: Document) -> dict[str, Any]:
    asked = document.get("jwt_configuration") or {}
    alg, lifetime = asked.get("alg"), asked.get("lifetime_in_seconds", 0)
    return {
        "signing_alg": alg if alg in _ALGORITHMS else JWT["alg"],
        "id_token_lifetime": lifetime if lifetime > 0 else JWT["lifetime_in_seconds"],
    }


def _show_jwt(app: Application, _: Document) -> Document:
    shown = {"alg": app.signing_alg, "lifetime_in_seconds": app.id_token_lifetime}
    return {} if shown.items() <= JWT.items() else {"jwt_configuration": shown}


def _read_refresh(document: Document) -> dict[str, Any]:
    asked = document.get("refresh_token")
    if not asked:
        return {"refresh": _EVERLASTING}
    expiring = asked["expiration_type"] == "expiring"
    ends = expiring and not asked.get("infinite_token_lifetime", False)
    idles = expiring and not asked.get("infinite_idle_token_lifetime", False)
    rules = RefreshRules(
        rotating=asked["rotation_type"] == "rotating",
        grace=asked.get("leeway", 0),
        lifetime=asked.get("token_lifetime", _LIFETIME) if ends else None,
        idle=asked.get("idle_token_lifetime", _IDLE_LIFETIME) if idles else None,
    )
    return {"refresh": rules}


def _show_refresh(app: Application, _: Document) -> Document:
    rules = app.refresh
    if rules == _EVERLASTING:
        return {}
    shown = {
        "rotation_type": "rotating" if rules.rotating else "non-rotating",
        "expiration_type": "non-expiring" if rules.lifetime is None and rules.idle is None else "expiring",
        "leeway": rules.grace,
        "token_lifetime": REFRESH_TOKEN["token_lifetime"] if rules.lifetime is None else rules.lifetime,
        "infinite_token_lifetime": rules.lifetime is None,
        "idle_token_lifetime": REFRESH_TOKEN["idle_token_lifetime"] if rules.idle is None else rules.idle,
        "infinite_idle_token_lifetime": rules.idle is None,
    }
    return {"refresh_token": shown}


_LOGOUT: Final = ("oidc_logout", "oidc_backchannel_logout")
_LOGOUT_URLS: Final = "backchannel_logout_urls"


def _read_logout(document: Document) -> dict[str, Any]:
    urls = [url for name in _LOGOUT for url in (document.get(name) or {}).get(_LOGOUT_URLS) or []]
    return {"backchannel_logout_uri": urls[0] if urls else ""}


def _show_logout(app: Application, _: Document) -> Document:
    uri = app.backchannel_logout_uri
    return {_LOGOUT[0]: {_LOGOUT_URLS: [uri]}} if uri else {}


MAPPED: Final = (
    _same("callbacks", "redirect_uris", []),
    _same("allowed_logout_urls", "post_logout_uris", []),
    _same("web_origins", "web_origins", []),
    _same("is_first_party", "first_party", absent=True),
    _same("logo_uri", "logo_uri", ""),
    Mapped(("token_endpoint_auth_method",), _read_authentication, _show_authentication),
    Mapped(("jwt_configuration",), _read_jwt, _show_jwt),
    Mapped(("refresh_token",), _read_refresh, _show_refresh),
    Mapped(_LOGOUT, _read_logout, _show_logout),
)


def with_members(app: Application, document: Document) -> Application:
    """The application with what the document asks of the core."""
    return replace(app, **core_members(document))
