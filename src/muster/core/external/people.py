"""What an external identity does to a user: pure transitions, and the user who is born of one."""

import contextlib
from typing import Any, Final

from msgspec.structs import replace

from muster.core.connections.model import Connection
from muster.core.errors import Invalid
from muster.core.external.model import ExternalIdentity
from muster.core.users import identifiers, profile
from muster.core.users.actions import NewUser
from muster.core.users.claims import replace_claims, shown_claims
from muster.core.users.model import Address, ForeignId, Link, Origin, Profile, User, Verification
from muster.core.users.shapes import canonical, has_control

TEXTS: Final = tuple(name for name in Profile.__struct_fields__ if name not in ("address", "custom"))
"""What of a brought profile becomes the person's own."""

LONGEST_TEXT: Final = 1000


def new_link(connection: Connection, identity: ExternalIdentity, link_id: str, tokens: str | None, now: int) -> Link:
    """The identity as a user keeps it; `tokens` are sealed for the link."""
    return Link(
        id=link_id,
        kind="social" if connection.kind == "social" else "enterprise",
        connection_id=connection.id,
        provider=identity.provider,
        subject=identity.subject,
        profile=identity.profile,
        scopes=identity.scopes,
        tokens=tokens,
        created_at=now,
        updated_at=now,
        authenticated_at=now,
    )


def link_to(user: User, connection_id: str, subject: str) -> Link | None:
    """The user's link with this identity."""
    return next((link for link in user.links if (link.connection_id, link.subject) == (connection_id, subject)), None)


def born_of(identity: ExternalIdentity, foreign_ids: list[ForeignId]) -> NewUser:
    """Somebody whom nobody knew before. The address is another matter (`with_proved_email`)."""
    return NewUser(
        origin=Origin(door="muster", via="external"),
        foreign_ids=foreign_ids,
        profile=replace(Profile(), **own_texts(identity.profile)),
    )


def own_texts(brought: dict[str, Any]) -> dict[str, str]:
    """The members of a brought profile that fit the person's own."""
    return {name: brought[name] for name in TEXTS if _fits(brought.get(name))}


def proved_email(connection: Connection, identity: ExternalIdentity) -> str | None:
    """The address that counts as proved: the provider says so, and the connection takes its word."""
    trusted = connection.provider is not None and connection.provider.trusts_email
    if not trusted or not identity.email_verified or not identity.email:
        return None
    with contextlib.suppress(Invalid):
        return canonical("email", identity.email)
    return None


def with_proved_email(user: User, email: str, link: Link, now: int) -> User:
    """The address as one of the user's own, proved by the provider."""
    by = Verification(method="saml" if link.provider == "saml" else "oauth", provider=link.provider)
    own = next((address for address in user.emails if address.value == email), None)
    if own is None:
        fresh = identifiers.new_address("email", email, now, verified=True)
        return identifiers.add(user, "email", replace(fresh, verification=by, links=[link.id]))
    if not own.verified:
        user = identifiers.set_verified(user, "email", own.id, now, verified=True, by=by)
    return replace(user, emails=[_linked(address, own.id, link.id) for address in user.emails])


def refreshed(user: User, link: Link, identity: ExternalIdentity, tokens: str | None, now: int) -> User:
    """The user after another visit: what is still as the provider said before follows it, what was changed here stays.

    Without new tokens the old ones stay.
    """
    brought = identity.profile
    after = replace(
        link,
        profile=brought,
        scopes=identity.scopes or link.scopes,
        tokens=tokens or link.tokens,
        updated_at=link.updated_at if brought == link.profile else now,
        authenticated_at=now,
    )
    user = replace(user, links=[after if each.id == link.id else each for each in user.links])
    before = own_texts(link.profile)
    changes = {
        name: text
        for name, text in own_texts(brought).items()
        if text != before.get(name) and getattr(user.profile, name) == before.get(name)
    }
    return profile.update_profile(user, changes) if changes else user


def with_claims(user: User, names: list[str], identity: ExternalIdentity) -> User:
    """The user with the claims that a connection is told to keep; other claims stay."""
    told = {**identity.profile, "sub": identity.subject}
    named = {name: told[name] for name in names if name in told}
    return replace_claims(user, {**shown_claims(user), **named}) if named else user


def _linked(address: Address, address_id: str, link_id: str) -> Address:
    if address.id != address_id or link_id in address.links:
        return address
    return replace(address, links=[*address.links, link_id])


def _fits(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST_TEXT and not has_control(value)
