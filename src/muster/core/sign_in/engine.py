"""The sign-in engine: begins attempts, lets people act on them, and ends them in a session. It knows no HTTP.

Each call reads the attempt, asks `next.py` what it waits for, and does one thing (`steps/`). Whatever is refused is counted before
the refusal is told, in rows that every process reads.
"""

import re
import secrets
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple, NoReturn

import msgspec
from msgspec.structs import replace

from muster.core.actor import Actor
from muster.core.credentials.attempts import CredentialRefused, stranger
from muster.core.credentials.checks import CredentialChecks
from muster.core.credentials.tally import Tally, address_id, counted, must_not_be_flooding, network_of
from muster.core.errors import Conflict, NotFound
from muster.core.events import Context
from muster.core.ids import UserId, new_id
from muster.core.passkeys.actions import PasskeyChecks
from muster.core.passwords.choosing import NewPasswords
from muster.core.security import OneTimeCodes, SecretBox
from muster.core.sessions.actions import session_of_token
from muster.core.sessions.model import Session
from muster.core.sessions.tokens import hash_of
from muster.core.sign_in.begin import Beginning, begin_attempt
from muster.core.sign_in.facts import Facts, facts_of
from muster.core.sign_in.finish import end_attempt
from muster.core.sign_in.model import SignInAttempt, Step
from muster.core.sign_in.next import next_step
from muster.core.sign_in.proved import the_attempt
from muster.core.sign_in.show import view_of
from muster.core.sign_in.steps import ACTIONS
from muster.core.sign_in.steps.passkey import options
from muster.core.sign_in.turn import DOOR, Tools, Turn
from muster.core.sign_in.view import View
from muster.core.transaction import Transaction, TransactionRunner
from muster.core.users.model import User

__all__ = ["Beginning", "Begun", "Finished", "SignIn"]

_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{43}")
"""256 bits in base64url."""

_NO_SESSION_END: Final = 365 * 86_400
"""Seconds that a browser keeps a session without an end."""

_GUESSES: Final = frozenset(
    {
        "wrong_password",
        "wrong_code",
        "wrong_link",
        "wrong_passkey",
        "ticket_over",
        "locked",
        "address_blocked",
    }
)
"""Refusals that count against the network address they were caused from."""


Pace = Callable[[str], object]
"""Told of each attempt that somebody at a network address wants to begin; `TooMany` when those are too many."""


def unhurried(_: str) -> None:
    """Attempts are begun as often as anybody likes."""


class Begun(msgspec.Struct, frozen=True):
    """A new attempt, and the secret of the browser it belongs to: to be kept there whether or not it is new."""

    attempt: SignInAttempt
    browser: str

    def __repr__(self) -> str:
        return f"Begun(attempt={self.attempt.id!r})"


class Finished(msgspec.Struct, frozen=True):
    """An attempt that is over. `token` is the session's if the browser must be given a new one, for `seconds` or, with None,
    until it is closed. `attempt.denied` says that the application gets nothing although the person is signed in.
    """

    attempt: SignInAttempt
    session: Session
    token: str | None
    seconds: int | None

    def __repr__(self) -> str:
        return f"Finished(attempt={self.attempt.id!r}, session={self.session.id!r})"

    @property
    def path(self) -> str:
        """Where the browser goes on: where the attempt was to end, which finds it again by its id if an application waits."""
        attempt = self.attempt
        if not attempt.app_id:
            return attempt.return_to
        return f"{attempt.return_to}{'&' if '?' in attempt.return_to else '?'}attempt={attempt.id}"


class _Seen(NamedTuple):
    """An attempt as it stands."""

    attempt: SignInAttempt
    facts: Facts
    step: Step


class SignIn:
    """Everything that happens between "who are you" and a session. Built once."""

    def __init__(
        self,
        runner: TransactionRunner,
        checks: CredentialChecks,
        passkeys: PasskeyChecks,
        new_passwords: NewPasswords,
        secret_box: SecretBox,
        codes: OneTimeCodes,
        pace: Pace = unhurried,
    ) -> None:
        self._runner = runner
        self._pace = pace
        self._tools = Tools(runner, checks, passkeys, new_passwords, secret_box, codes)

    async def begin(self, tenant_id: int, beginning: Beginning, browser: str, context: Context) -> Begun:
        """A new attempt of the browser with this secret, or of a new one if it is empty or no secret of ours.

        `NotFound("connection")` when the connection that is asked for cannot be used; `TooMany` from `must_keep_pace`.
        """
        self.must_keep_pace(context)
        secret = browser if _SECRET.fullmatch(browser) else secrets.token_urlsafe(32)
        id_ = new_id(self._runner.clock.now())
        run = self._runner.run_from
        context = replace(context, app_id=beginning.app_id)
        attempt = await run(context, tenant_id, stranger(DOOR), begin_attempt, id_, hash_of(secret), beginning)
        return Begun(attempt, secret)

    def must_keep_pace(self, context: Context) -> None:
        """Whoever has proved nothing writes a row by beginning: `TooMany` when one network address does so too often."""
        if context.ip:
            self._pace(network_of(context.ip))

    async def view(self, tenant_id: int, attempt_id: str, browser: str, context: Context) -> View:
        """What the attempt waits for. `CredentialRefused("attempt_over")` for one that is unknown, expired or another browser's."""

        async def act(tx: Transaction) -> View:
            seen = await _look(tx, attempt_id, browser)
            return await view_of(tx, seen.attempt, seen.facts, seen.step, self._tools.secrets, self._tools.codes)

        return await self._runner.run_from(context, tenant_id, stranger(DOOR), act)

    async def take(
        self,
        tenant_id: int,
        attempt_id: str,
        browser: str,
        action: str,
        given: Mapping[str, str],
        context: Context,
    ) -> View:
        """One action of the person, and where that leads. What is refused is counted, and the attempt stays.

        `CredentialRefused` (the codes are those of `core.credentials.attempts`), `Invalid` for what can never be taken, `NotAllowed`
        for what is not offered, `TooMany`, `Conflict("not_now")` for an action that the attempt does not wait for,
        `NotFound("action")`.
        """
        wanted = ACTIONS.get(action)
        if wanted is None:
            raise NotFound("action", name=action)
        turn, step = await self._turn(tenant_id, attempt_id, browser, given, context)
        if step not in wanted.at:
            raise Conflict("not_now", step=step)
        try:
            await wanted.take(turn)
        except CredentialRefused as refused:
            if refused.code in _GUESSES and context.ip:
                await turn.run(_count, context.ip, refused)
            raise
        return await self.view(tenant_id, attempt_id, browser, context)

    async def passkey_options(self, tenant_id: int, attempt_id: str, browser: str) -> dict[str, Any]:
        """`PublicKeyCredentialRequestOptions` as JSON (Web Authentication Level 3, section 5.5), with a new challenge."""
        turn, step = await self._turn(tenant_id, attempt_id, browser, {}, Context())
        if step not in ACTIONS["passkey"].at:
            raise Conflict("not_now", step=step)
        return await options(turn)

    async def finish(self, tenant_id: int, attempt_id: str, browser: str, context: Context) -> Finished:
        """Turn an attempt that is done into a session, and keep what was agreed to; twice at once makes one session.

        `CredentialRefused`: attempt_over, suspended, locked. `Conflict("not_now")` while something is still to be done.
        """
        attempt = await self._runner.store.get(tenant_id, SignInAttempt, attempt_id)
        app_id, user_id = ("", None) if attempt is None else (attempt.app_id, attempt.user_id)
        actor = stranger(DOOR) if user_id is None else _the_person(user_id)
        context = replace(context, app_id=app_id)
        ended = await self._runner.run_from(context, tenant_id, actor, end_attempt, attempt_id, browser)
        return Finished(ended.attempt, ended.session, ended.token, _seconds(ended.session, self._runner.clock.now()))

    async def signed_in(self, tenant_id: int, token: str) -> tuple[Session, User] | None:
        """Who the browser with this session token is signed in as."""
        try:
            return await session_of_token(self._runner.store, tenant_id, token, self._runner.clock.now())
        except CredentialRefused:
            return None

    async def _turn(
        self, tenant_id: int, attempt_id: str, browser: str, given: Mapping[str, str], context: Context
    ) -> tuple[Turn, Step]:
        """The attempt and what it waits for. `TooMany` for an address that has been refused too often of late."""
        seen = await self._runner.run_from(context, tenant_id, stranger(DOOR), _look_for_action, attempt_id, browser)
        turn = Turn(
            tools=self._tools,
            tenant_id=tenant_id,
            attempt=seen.attempt,
            facts=seen.facts,
            browser=browser,
            given=given,
            context=replace(context, app_id=seen.attempt.app_id),
        )
        return turn, seen.step


async def _look(tx: Transaction, attempt_id: str, browser: str) -> _Seen:
    attempt = await the_attempt(tx, attempt_id, browser)
    facts = await facts_of(tx, attempt)
    return _Seen(attempt, facts, next_step(attempt, facts, tx.now))


async def _look_for_action(tx: Transaction, attempt_id: str, browser: str) -> _Seen:
    seen, ip = await _look(tx, attempt_id, browser), tx.context.ip
    if ip and ip not in seen.facts.settings.lockout.never_blocked:
        must_not_be_flooding(await tx.get(Tally, address_id(ip)), tx.now)
    return seen


async def _count(tx: Transaction, ip: str, refused: CredentialRefused) -> NoReturn:
    """Count a refusal, and refuse."""
    tx.even_if_refused(counted(await tx.get(Tally, address_id(ip)), ip, tx.now))
    raise refused


def _the_person(user_id: str) -> Actor:
    return Actor(kind="user", id=user_id, door=DOOR, permissions=frozenset(), user_id=UserId(user_id))


def _seconds(session: Session, now: int) -> int | None:
    """How long the browser keeps the session's token; None until it is closed."""
    if not session.persistent:
        return None
    return _NO_SESSION_END if session.expires_at is None else max((session.expires_at - now) // 1000, 0)
