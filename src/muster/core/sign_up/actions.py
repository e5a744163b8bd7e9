"""Making an account for oneself: a stored sign-up that is begun, told more, proved, and completed into a user.

Until an address is proved nothing tells whether somebody has it: what is sent differs, what is shown and done does not.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Concatenate, Final, ParamSpec, TypeVar

from msgspec.structs import replace

from muster.core.actor import Actor
from muster.core.actor import Permissions as May
from muster.core.connections.model import Connection
from muster.core.credentials import sent_codes
from muster.core.credentials.attempts import CredentialRefused
from muster.core.credentials.sent_codes import again_if_crowded
from muster.core.errors import Conflict, Invalid, NotAllowed
from muster.core.events import Context
from muster.core.external.sign_up import is_external
from muster.core.passwords.choosing import NewPasswords
from muster.core.records import Key
from muster.core.settings.model import SETTINGS_ID, SignInSettings
from muster.core.sign_in.model import SignInAttempt
from muster.core.sign_in.proved import is_open, proved, the_attempt
from muster.core.sign_up import form
from muster.core.sign_up.completing import holders, make_user, method_of, taken_over
from muster.core.sign_up.held import release
from muster.core.sign_up.model import LIFETIME, SignUp
from muster.core.sign_up.proving import send_code, take_code
from muster.core.sign_up.view import Kind, SentTo, SignUpView, State
from muster.core.tickets.actions import make_ticket
from muster.core.transaction import Transaction, TransactionRunner
from muster.core.users.actions import HashedPassword
from muster.core.users.model import User
from muster.core.users.shapes import username_key

T = TypeVar("T")
P = ParamSpec("P")

PERSON: Final = Actor(kind="user", id="", door="sign-up", permissions=frozenset({May.USERS_CREATE}))
"""Somebody who is making an account."""


class SignUps:
    """Sign-ups at the pages. Each has the id of the sign-in attempt it belongs to, and is there for that attempt's browser alone.

    Every method raises `CredentialRefused("attempt_over")` for an attempt that is unknown, another browser's or over, and
    `NotAllowed("sign_up_closed")` where nobody may sign up.
    """

    def __init__(self, runner: TransactionRunner, new_passwords: NewPasswords) -> None:
        self._runner = runner
        self._new_passwords = new_passwords

    async def start(self, tenant_id: int, attempt_id: str, browser: str, context: Context) -> SignUpView:
        """Begin, or go on with what was begun in this attempt."""
        return await self._run(context, tenant_id, _start, attempt_id, browser)

    async def view(self, tenant_id: int, attempt_id: str, browser: str) -> SignUpView:
        """What there is now, and nothing is changed."""
        return await self._run(Context(), tenant_id, _view, attempt_id, browser)

    async def update(
        self, tenant_id: int, attempt_id: str, browser: str, given: Mapping[str, str], context: Context
    ) -> SignUpView:
        """Answers by the names of the form's fields; an empty text takes one back. A code goes to each new address.

        `Invalid("fields_refused", fields)` says what is wrong with which, and nothing is kept: malformed, too_long,
        not_allowed_here (the tenant's lists), taken (a user name); for the password a list of `passwords.policy.Problem`.
        `TooMany` when too much was sent to an address. An address that is taken is told to nobody but its owner.
        """
        faults: dict[str, object] = {}
        password = None
        if given.get("password"):
            try:
                password = await self._hashed(tenant_id, attempt_id, browser, given)
            except Invalid as wrong:
                faults["password"] = wrong.detail["problems"]
        return await self._run(context, tenant_id, _update, attempt_id, browser, given, password, faults)

    async def send_code(
        self, tenant_id: int, attempt_id: str, browser: str, kind: Kind, context: Context
    ) -> SignUpView:
        """Send another code. `TooMany`: code_sent while the last is fresh, too_many_sent."""
        return await self._run(context, tenant_id, _send, attempt_id, browser, kind)

    async def verify(
        self, tenant_id: int, attempt_id: str, browser: str, kind: Kind, code: str, context: Context
    ) -> SignUpView:
        """Prove an address with its code; `CredentialRefused("wrong_code")` also after too many wrong ones."""
        return await self._run(context, tenant_id, _verify, attempt_id, browser, kind, code)

    async def complete(
        self, tenant_id: int, attempt_id: str, browser: str, context: Context, *, release_held: bool = False
    ) -> User:
        """Make the user, and let the sign-in go on with what was proved.

        `Invalid("missing", fields)`; `Conflict`: unproved, held (`kinds`; see `held.py`: `release_held` is the decision to take
        the addresses). `Taken` (kind email, phone or username) when somebody else has it by now.
        """
        return await self._run(context, tenant_id, _complete, attempt_id, browser, release_held=release_held)

    async def take_over(self, tenant_id: int, attempt_id: str, browser: str, context: Context) -> str:
        """Instead of a new account, the one that has the proved address without proof: the text of a ticket to reset its password.

        `Conflict("not_now")` where there is none, or it has proved another address.
        """
        return await self._run(context, tenant_id, _take_over, attempt_id, browser)

    async def _hashed(self, tenant_id: int, attempt_id: str, browser: str, given: Mapping[str, str]) -> HashedPassword:
        store, now = self._runner.store, self._runner.clock.now()
        attempt = await store.get(tenant_id, SignInAttempt, attempt_id)
        if attempt is None or not is_open(attempt, browser, now):
            raise CredentialRefused("attempt_over")
        names = [given.get(name, "") for name in (*form.NAMES, "username")]
        about = [text for text in (*names, given.get("email", "").partition("@")[0]) if text]
        return await self._new_passwords.hashed(tenant_id, attempt.realm, given["password"], about=about)

    async def _run(
        self,
        context: Context,
        tenant_id: int,
        act: Callable[Concatenate[Transaction, P], Awaitable[T]],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        return await again_if_crowded(lambda: self._runner.run_from(context, tenant_id, PERSON, act, *args, **kwargs))


async def _start(tx: Transaction, attempt_id: str, browser: str) -> SignUpView:
    attempt = await the_attempt(tx, attempt_id, browser)
    sign_up = await tx.get(SignUp, attempt.id)
    settings, realm = await _open(tx, attempt, sign_up)
    if sign_up is None:
        sign_up = tx.insert(
            SignUp(
                id=attempt.id,
                attempt_id=attempt.id,
                browser=attempt.browser,
                realm=attempt.realm,
                app_id=attempt.app_id,
                expires_at=tx.now + LIFETIME,
                created_at=tx.now,
            )
        )
        tx.note("sign_up.begun", sign_up_id=sign_up.id, app_id=attempt.app_id)
    return await _shown(tx, settings, realm, sign_up)


async def _view(tx: Transaction, attempt_id: str, browser: str) -> SignUpView:
    settings, realm, sign_up = await _begun(tx, attempt_id, browser)
    return await _shown(tx, settings, realm, sign_up)


async def _update(
    tx: Transaction,
    attempt_id: str,
    browser: str,
    given: Mapping[str, str],
    password: HashedPassword | None,
    faults: Mapping[str, object],
) -> SignUpView:
    settings, realm, before = await _begun(tx, attempt_id, browser)
    after, wrong = form.answered(settings, realm, before, given)
    refused: dict[str, object] = {**wrong, **faults}
    # The commit guards user names. Asked here too, another can be chosen before anything is sent.
    if after.username is not None and after.username != before.username and await _is_taken(tx, realm, after.username):
        refused["username"] = "taken"
    if refused:
        raise Invalid("fields_refused", fields=refused)
    if password is not None and settings.rules.password:
        after = replace(after, password=password.hash, password_scheme=password.scheme)
    for kind in form.ADDRESSES:
        claimed = form.claim(after, kind)
        if claimed is not None and claimed.sent is None and form.wants_proof(settings, kind):
            after = await send_code(tx, after, kind)
    return await _shown(tx, settings, realm, tx.save(after))


async def _send(tx: Transaction, attempt_id: str, browser: str, kind: Kind) -> SignUpView:
    settings, realm, sign_up = await _begun(tx, attempt_id, browser)
    return await _shown(tx, settings, realm, tx.save(await send_code(tx, sign_up, kind)))


async def _verify(tx: Transaction, attempt_id: str, browser: str, kind: Kind, code: str) -> SignUpView:
    settings, realm, sign_up = await _begun(tx, attempt_id, browser)
    return await _shown(tx, settings, realm, tx.save(take_code(tx, sign_up, kind, code)))


async def _complete(tx: Transaction, attempt_id: str, browser: str, *, release_held: bool) -> User:
    settings, realm, sign_up = await _begun(tx, attempt_id, browser)
    attempt = await the_attempt(tx, attempt_id, browser)
    if sign_up.user_id is not None:  # asked twice
        return await tx.need(User, sign_up.user_id)
    lacks = form.missing(settings, realm, sign_up)
    if lacks:
        raise Invalid("missing", fields=lacks)
    if form.unproved(settings, sign_up):
        raise Conflict("unproved", kinds=form.unproved(settings, sign_up))
    held = await holders(tx, sign_up)
    if held and not release_held:
        raise Conflict("held", kinds=[kind for kind, _ in held])
    for kind, holder in held:
        claimed = form.claim(sign_up, kind)
        if claimed is not None:
            await release(tx, await tx.need(User, holder.id), kind, claimed.value)
    user = await make_user(tx, realm, sign_up)
    await proved(tx, attempt, user, await method_of(tx, sign_up))
    tx.save(replace(sign_up, user_id=user.id, password=None, password_scheme=""))
    tx.note("sign_up.completed", user_id=user.id, sign_up_id=sign_up.id, app_id=sign_up.app_id)
    return user


async def _take_over(tx: Transaction, attempt_id: str, browser: str) -> str:
    settings, realm, sign_up = await _begun(tx, attempt_id, browser)
    found = taken_over(sign_up, realm, await holders(tx, sign_up)) if sign_up.user_id is None else None
    if found is None:
        raise Conflict("not_now")
    holder, address_id = found
    _, text = await make_ticket(tx, holder, "reset_password", lifetime=settings.reset_lifetime, address_id=address_id)
    return text


async def _is_taken(tx: Transaction, realm: Connection, username: str) -> bool:
    return await tx.find(User, Key(realm.id, "username", username_key(username))) is not None


async def _open(tx: Transaction, attempt: SignInAttempt, sign_up: SignUp | None) -> tuple[SignInSettings, Connection]:
    """The tenant's rules and the realm. Who came from a provider was let in by the rules for that provider."""
    settings = await tx.get(SignInSettings, SETTINGS_ID) or SignInSettings()
    realm = await tx.need(Connection, attempt.realm)
    if (sign_up is None or not is_external(sign_up)) and not form.may_sign_up(settings, realm):
        raise NotAllowed("sign_up_closed")
    return settings, realm


async def _begun(tx: Transaction, attempt_id: str, browser: str) -> tuple[SignInSettings, Connection, SignUp]:
    attempt = await the_attempt(tx, attempt_id, browser)
    sign_up = await tx.get(SignUp, attempt.id)
    settings, realm = await _open(tx, attempt, sign_up)
    if sign_up is None or tx.now >= sign_up.expires_at:
        raise CredentialRefused("attempt_over")
    return settings, realm, sign_up


async def _shown(tx: Transaction, settings: SignInSettings, realm: Connection, sign_up: SignUp) -> SignUpView:
    lacks, wanting = form.missing(settings, realm, sign_up), form.unproved(settings, sign_up)
    held = [] if sign_up.user_id is not None else await holders(tx, sign_up)
    return SignUpView(
        id=sign_up.id,
        state=_state(sign_up, lacks, wanting, held),
        fields=form.fields(settings, realm, sign_up),
        missing=lacks,
        unproved=wanting,
        sent=[_sent(sign_up, kind) for kind in wanting if _has_sent(sign_up, kind)],
        held=[kind for kind, _ in held],
        may_take_over=taken_over(sign_up, realm, held) is not None,
        password_set=sign_up.password is not None,
        password_rules=settings.password,
        branding=settings.branding,
    )


def _state(sign_up: SignUp, lacks: list[str], wanting: list[Kind], held: list[tuple[Kind, User]]) -> State:
    if sign_up.user_id is not None:
        return "complete"
    if lacks:
        return "missing"
    if wanting:
        return "verify"
    return "held" if held else "ready"


def _has_sent(sign_up: SignUp, kind: Kind) -> bool:
    claimed = form.claim(sign_up, kind)
    return claimed is not None and claimed.sent is not None


def _sent(sign_up: SignUp, kind: Kind) -> SentTo:
    claimed = form.claim(sign_up, kind)
    assert claimed is not None, "it was asked before"
    assert claimed.sent is not None, "it was asked before"
    sent = claimed.sent
    return SentTo(kind=kind, to=sent.to, expires_at=sent.expires_at, again_at=sent_codes.again_at(sent))
