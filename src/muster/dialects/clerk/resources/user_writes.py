"""Creating and changing a user: what a body may say, and the acts that it stands for."""

from typing import Any

from muster.core.connections.model import Connection
from muster.core.credentials.locking import lock
from muster.core.errors import NotFound
from muster.core.images.model import UserImage
from muster.core.sessions.actions import end_sessions_of
from muster.core.transaction import Transaction
from muster.core.users import actions, addresses, flags
from muster.core.users.actions import HashedPassword, NewAddress, NewUser
from muster.core.users.model import Metadata, Origin, Profile, User
from muster.core.users.shapes import Kind
from muster.core.users.shown import primary
from muster.dialects.clerk import problems
from muster.dialects.clerk.checking import plain_number
from muster.dialects.clerk.problems import Problem, Refused, about, refused
from muster.dialects.clerk.resources.calls import the_user
from muster.dialects.clerk.resources.metadata import KINDS, check_size, size_of, write_metadata
from muster.dialects.clerk.resources.user_credentials import set_second_factors
from muster.dialects.clerk.services import Services
from muster.dialects.clerk.usernames import check_username
from muster.dialects.clerk.wire.ids import DOOR, read_id
from muster.dialects.clerk.wire.times import read_time

_PROFILE = {"first_name": "given_name", "last_name": "family_name", "locale": "locale"}
_ALLOW = {
    "delete_self_enabled": "delete_self",
    "create_organization_enabled": "create_orgs",
    "create_organizations_limit": "create_orgs_limit",
    "bypass_client_trust": "bypass_client_trust",
}
_PRIMARY: dict[str, Kind] = {
    "primary_email_address_id": "email",
    "primary_phone_number_id": "phone",
    "primary_web3_wallet_id": "wallet",
}
_ADDRESSES = ("email_address", "phone_number", "web3_wallet")


def check_new(body: dict[str, Any]) -> None:
    """What no table can say of a new user."""
    found: list[Problem] = []
    for name in _ADDRESSES:
        values = body.get(name) or []
        if len({value.strip().lower() for value in values}) < len(values):
            text = f"{name} contains duplicate values"
            found.append(about("form_param_duplicate", name, "duplicate values", text))
        status = f"{name}_identification_status"
        if status in body and len(body[status]) != len(values):
            text = f"{status} must contain exactly one item for each item in {name}."
            found.append(about("form_param_array_length_mismatch", status, "length mismatch", text))
    for name in KINDS:
        check_size(name, size_of(body.get(name)))
    if found:
        raise Refused(422, found)
    if body.get("username") is not None:
        check_username(body["username"])
    if not any(body.get(name) for name in (*_ADDRESSES, "username")):
        # An account that nobody could ever be told apart by.
        needed = ["email_address"]
        text = '["email_address"] data doesn\'t match user requirements set for this instance'
        raise refused(422, "form_data_missing", "missing data", text, param_names=needed)


def identifiers_in(body: dict[str, Any]) -> list[str]:
    """What a new user will sign in with."""
    found = [value for name in _ADDRESSES for value in body.get(name) or []]
    return [*found, body["username"]] if body.get("username") else found


def identifiers_of(user: User) -> list[str]:
    """What a user signs in with."""
    own = [address.value for address in (*user.emails, *user.phones, *user.wallets)]
    return own if user.username is None else [*own, user.username.value]


def parse_new(body: dict[str, Any], password: HashedPassword | None) -> NewUser:
    """The user that a body describes."""
    return NewUser(
        origin=Origin(door=DOOR),
        external_id=body.get("external_id") or None,
        username=body.get("username"),
        profile=Profile(
            given_name=body.get("first_name"), family_name=body.get("last_name"), locale=body.get("locale")
        ),
        metadata=Metadata.of(
            public=body.get("public_metadata") or None,
            private=body.get("private_metadata") or None,
            unsafe=body.get("unsafe_metadata") or None,
        ),
        password=password,
        suspended=True if body.get("banned") else None,
        legal_accepted_at=_time(body, "legal_accepted_at"),
        created_at=_time(body, "created_at"),
        emails=_addresses(body, "email_address"),
        phones=_addresses(body, "phone_number"),
        wallets=_addresses(body, "web3_wallet"),
    )


def _addresses(body: dict[str, Any], name: str) -> list[NewAddress]:
    values = body.get(name) or []
    if name == "phone_number":
        values = [plain_number(value) for value in values]
    statuses = body.get(f"{name}_identification_status") or ["verified"] * len(values)
    return [
        NewAddress(value, verified=status == "verified", reserved=status == "reserved")
        for value, status in zip(values, statuses, strict=True)
    ]


async def create_user(
    tx: Transaction, realm: Connection, new: NewUser, body: dict[str, Any], services: Services
) -> User:
    """A new user with everything that the body brings, in one commit."""
    user = await actions.create_user(tx, realm, new)
    allowed = {ours: body[name] for name, ours in _ALLOW.items() if body.get(name) is not None}
    if allowed:
        user = await flags.set_allowed(tx, user, allowed)
    user = await set_second_factors(tx, user, body, services)
    if body.get("locked"):
        user = await lock(tx, user, until=lock_end(tx.now, services))
    return user


def lock_end(now: int, services: Services) -> int | None:
    """When a lock by hand ends (ms UTC)."""
    lasts = services.lockout.account_lock
    return None if lasts is None else now + lasts


async def update_user(
    tx: Transaction, shown_id: str, body: dict[str, Any], password: HashedPassword | None, services: Services
) -> User:
    """Carry out every change that the body asks for, as one act."""
    user = await the_user(tx, shown_id)
    profile = {ours: body[name] for name, ours in _PROFILE.items() if name in body}
    if profile:
        user = await actions.update_profile(tx, user, profile)
    if "username" in body:
        user = await _username(tx, user, body["username"] or None)
    if "external_id" in body:
        user = await flags.set_external_id(tx, user, body["external_id"] or None)
    user = await _primaries(tx, user, body)
    if password is not None:
        user = await actions.set_password(tx, user, password)
        if body.get("sign_out_of_other_sessions"):
            await end_sessions_of(tx, user, "revoked")
            user = await the_user(tx, shown_id)
    allowed = {ours: body[name] for name, ours in _ALLOW.items() if name in body and _may_be(name, body[name])}
    if allowed:
        user = await flags.set_allowed(tx, user, allowed)
    user = await flags.set_times(
        tx, user, created_at=_time(body, "created_at"), legal_accepted_at=_time(body, "legal_accepted_at")
    )
    user = await set_second_factors(tx, user, body, services)
    if body.get("profile_image_id") is not None:
        await _need_image(tx, user, body["profile_image_id"])
    return await write_metadata(tx, user, body, "replace")


def _may_be(name: str, value: Any) -> bool:
    return value is not None or name == "create_organizations_limit"


async def _username(tx: Transaction, user: User, name: str | None) -> User:
    if name is None:
        if user.username is not None and not (user.emails or user.phones or user.wallets):
            raise last_identification()
    elif user.username is None or user.username.value != name:
        check_username(name)
    return await actions.set_username(tx, user, name, door=DOOR)


async def _primaries(tx: Transaction, user: User, body: dict[str, Any]) -> User:
    for param, kind in _PRIMARY.items():
        if body.get(param) is None:
            continue
        address_id = read_id("idn", body[param])
        user = await make_primary(
            tx,
            user,
            kind,
            address_id or "",
            param,
            notify=kind == "email" and body.get("notify_primary_email_address_changed") is True,
        )
    return user


async def make_primary(
    tx: Transaction, user: User, kind: Kind, address_id: str, param: str, *, notify: bool = False
) -> User:
    """Another address becomes the shown one. It must be the user's own, and proved; the old one may be told by mail."""
    try:
        address = addresses.address_of(user, kind, address_id)
    except NotFound:
        text = f"The resource associated with the supplied {param} was not found."
        raise problems.form("form_resource_not_found", param, "is missing", text) from None
    if not address.verified and not address.primary:  # which it may be by another API's leave
        text = "This identification needs to be verified before you can perform this action."
        raise problems.form("form_verification_needed", param, "is unverified", text)
    if notify:
        tell_old_address(tx, user)
    return await addresses.set_primary(tx, user, kind, address_id)


def tell_old_address(tx: Transaction, user: User) -> None:
    """A mail to the address that is primary now: it will not be so any more."""
    old = primary(user.emails)
    if old is not None:
        tx.send("primary_email_changed", old.value, user_id=user.id)


async def _need_image(tx: Transaction, user: User, shown_id: str) -> None:
    """The only picture that a user can name is the user's own, which is set already."""
    own = await tx.get(UserImage, read_id("img", shown_id) or "")
    if own is None or own.user_id != user.id:
        text = "The resource associated with the supplied profile_image_id was not found."
        raise problems.form("form_resource_not_found", "profile_image_id", "is missing", text)


def _time(body: dict[str, Any], name: str) -> int | None:
    text = body.get(name)
    return None if text is None else read_time(name, text)


def last_identification() -> Refused:
    """A user keeps at least one way to be named."""
    return refused(
        400, "identification_deletion_failed", "Deletion failed", "You cannot delete your last identification."
    )
