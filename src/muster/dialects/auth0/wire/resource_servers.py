"""APIs on the wire; settings of tokens that are not made here are kept as sent."""

from typing import Any

from msgspec.structs import replace

from muster.core.apps.model import Api, Scope
from muster.core.security import SecretBox
from muster.dialects.auth0.wire.sealing import open_secrets, seal_secrets

VENDOR = "auth0"

Document = dict[str, Any]

_OF_THE_CORE = frozenset(
    {
        "name",
        "identifier",
        "scopes",
        "signing_alg",
        "token_lifetime",
        "token_lifetime_for_web",
        "allow_offline_access",
    }
)

_DEFAULTS: Document = {
    "skip_consent_for_verifiable_first_party_clients": False,
    "enforce_policies": False,
    "token_dialect": "access_token",
    "subject_type_authorization": {
        "user": {"policy": "allow_all"},
        "client": {"policy": "require_client_grant"},
    },
}


def new_api(body: Document, id_: str, box: SecretBox) -> Api:
    """The API that a checked body describes; without a name it is called by its identifier."""
    identifier = body["identifier"]
    return changed_api(Api(id=id_, name=identifier, identifier=identifier), body, box)


def changed_api(before: Api, body: Document, box: SecretBox) -> Api:
    """The API after a checked body of changes; null removes a member."""
    held = before.vendor.get(VENDOR, {})
    opened = open_secrets(held, box, _purpose(before))
    sent = {name: value for name, value in body.items() if name not in _OF_THE_CORE}
    kept = {name: value for name, value in {**opened, **sent}.items() if value is not None}
    lifetime = int(body.get("token_lifetime", before.token_lifetime))
    return replace(
        before,
        name=body.get("name", before.name),
        scopes=[_parse_scope(scope) for scope in body["scopes"]] if "scopes" in body else before.scopes,
        signing_alg=body.get("signing_alg", before.signing_alg),
        token_lifetime=lifetime,
        token_lifetime_for_web=int(body.get("token_lifetime_for_web", min(lifetime, before.token_lifetime_for_web))),
        allow_offline_access=body.get("allow_offline_access", before.allow_offline_access),
        vendor={**before.vendor, VENDOR: seal_secrets(kept, box, _purpose(before), before=held)},
    )


def show_api(api: Api, box: SecretBox) -> Document:
    """The API as it is answered."""
    shown: Document = {
        "id": api.id,
        "name": api.name,
        "identifier": api.identifier,
        "scopes": [_show_scope(scope) for scope in api.scopes],
        "signing_alg": api.signing_alg,
        "allow_offline_access": api.allow_offline_access,
        "token_lifetime": api.token_lifetime,
        "token_lifetime_for_web": api.token_lifetime_for_web,
        **_DEFAULTS,
        **open_secrets(api.vendor.get(VENDOR, {}), box, _purpose(api)),
    }
    return {**shown, "is_system": True} if api.system else shown


def _parse_scope(scope: Document) -> Scope:
    return Scope(scope["value"], scope.get("description"))


def _show_scope(scope: Scope) -> Document:
    shown = {"value": scope.value}
    return shown if scope.description is None else {**shown, "description": scope.description}


def _purpose(api: Api) -> str:
    return f"api_settings:{api.id}"
