"""Organizations, memberships and invitations as this API writes them. Pure functions."""

from typing import Any

from muster.core.organizations.model import Invitation, Membership, Organization
from muster.core.users.model import User
from muster.dialects.clerk.roles import ROLES
from muster.dialects.clerk.wire import pictures
from muster.dialects.clerk.wire.ids import DOOR, show_id, show_user_id
from muster.dialects.clerk.wire.pictures import Place
from muster.dialects.clerk.wire.users import show_identifier, show_picture


def show_organization_id(organization: Organization) -> str:
    """The id that the organization came with, else the core's."""
    for foreign in organization.foreign_ids:
        if foreign.kind == DOOR:
            return foreign.value
    return show_id("org", organization.id)


def show_organization(
    organization: Organization, place: Place, *, members: int | None = None, pending: int | None = None
) -> dict[str, Any]:
    """An organization; its counts only where they were asked for."""
    id_ = show_organization_id(organization)
    shown: dict[str, Any] = {
        "object": "organization",
        "id": id_,
        "name": organization.name,
        "slug": organization.slug,
        "image_url": _picture(organization, id_, place),
        "has_image": organization.logo_url is not None,
        "max_allowed_memberships": organization.max_members or 0,
        "admin_delete_enabled": organization.members_may_delete,
        "public_metadata": organization.public or {},
        "private_metadata": organization.private or {},
        "created_at": organization.created_at,
        "updated_at": organization.updated_at,
    }
    if members is not None:
        shown["members_count"] = members
    if pending is not None:
        shown["pending_invitations_count"] = pending
    if organization.created_by is not None:
        shown["created_by"] = organization.created_by
    return shown


def show_membership(membership: Membership, user: User, organization: Organization, place: Place) -> dict[str, Any]:
    """A user in an organization, both shown within it."""
    name, permissions = _role(membership.role)
    return {
        "object": "organization_membership",
        "id": show_id("orgmem", membership.id),
        "role": membership.role,
        "role_name": name,
        "permissions": permissions,
        "public_metadata": membership.public or {},
        "private_metadata": membership.private or {},
        "organization": show_organization(organization, place),
        "public_user_data": {
            **_person(user, place),
            "username": user.username.value if user.username is not None else None,
            "banned": user.suspended is True,
            "deprovisioned": False,
        },
        "created_at": membership.created_at,
        "updated_at": membership.updated_at,
    }


def show_invitation(invitation: Invitation, now: int) -> dict[str, Any]:
    """An invitation to the tenant itself."""
    state = invitation.state_at(now)
    return {
        "object": "invitation",
        "id": show_id("inv", invitation.id),
        "email_address": invitation.email,
        "public_metadata": invitation.public or {},
        "revoked": state == "revoked",
        "status": state,
        "expires_at": invitation.expires_at,
        "created_at": invitation.created_at,
        "updated_at": invitation.updated_at,
    }


def show_member_invitation(
    invitation: Invitation,
    organization: Organization,
    inviter: User | None,
    place: Place,
    now: int,
    *,
    with_organization: bool = False,
) -> dict[str, Any]:
    """An invitation to an organization."""
    role = invitation.role or ""
    person = None
    if inviter is not None:
        person = _person(inviter, place)
        del person["profile_image_url"]
    shown: dict[str, Any] = {
        "object": "organization_invitation",
        "id": show_id("orginv", invitation.id),
        "email_address": invitation.email,
        "role": role,
        "role_name": _role(role)[0],
        "organization_id": show_organization_id(organization),
        "inviter_id": show_user_id(inviter) if inviter is not None else None,
        "public_inviter_data": person,
        "status": invitation.state_at(now),
        "public_metadata": invitation.public or {},
        "private_metadata": invitation.private or {},
        "url": None,
        "expires_at": invitation.expires_at,
        "created_at": invitation.created_at,
        "updated_at": invitation.updated_at,
    }
    if with_organization:
        id_ = show_organization_id(organization)
        shown["public_organization_data"] = {
            "id": id_,
            "name": organization.name,
            "slug": organization.slug,
            "image_url": _picture(organization, id_, place),
            "has_image": organization.logo_url is not None,
        }
    return shown


def _person(user: User, place: Place) -> dict[str, Any]:
    id_ = show_user_id(user)
    picture = show_picture(user, id_, place)
    return {
        "user_id": id_,
        "first_name": user.profile.given_name,
        "last_name": user.profile.family_name,
        "profile_image_url": picture,
        "image_url": picture,
        "has_image": bool(user.profile.picture),
        "identifier": show_identifier(user),
    }


def _picture(organization: Organization, shown_id: str, place: Place) -> str:
    return organization.logo_url or pictures.default(place, shown_id, pictures.initials_of(organization.name))


def _role(key: str) -> tuple[str, list[str]]:
    """A role's name and permissions; one that was made elsewhere is called by its key."""
    role = ROLES.get(key)
    return (
        (key.removeprefix("org:").replace("_", " ").title(), [])
        if role is None
        else (role.name, list(role.permissions))
    )
