"""Grants: what an application may do in a user's name. Issued by the token endpoint, shown and revoked by the dialects."""

from collections.abc import Collection
from typing import Final

import msgspec
from msgspec.structs import replace

from muster.core.actor import Actor
from muster.core.actor import Permissions as May
from muster.core.credentials.attempts import CredentialRefused
from muster.core.ids import UserId, new_id
from muster.core.query import Page
from muster.core.sessions.model import Grant, GrantKind, Session
from muster.core.sessions.tokens import new_token, opens, record_id
from muster.core.store import Store
from muster.core.transaction import Transaction
from muster.core.users.model import User

MOST_PER_APP: Final = 200
"""Grants of one kind that a user may have with one application; one more takes the place of the oldest."""

SPENT_FOR: Final = 10 * 60_000
"""Milliseconds that a spent code is kept, so that whoever stole it is noticed; then nothing is known of it any more."""


class Which(msgspec.Struct, frozen=True, kw_only=True):
    """Some of a user's grants: of one application, one session or any but one, some kinds, for one audience.

    None asks for no such thing.
    """

    app_id: str | None = None
    session_id: str | None = None
    but_session_id: str | None = None
    kinds: Collection[GrantKind] | None = None
    audience: str | None = None

    def includes(self, grant: Grant) -> bool:
        return (
            self.app_id in (None, grant.app_id)
            and self.session_id in (None, grant.session_id)
            and (self.but_session_id is None or grant.session_id != self.but_session_id)
            and (self.kinds is None or grant.kind in self.kinds)
            and (self.audience is None or self.audience in grant.audiences)
        )


EVERY_GRANT: Final = Which()


async def issue_grant(tx: Transaction, user: User, grant: Grant) -> tuple[Grant, str]:
    """Keep a new grant and make its token, which is told now and never again. Of `grant`, id and owner are given here.

    A consent has a token too, which nobody needs. `CredentialRefused("suspended")`.
    """
    if user.suspended is True:
        raise CredentialRefused("suspended")
    tx.expect(user)
    id_ = new_id(tx.now)
    token, token_hash = new_token(id_)
    theirs = [g for g in await tx.owned(Grant, user.id) if (g.kind, g.app_id) == (grant.kind, grant.app_id)]
    gone = [each for each in theirs if not each.is_active(tx.now) and not _was_spent_lately(each, tx.now)]
    left = [each for each in theirs if each not in gone]
    for each in [*gone, *left[: max(len(left) - MOST_PER_APP + 1, 0)]]:
        tx.delete(each)
    if grant.kind == "consent":
        tx.note("consent.granted", user_id=user.id, app_id=grant.app_id)
    issued = replace(grant, id=id_, user_id=user.id, created_at=tx.now, token_hash=token_hash)
    return tx.insert(issued), token


async def grant_of_token(store: Store, tenant_id: int, kind: GrantKind, token: str, now: int) -> tuple[Grant, User]:
    """The grant that a token opens, and its user. `CredentialRefused`: grant_over for whatever is good no more, suspended."""
    id_ = record_id(token)
    grant = None if id_ is None else await store.get(tenant_id, Grant, id_)
    if grant is None or grant.kind != kind or not opens(token, grant.token_hash) or not grant.is_active(now):
        raise CredentialRefused("grant_over")
    if grant.session_bound:
        session = await store.get(tenant_id, Session, grant.session_id or "")
        if session is None or session.status(now) != "active":
            raise CredentialRefused("grant_over")
    user = await store.get(tenant_id, User, grant.user_id)
    if user is None:
        raise CredentialRefused("grant_over")
    if user.suspended is True:
        raise CredentialRefused("suspended")
    return grant, user


async def revoke_grant(tx: Transaction, grant_id: str) -> Grant:
    """Take one grant back, as it was; `NotFound("grant")`."""
    tx.actor.must(May.GRANTS_REVOKE)
    grant = await tx.need(Grant, grant_id)
    _revoke(tx, grant)
    return grant


async def revoke_grants(
    tx: Transaction, user: User, which: Which = EVERY_GRANT, *, by_right: bool = False
) -> list[Grant]:
    """Take back some of a user's grants, or all of them; which they were. Users may take back what they gave themselves.

    `by_right` is for an act that has checked already that the caller may.
    """
    if not by_right and not tx.actor.may_self(May.SELF_GRANTS, user.id):
        tx.actor.must(May.GRANTS_REVOKE)
    revoked = [grant for grant in await tx.owned(Grant, user.id) if which.includes(grant)]
    for grant in revoked:
        _revoke(tx, grant)
    if revoked:
        tx.note("grants.revoked", user_id=user.id, app_id=which.app_id, count=len(revoked))
    return revoked


async def list_grants(
    store: Store,
    tenant_id: int,
    actor: Actor,
    user_id: UserId,
    now: int,
    *,
    which: Which = EVERY_GRANT,
    newest_first: bool = False,
    page: Page | None = None,
) -> list[Grant]:
    """A user's active grants by creation; without a page all of them."""
    actor.must(May.GRANTS_READ)
    found = await store.owned(tenant_id, Grant, user_id, newest_first=newest_first)
    listed = [grant for grant in found if grant.is_active(now) and which.includes(grant)]
    if any(grant.session_bound for grant in listed):
        sessions = await store.owned(tenant_id, Session, user_id)
        alive = {session.id for session in sessions if session.status(now) == "active"}
        listed = [grant for grant in listed if not grant.session_bound or grant.session_id in alive]
    return listed if page is None else listed[page.offset : page.offset + page.limit]


async def revoke_family(tx: Transaction, user_id: str, family: str) -> list[Grant]:
    """Take back all that came of one authorisation code, by right of whoever holds one of its tokens; which they were."""
    revoked = [grant for grant in await tx.owned(Grant, user_id) if family in (grant.family, grant.id)]
    for grant in revoked:
        tx.delete(grant)
    return revoked


def _was_spent_lately(grant: Grant, now: int) -> bool:
    return grant.spent_at is not None and now - grant.spent_at < SPENT_FOR


def _revoke(tx: Transaction, grant: Grant) -> None:
    tx.delete(grant)
    kind = "consent.revoked" if grant.kind == "consent" else "token.revoked"
    tx.note(kind, user_id=grant.user_id, grant_id=grant.id, grant_kind=grant.kind, app_id=grant.app_id)
