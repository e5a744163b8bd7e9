"""Every kind of event there is: what it says, what it holds, and how the thing ended. docs/events.md is made from this table.

Whoever notes a new kind adds its row here, which a test demands. Data never holds a secret.
"""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

from muster.core.events import Event

Outcome = Literal["done", "refused", "failed"]
"""done: it came about. refused: somebody wanted it and did not get it. failed: Muster wanted it and could not."""


class EventKind(NamedTuple):
    """One kind, `<thing>.<what happened>`; `data` are the members that its events may hold."""

    kind: str
    sentence: str
    data: tuple[str, ...] = ()
    outcome: Outcome = "done"


_JOB: Final = ("job_id", "job", "inserted", "updated", "failed", "problem")

_MESSAGE: Final = ("message", "channel", "to")

_ROWS: Final = (
    # People coming in
    EventKind("sign_in.succeeded", "Somebody signed in.", ("session_id", "methods")),
    EventKind("sign_in.unknown_user", "Somebody tried to sign in as nobody we know.", (), "refused"),
    EventKind("sign_in.closed_to_nobody", "Too many failures to sign in as nobody we know.", ("why",)),
    EventKind("sign_in.wrong_password", "A sign-in was refused: the password is wrong.", (), "refused"),
    EventKind(
        "sign_in.barred",
        "A sign-in was refused while the account is locked or the address blocked.",
        ("why",),
        "refused",
    ),
    EventKind("sign_in.suspended", "A suspended user proved who they are, and was refused.", (), "refused"),
    EventKind(
        "sign_in.external_refused",
        "Somebody came back from an identity provider with nothing that can be believed.",
        ("connection_id", "why"),
        "refused",
    ),
    EventKind("sign_in.wrong_code", "A sign-in was refused: the code that was sent is another one.", (), "refused"),
    EventKind("sign_in.code_sent", "A code or link was sent to somebody signing in.", ("channel",)),
    EventKind(
        "sign_in.code_asked_by_nobody", "Somebody asked for a code for nobody we could send one to.", (), "refused"
    ),
    EventKind("browser.remembered", "A browser need not prove a second factor again for a while."),
    EventKind("browser.forgotten", "Browsers of a user must prove a second factor again.", ("count",)),
    # Sessions, and what applications may do
    EventKind("session.started", "A session began.", ("session_id",)),
    EventKind(
        "session.renewed", "A user proved anew who they are, in a session that goes on.", ("session_id", "methods")
    ),
    EventKind("session.ended", "A user signed out.", ("session_id",)),
    EventKind("session.removed", "A session ended with the sign-out of its whole browser.", ("session_id",)),
    EventKind("session.revoked", "A session was ended by another session, a program or an operator.", ("session_id",)),
    EventKind("session.replaced", "Another session took this one's place.", ("session_id",)),
    EventKind("session.abandoned", "A session was given up before it was complete.", ("session_id",)),
    EventKind("sessions.ended", "Several sessions of a user were ended at once.", ("how", "count")),
    EventKind("code.issued", "An application was given a code for a sign-in.", ("app_id", "session_id")),
    EventKind("device.allowed", "A user let a device in by its code.", ("app_id",)),
    EventKind("device.denied", "A user did not let a device in.", ("app_id",), "refused"),
    EventKind("client.refused", "An application did not prove who it is.", ("app_id",), "refused"),
    EventKind("token.issued", "An application was given tokens.", ("grant_type", "scopes", "audience")),
    EventKind("token.refused", "An application was given no tokens.", ("grant_type", "why"), "refused"),
    EventKind(
        "token.reused",
        "A code or refresh token came a second time: all that came of it was taken back.",
        ("grant_id", "grant_kind", "count"),
        "refused",
    ),
    EventKind("token.revoked", "A token was taken back.", ("grant_id", "grant_kind", "app_id")),
    EventKind("consent.granted", "A user let an application act in their name.", ("app_id",)),
    EventKind("consent.denied", "A user did not let an application act in their name.", ("app_id",), "refused"),
    EventKind("consent.revoked", "A consent was taken back.", ("grant_id", "grant_kind", "app_id")),
    EventKind("grants.revoked", "Several grants of a user were taken back at once.", ("app_id", "count")),
    # Users
    EventKind("user.created", "A user came to be.", ("realm",)),
    EventKind("user.updated", "Something about a user changed."),
    EventKind("user.deleted", "A user was deleted.", ("realm",)),
    EventKind("user.linked", "A user can come in by an identity elsewhere.", ("connection_id", "link_id")),
    EventKind("user.password_changed", "A user changed the password."),
    EventKind("user.unlinked", "A user can come in by an identity elsewhere no longer.", ("connection_id", "link_id")),
    EventKind("user.username_changed", "A user chose another user name, or none."),
    # What people do with their addresses, passkeys and forgotten passwords
    EventKind("address.proof_asked", "A code was sent to an address that a user wants to have.", ("address_kind",)),
    EventKind("address.proof_failed", "A user typed another code than the one sent to the address.", (), "refused"),
    EventKind("address.proved", "A user proved that an address is theirs.", ("address_kind",)),
    EventKind("address.primary_changed", "Another address of a user is the shown one.", ("address_kind",)),
    EventKind("address.removed", "A user gave up an address.", ("address_kind",)),
    EventKind(
        "address.released",
        "An address that the account had never proved was taken by whoever proved it.",
        ("address_kind",),
    ),
    EventKind("passkey.added", "A user can sign in with one more passkey.", ("passkey_id",)),
    EventKind("passkey.removed", "A passkey of a user signs in no longer.", ("passkey_id",)),
    EventKind("passkey.passed", "A passkey was proved.", ("passkey_id",)),
    EventKind("passkey.failed", "A passkey's answer was refused.", (), "refused"),
    EventKind(
        "passkey.copied", "The counter of a passkey did not grow: somebody copied it.", ("passkey_id",), "refused"
    ),
    EventKind("recovery.asked", "Somebody asked for a link to choose a new password.", ("ticket_id",)),
    EventKind(
        "recovery.asked_for_nobody", "Somebody asked for such a link for nobody we could send it to.", (), "refused"
    ),
    EventKind("recovery.done", "A user chose a new password by a link."),
    EventKind("sign_up.begun", "Somebody began to make an account.", ("sign_up_id", "app_id")),
    EventKind("sign_up.code_sent", "A code was sent to somebody signing up.", ("sign_up_id", "address_kind")),
    EventKind("sign_up.proved", "Somebody signing up proved an address.", ("sign_up_id", "address_kind")),
    EventKind(
        "sign_up.wrong_code",
        "Somebody signing up typed another code than the one sent.",
        ("sign_up_id", "address_kind"),
        "refused",
    ),
    EventKind("sign_up.completed", "Somebody made an account.", ("sign_up_id", "app_id")),
    EventKind("user.locked", "An account was locked, by failures or by hand.", ("cause", "until")),
    EventKind("user.unlocked", "A lock was lifted."),
    EventKind("user.address_blocked", "Failures from one network address closed it for a user.", ("ip",)),
    EventKind("user.address_unblocked", "The block of one network address was lifted for a user.", ("ip",)),
    EventKind("user.hub_roles_changed", "A user's power over this server changed.", ("roles",)),
    EventKind("operator.created", "An operator's account came to be.", ("realm",)),
    EventKind("operator.updated", "An operator's account changed."),
    EventKind("operator.deleted", "An operator's account was deleted.", ("realm",)),
    # Second factors
    EventKind("factor.begun", "The enrolment of a second factor began.", ("factor",)),
    EventKind("factor.enrolled", "A second factor counts from now on.", ("factor", "factor_id")),
    EventKind("factor.changed", "A second factor, or the codes for a rainy day, changed.", ("factor", "factor_id")),
    EventKind("factor.removed", "A second factor was removed.", ("factor", "factor_id")),
    EventKind("factor.passed", "A second factor was proved.", ("factor",)),
    EventKind("factor.failed", "The code of a second factor was wrong.", (), "refused"),
    EventKind("factor.recovery_used", "A code for a rainy day was used up."),
    EventKind("ticket.issued", "A link was made that does one thing for its user.", ("ticket_id", "purpose")),
    # Organisations and groups
    EventKind("organization.created", "An organisation was made.", ("organization_id",)),
    EventKind("organization.updated", "An organisation changed.", ("organization_id",)),
    EventKind("organization.deleted", "An organisation was deleted.", ("organization_id",)),
    EventKind("organization.member_added", "A user joined an organisation.", ("organization_id", "role")),
    EventKind("organization.member_changed", "A member's role or data changed.", ("organization_id", "role")),
    EventKind("organization.member_removed", "A user left an organisation.", ("organization_id",)),
    EventKind("invitation.created", "Somebody was invited.", ("invitation_id", "organization_id")),
    EventKind("invitation.revoked", "An invitation was taken back.", ("invitation_id", "organization_id")),
    EventKind("group.created", "A group was made.", ("group_id", "name")),
    EventKind("group.updated", "A group changed.", ("group_id", "name")),
    EventKind("group.deleted", "A group was deleted.", ("group_id", "name")),
    EventKind("group.member_added", "A user joined a group.", ("group_id",)),
    EventKind("group.member_removed", "A user left a group.", ("group_id",)),
    # How the tenant is set up
    EventKind("signing_key.rotated", "A new key signs from now on.", ("key_id", "purpose", "replaced")),
    EventKind("settings.updated", "The rules by which people come in changed."),
    EventKind("connection.created", "A connection was made.", ("connection_id", "name")),
    EventKind("connection.updated", "A connection changed.", ("connection_id", "name")),
    EventKind("connection.deleted", "A connection was deleted.", ("connection_id", "name")),
    EventKind("app.created", "An application was made.", ("app_id", "name")),
    EventKind("app.updated", "An application changed.", ("app_id", "name")),
    EventKind("app.deleted", "An application was deleted.", ("app_id", "name")),
    EventKind("api.created", "An API was made.", ("api_id", "identifier")),
    EventKind("api.updated", "An API changed.", ("api_id", "identifier")),
    EventKind("api.deleted", "An API was deleted.", ("api_id", "identifier")),
    EventKind("client_grant.created", "An application may call an API.", ("grant_id", "app_id", "audience")),
    EventKind(
        "client_grant.updated", "What an application may ask of an API changed.", ("grant_id", "app_id", "audience")
    ),
    EventKind("client_grant.deleted", "An application may call an API no longer.", ("grant_id", "app_id", "audience")),
    EventKind("redirect_url.created", "An address became one that sign-ins may return to.", ("url",)),
    EventKind("redirect_url.deleted", "An address is no longer one that sign-ins may return to.", ("url",)),
    EventKind("api_key.created", "A key for programs was made.", ("key_id", "name", "opens")),
    EventKind("api_key.revoked", "A key for programs was revoked.", ("key_id", "name", "opens")),
    EventKind("hub_role.created", "A role over this server was made.", ("role",)),
    EventKind("hub_role.updated", "A role over this server changed.", ("role",)),
    EventKind("hub_role.deleted", "A role over this server was deleted.", ("role",)),
    # What goes out
    EventKind("message.sent", "A mail, a text message or a notice to an application went out.", _MESSAGE),
    EventKind("message.failed", "A message was given up: nobody will take it.", (*_MESSAGE, "reason"), "failed"),
    EventKind("webhook.created", "An address is told of events from now on.", ("webhook_id", "host")),
    EventKind("webhook.updated", "What an address is told of events changed.", ("webhook_id", "host")),
    EventKind("webhook.deleted", "An address is told of events no more.", ("webhook_id", "host")),
    EventKind(
        "webhook.replayed",
        "An address is told again of what happened in a range of time.",
        ("webhook_id", "since", "until"),
    ),
    EventKind(
        "webhook.failed", "An address did not take an event, which was given up.", ("webhook_id", "event_id"), "failed"
    ),
    EventKind(
        "webhook.disabled",
        "An address took nothing for days, or is gone, and is told nothing more.",
        ("webhook_id", "why"),
        "failed",
    ),
    # Long work
    EventKind("job.created", "Somebody asked for an import, an export or a mail.", ("job_id", "job")),
    EventKind("job.completed", "An import, an export or a mail is done.", _JOB),
    EventKind("job.failed", "An import, an export or a mail could not be done.", _JOB, "failed"),
    EventKind("job.cancelled", "An import, an export or a mail was called off.", _JOB, "refused"),
)

KINDS: Final[Mapping[str, EventKind]] = {row.kind: row for row in _ROWS}

CALL: Final = "call."
"""What begins the kinds of an API that keeps a log of its own calls: each begins, and then succeeds or fails."""


def kinds_named(name: str) -> tuple[str, ...]:
    """The kinds meant by a name: one kind, or by the thing alone (`sign_in`) all of its; none for what nobody notes."""
    if name.startswith(CALL) and name != CALL:
        return (name,)
    return tuple(kind for kind in KINDS if kind == name or kind.startswith(f"{name.removesuffix('.*')}."))


def outcome_of(event: Event) -> Outcome:
    """How the thing that an event tells of ended."""
    row = KINDS.get(event.kind)
    if row is not None:
        return row.outcome
    return "refused" if event.kind.startswith(CALL) and event.kind.endswith("_FAIL") else "done"


def client_of(event: Event) -> str:
    """The application that it happened for or that called; empty when there was none."""
    app_id = event.context.app_id or event.data.get("app_id")
    if isinstance(app_id, str) and app_id:
        return app_id
    return event.actor_id if event.actor_kind == "client" else ""
