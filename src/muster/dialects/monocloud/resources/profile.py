"""What is kept about a person: claims, and the two documents of programs."""

import re
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import UNSET
from msgspec.structs import replace

from muster.core.actor import Permissions as May
from muster.core.settings.actions import sign_in_settings
from muster.core.settings.model import SignInSettings
from muster.core.transaction import Transaction
from muster.core.users import actions
from muster.core.users.metadata import Kind
from muster.core.users.model import Document, PostalAddress, User
from muster.dialects.kit.call import Call
from muster.dialects.kit.reply import Reply, json_reply
from muster.dialects.kit.routes import Route
from muster.dialects.monocloud.operation import Operation
from muster.dialects.monocloud.problems import IdentityProblem, KeyProblem
from muster.dialects.monocloud.resources.one_user import read_user, user_reply, with_user
from muster.dialects.monocloud.schema.users import (
    UpdateClaimsRequest,
    UpdatePrivateDataRequest,
    UpdatePublicDataRequest,
)
from muster.dialects.monocloud.validation import checked, document_of
from muster.dialects.monocloud.wire import users as wire
from muster.dialects.monocloud.wire.new_users import custom_claims, lacking_claims

PLAIN = tuple(
    name for name in UpdateClaimsRequest.__struct_fields__ if name not in ("address", "skip_conformance_checks")
)

_DATE = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")
_ZONE = re.compile(r"[A-Za-z0-9_+-]{1,40}(/[A-Za-z0-9_+-]{1,40}){0,2}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")


async def patch_claims(call: Call) -> Reply:
    """Only what was sent changes; null removes. The list of claims is closed but for the tenant's own questions."""
    document = document_of(call)
    body = checked(UpdateClaimsRequest, document)
    settings = await sign_in_settings(call.store, call.tenant_id)
    _check(document, body, settings)
    user = await with_user(call, _patch_claims, body, custom_claims(document, settings), settings)
    return await user_reply(call, user)


async def _patch_claims(
    tx: Transaction, user: User, body: UpdateClaimsRequest, custom: Document, settings: SignInSettings
) -> User:
    changes: dict[str, Any] = {name: value for name in PLAIN if (value := getattr(body, name)) is not UNSET}
    if body.address is None:
        changes["address"] = None
    elif body.address is not UNSET:
        sent = {part: getattr(body.address, part) for part in body.address.__struct_fields__}
        parts = {part: text for part, text in sent.items() if text is not UNSET}
        address = replace(user.profile.address or PostalAddress(), **parts)
        changes["address"] = None if address == PostalAddress() else address
    if custom:
        kept = {**user.profile.custom, **custom}
        changes["custom"] = {name: value for name, value in kept.items() if value is not None}
        lacking = [] if body.skip_conformance_checks else lacking_claims(custom, settings, among=custom)
        if lacking:
            raise IdentityProblem(*lacking)
    return await actions.update_profile(tx, user, changes)


def _check(document: Document, body: UpdateClaimsRequest, settings: SignInSettings) -> None:
    known = {*UpdateClaimsRequest.__struct_fields__, *(field.name for field in settings.custom_fields)}
    wrong = {name[:100]: ["There is no such claim."] for name in list(document)[:50] if name not in known}
    if isinstance(body.birthdate, str) and not _DATE.fullmatch(body.birthdate):
        wrong["birthdate"] = ["The value must be a date as YYYY-MM-DD."]
    if isinstance(body.zoneinfo, str) and not _is_zone(body.zoneinfo):
        wrong["zoneinfo"] = ["The value must be the name of a time zone, such as Europe/London."]
    if isinstance(body.locale, str) and not _LANGUAGE.fullmatch(body.locale):
        wrong["locale"] = ["The value must be a language tag, such as en-GB."]
    if wrong:
        raise KeyProblem(wrong)


def _is_zone(name: str) -> bool:
    """Whether a time zone has that name; a machine that knows none takes what looks like one."""
    if not _ZONE.fullmatch(name):
        return False
    if _has_zone(name):
        return True
    return not _has_zone("Europe/London")


def _has_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


async def get_private(call: Call) -> Reply:
    """The data that only programs see."""
    return json_reply(200, wire.UserPrivateData(wire.show_private(await read_user(call))))


async def get_public(call: Call) -> Reply:
    """The data that everybody sees."""
    return json_reply(200, wire.UserPublicData(wire.show_public(await read_user(call))))


async def patch_private(call: Call) -> Reply:
    """Sent keys are written, null removes one, the others stay."""
    body = checked(UpdatePrivateDataRequest, document_of(call))
    user = await with_user(call, _patch_data, "private", body.private_data)
    return json_reply(200, wire.UserPrivateData(wire.show_private(user)))


async def patch_public(call: Call) -> Reply:
    """The same for what everybody sees."""
    body = checked(UpdatePublicDataRequest, document_of(call))
    user = await with_user(call, _patch_data, "public", body.public_data)
    return json_reply(200, wire.UserPublicData(wire.show_public(user)))


async def _patch_data(tx: Transaction, user: User, kind: Kind, sent: Document | None) -> User:
    if not sent:  # which the core would take as "empty it"
        return user
    if getattr(user.metadata, kind) is None and all(value is None for value in sent.values()):
        return user  # nothing to remove, and nothing becomes an empty document by that
    return await actions.set_metadata(tx, user, kind, sent, "merge_first_level")


ROUTES = [
    Route(
        "PATCH",
        "/users/{user_id}/claims",
        patch_claims,
        needs=(May.USERS_UPDATE,),
        title="patchClaims",
        about=Operation(body=UpdateClaimsRequest, answer=wire.User),
    ),
    Route(
        "GET",
        "/users/{user_id}/private_data",
        get_private,
        needs=(May.USERS_READ,),
        title="getPrivateData",
        about=Operation(answer=wire.UserPrivateData),
    ),
    Route(
        "PATCH",
        "/users/{user_id}/private_data",
        patch_private,
        needs=(May.USERS_UPDATE, May.USERS_UPDATE_PRIVATE),
        title="patchPrivateData",
        about=Operation(body=UpdatePrivateDataRequest, answer=wire.UserPrivateData),
    ),
    Route(
        "GET",
        "/users/{user_id}/public_data",
        get_public,
        needs=(May.USERS_READ,),
        title="getPublicData",
        about=Operation(answer=wire.UserPublicData),
    ),
    Route(
        "PATCH",
        "/users/{user_id}/public_data",
        patch_public,
        needs=(May.USERS_UPDATE,),
        title="patchPublicData",
        about=Operation(body=UpdatePublicDataRequest, answer=wire.UserPublicData),
    ),
]
