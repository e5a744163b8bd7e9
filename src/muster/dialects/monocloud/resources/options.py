"""The tenant's options for signing in and up, and the questions of its sign-up form."""

from typing import Any

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from muster.core.actor import Permissions as May
from muster.core.errors import NotFound
from muster.core.settings.actions import read_settings, update_settings
from muster.core.settings.model import CustomField, SignInSettings
from muster.core.users.model import Profile
from muster.dialects.kit.call import Call
from muster.dialects.kit.reply import Reply, empty, json_reply
from muster.dialects.kit.routes import Route
from muster.dialects.monocloud.operation import Operation
from muster.dialects.monocloud.problems import IdentityProblem
from muster.dialects.monocloud.schema.options import CreateSignUpCustomFieldRequest, PatchSignUpCustomFieldRequest
from muster.dialects.monocloud.validation import body_of, checked, document_of
from muster.dialects.monocloud.wire.options import (
    AuthenticationOptions,
    SignUpCustomField,
    merged,
    show_custom_field,
    show_options,
    take_options,
)

MOST_FIELDS = 50

RESERVED = frozenset(Profile.__struct_fields__) | {"email", "phone_number", "username", "sub"}
"""Names that a question of one's own cannot have: claims with a meaning of theirs."""

_MEMBERS = {"claim_name": "name", "value_type": "type", "enabled": "enabled", "required": "required", "label": "label"}


async def get(call: Call) -> Reply:
    """All options."""
    return json_reply(200, show_options(await read_settings(call.store, call.tenant_id, call.caller)))


async def patch(call: Call) -> Reply:
    """Only what was sent changes, at every depth; lists are replaced whole."""
    sent = document_of(call)

    def change(settings: SignInSettings) -> SignInSettings:
        document = merged(msgspec.to_builtins(show_options(settings)), sent)
        return take_options(settings, checked(AuthenticationOptions, document))

    return json_reply(200, show_options(await call.act(update_settings, change)))


# ---------------------------------------------------------------------------------------------------- sign-up questions


async def list_fields(call: Call) -> Reply:
    """Every question, in order."""
    settings = await read_settings(call.store, call.tenant_id, call.caller)
    return json_reply(200, [show_custom_field(field) for field in settings.custom_fields])


async def get_field(call: Call) -> Reply:
    """One question."""
    settings = await read_settings(call.store, call.tenant_id, call.caller)
    return json_reply(200, show_custom_field(_field(settings, call.path["claim_name"])))


async def create_field(call: Call) -> Reply:
    """One more question, after the others."""
    body = body_of(call, CreateSignUpCustomFieldRequest)
    field = CustomField(
        name=body.claim_name,
        label=body.label,
        type=body.value_type,
        enabled=body.enabled,
        required=body.required,
    )
    await call.act(update_settings, lambda settings: _with(settings, [*settings.custom_fields, field]))
    return json_reply(201, show_custom_field(field))


async def patch_field(call: Call) -> Reply:
    """Only what was sent changes. What people answered stays under the name that the question had then."""
    body, name = body_of(call, PatchSignUpCustomFieldRequest), call.path["claim_name"]
    changes: dict[str, Any] = {
        member: value for sent, member in _MEMBERS.items() if (value := getattr(body, sent)) is not UNSET
    }

    def change(settings: SignInSettings) -> SignInSettings:
        field = _field(settings, name)
        return _with(settings, [replace(each, **changes) if each is field else each for each in settings.custom_fields])

    settings = await call.act(update_settings, change)
    return json_reply(200, show_custom_field(_field(settings, changes.get("name", name))))


async def delete_field(call: Call) -> Reply:
    """The question is asked no more; what people answered stays."""
    name = call.path["claim_name"]

    def change(settings: SignInSettings) -> SignInSettings:
        field = _field(settings, name)
        return _with(settings, [each for each in settings.custom_fields if each is not field])

    await call.act(update_settings, change)
    return empty()


def _field(settings: SignInSettings, name: str) -> CustomField:
    for field in settings.custom_fields:
        if field.name == name:
            return field
    raise NotFound("custom_field")


def _with(settings: SignInSettings, fields: list[CustomField]) -> SignInSettings:
    names = [field.name for field in fields]
    for name in names:
        if name in RESERVED:
            raise IdentityProblem(("ReservedClaimName", f"The claim name '{name}' has a meaning already."))
        if names.count(name) > 1:
            raise IdentityProblem(("DuplicateClaimName", f"Claim name '{name}' is already taken."))
    if len(fields) > MOST_FIELDS:
        raise IdentityProblem(("TooManyFields", f"There are at most {MOST_FIELDS} fields."))
    return replace(settings, custom_fields=fields)


_FIELDS = "/options/authentication/signup/custom_fields"
_FIELD = f"{_FIELDS}/{{claim_name}}"

ROUTES = [
    Route(
        "GET",
        "/options/authentication",
        get,
        needs=(May.SETTINGS_READ,),
        title="findAuthenticationOptions",
        about=Operation(answer=AuthenticationOptions),
    ),
    Route(
        "PATCH",
        "/options/authentication",
        patch,
        needs=(May.SETTINGS_WRITE,),
        title="patchAuthenticationOptions",
        about=Operation(body=AuthenticationOptions, answer=AuthenticationOptions),
    ),
    Route(
        "GET",
        _FIELDS,
        list_fields,
        needs=(May.SETTINGS_READ,),
        title="getAllSignUpCustomFields",
        about=Operation(answer=SignUpCustomField, is_list=True),
    ),
    Route(
        "POST",
        _FIELDS,
        create_field,
        needs=(May.SETTINGS_WRITE,),
        title="createSignUpCustomField",
        about=Operation(body=CreateSignUpCustomFieldRequest, answer=SignUpCustomField, status=201),
    ),
    Route(
        "GET",
        _FIELD,
        get_field,
        needs=(May.SETTINGS_READ,),
        title="findSignUpCustomField",
        about=Operation(answer=SignUpCustomField),
    ),
    Route(
        "PATCH",
        _FIELD,
        patch_field,
        needs=(May.SETTINGS_WRITE,),
        title="patchSignUpCustomField",
        about=Operation(body=PatchSignUpCustomFieldRequest, answer=SignUpCustomField),
    ),
    Route(
        "DELETE",
        _FIELD,
        delete_field,
        needs=(May.SETTINGS_WRITE,),
        title="deleteSignUpCustomField",
        about=Operation(status=204),
    ),
]
