"""Somebody new from a provider of whom the tenant wants to know more: the stored sign-up that goes on with that identity."""

from typing import Any

import msgspec
from msgspec.structs import replace

from muster.core.external import people
from muster.core.settings.model import SignInSettings
from muster.core.sign_in.model import SignInAttempt
from muster.core.sign_up.model import LIFETIME, Claimed, SignUp
from muster.core.transaction import Transaction
from muster.core.users import identifiers
from muster.core.users.model import ForeignId, Link, Origin, Part, User, Verification


class Brought(Part, frozen=True, kw_only=True):
    """`SignUp.external`: the link that the new user gets, and the ids that come with it; `email` is the proved address."""

    link: Link
    foreign_ids: list[ForeignId] = []
    email: str | None = None


def is_complete(settings: SignInSettings, proved_email: str | None) -> bool:
    """Whether an identity is all that the tenant wants of somebody new."""
    asked = settings.phone.required_at_sign_up or settings.username.required_at_sign_up
    asked = asked or any(field.enabled and field.required for field in settings.custom_fields)
    return not asked and (proved_email is not None or not settings.email.required_at_sign_up)


async def begin_sign_up(
    tx: Transaction, attempt: SignInAttempt, link: Link, foreign_ids: list[ForeignId], proved_email: str | None
) -> SignUp:
    """A sign-up of the attempt, with what the provider said filled in."""
    texts = people.own_texts(link.profile)
    before = await tx.get(SignUp, attempt.id)
    sign_up = SignUp(
        id=attempt.id,
        attempt_id=attempt.id,
        browser=attempt.browser,
        realm=attempt.realm,
        app_id=attempt.app_id,
        email=None if proved_email is None else Claimed(value=proved_email, verified_at=tx.now),
        given_name=texts.get("given_name"),
        family_name=texts.get("family_name"),
        locale=texts.get("locale"),
        connection_id=link.connection_id,
        external=_kept(Brought(link=link, foreign_ids=foreign_ids, email=proved_email)),
        created_at=tx.now,
        expires_at=tx.now + LIFETIME,
    )
    tx.save(replace(attempt, trip=None))
    if before is None:
        return tx.insert(sign_up)
    return tx.save(replace(sign_up, version=before.version, created_at=before.created_at))


def is_external(sign_up: SignUp) -> bool:
    """Whether the person came from a provider: then no password is needed."""
    return sign_up.external is not None


def with_brought_identity(user: User, sign_up: SignUp, now: int) -> User:
    """The user made of a sign-up, with the identity that it began with."""
    if sign_up.external is None:
        return user
    brought = msgspec.convert(sign_up.external, Brought)
    link = replace(brought.link, created_at=now, updated_at=now, authenticated_at=now)
    after = replace(
        user,
        origin=Origin(door=user.origin.door, via="external"),
        foreign_ids=[*user.foreign_ids, *brought.foreign_ids],
        links=[*user.links, link],
    )
    by = Verification(method="saml" if link.provider == "saml" else "oauth", provider=link.provider)
    for address in after.emails:
        if address.value == brought.email and address.verified:
            proved = identifiers.set_verified(after, "email", address.id, now, verified=True, by=by)
            emails = [replace(each, links=[link.id]) if each.id == address.id else each for each in proved.emails]
            return replace(proved, emails=emails)
    return after


def _kept(brought: Brought) -> dict[str, Any]:
    document: dict[str, Any] = msgspec.to_builtins(brought)
    return document
