"""What the pages of the account have in common: who is asking, which sections there are, and how a form of one is answered.

Everything here acts as the signed-in person on the own account and on nothing else (`core.account`).
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Concatenate, Final, NamedTuple, ParamSpec, TypeVar

from muster.core.account.access import account_actor, is_recent
from muster.core.errors import Refusal
from muster.core.sessions.actions import touch, wants_touch
from muster.core.sessions.model import Session
from muster.core.sign_in.engine import Beginning
from muster.core.sign_in.model import Asked
from muster.core.transaction import Transaction
from muster.core.users.model import User
from muster.core.users.shown import primary, shown_email, shown_name
from muster.dialects.kit.browser import keep_browser, session_token
from muster.dialects.kit.call import Call
from muster.dialects.kit.reply import Reply
from muster.dialects.kit.routes import Handler
from muster.signin.account_faults import account_fault
from muster.signin.account_shown import moment
from muster.signin.csrf import Form, own_form
from muster.signin.errors import Fault
from muster.signin.pages import Place, page, redirect, visit_of, words_for
from muster.signin.sign_in import address, origin

P = ParamSpec("P")
T = TypeVar("T")

_SECRET_FIELDS: Final = ("password", "current", "code", "credential", "csrf")
"""Never filled in again."""


class Person(NamedTuple):
    """Who is signed in in this browser, and in which session."""

    session: Session
    user: User


class Section(NamedTuple):
    """One page of the account: its texts are `account.<name>.…`, `shown` are its template's own values."""

    name: str
    path: str
    shown: Callable[[Call, Person], Awaitable[dict[str, Any]]]


class Change(NamedTuple):
    """One form: where it is sent, the section it stands in, and what it does.

    `take` answers with a page of its own, or with None: then the section is shown again, with a word that it is done.
    """

    path: str
    section: Section
    take: Callable[[Call, Person, Form], Awaitable[Reply | None]]

    @property
    def name(self) -> str:
        """What tells the forms of a section apart."""
        return self.path.rpartition("/")[2]


async def signed_in(call: Call) -> Person | None:
    """Whoever is signed in in this browser, whose session is in use with that."""
    found = await call.services.sign_in.signed_in(call.tenant_id, session_token(call))
    if found is None:
        return None
    session, user = found
    if wants_touch(session, call.services.clock.now()):
        await call.runner.run_from(call.context, call.tenant_id, account_actor(user), touch, session.id)
    return Person(session, user)


async def as_person(
    call: Call,
    person: Person,
    act: Callable[Concatenate[Transaction, str, P], Awaitable[T]],
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Run an act of the account as this person, in this session."""
    actor = account_actor(person.user)
    return await call.runner.run_from(call.context, call.tenant_id, actor, act, person.session.id, *args, **kwargs)


async def to_sign_in(call: Call, path: str, person: Person | None = None) -> Reply:
    """To the sign-in and back to `path`; for somebody who is signed in, to prove once more that it is them."""
    asked = Asked() if person is None else Asked(fresh=True, hint=_hint(person.user))
    session = None if person is None else person.session
    beginning = Beginning(return_to=path, asked=asked, session=session, origin=origin(call))
    secret = visit_of(call).secret
    begun = await call.services.sign_in.begin(call.tenant_id, beginning, secret, call.context)
    kept = [] if begun.browser == secret else [keep_browser(call.site, begun.browser)]
    return redirect(call, address(begun.attempt.id), kept)


def _hint(user: User) -> str:
    """What the person would type to sign in."""
    address = primary(user.emails) or primary(user.phones)
    return user.username.value if address is None and user.username else address.value if address is not None else ""


def showing(section: Section) -> Handler:
    """The handler that shows a section to whoever is signed in, and lets everybody else sign in first."""

    async def show(call: Call) -> Reply:
        person = await signed_in(call)
        if person is None:
            return await to_sign_in(call, section.path)
        done = call.query().get("done", [""])[-1]
        return await shown(call, person, section, done=done)

    return show


def changing(change: Change) -> Handler:
    """The handler of a form. What it refuses is shown where the form stands; a proof that is too old is asked for anew."""

    async def take(call: Call) -> Reply:
        form = own_form(call)
        person = await signed_in(call)
        if person is None:
            return await to_sign_in(call, change.section.path)
        try:
            reply = await change.take(call, person, form)
        except Refusal as refusal:
            if refusal.code == "reauthenticate":
                return await to_sign_in(call, change.section.path, person)
            fault = account_fault(refusal)
            typed = {name: value for name, value in form.items() if name not in _SECRET_FIELDS}
            return await shown(call, person, change.section, fault=fault, at=change.name, typed=typed)
        return redirect(call, f"{change.section.path}?done={change.name}") if reply is None else reply

    return take


async def shown(
    call: Call,
    person: Person,
    section: Section,
    *,
    fault: Fault | None = None,
    at: str = "",
    typed: Mapping[str, str] | None = None,
    done: str = "",
) -> Reply:
    """The section's page. `at` names the form that is at fault, `done` the one that was just carried out."""
    own = await section.shown(call, person)
    known = done if words_for(call).has(f"account.done.{done}") else ""
    more = {"fault": fault, "at": at, "typed": typed, "done": known}
    return framed(call, person, f"account/{section.name}.html", here=section.path, section=section.name, **more, **own)


def framed(call: Call, person: Person, template: str, *, here: str | None, **values: Any) -> Reply:
    """A page in the account's frame: who is signed in, and the sections. `here` is where it can be got again, if it can."""
    user, t = person.user, words_for(call)
    email = shown_email(user)
    frame = {
        "user": user,
        "person_name": shown_name(user),
        "person_email": email.address if email is not None else "",
        "recent": is_recent(person.session, call.services.clock.now()),
        "when": lambda at: moment(at, t, user.profile.zoneinfo),
        "at": "",
        "done": "",
    }
    return page(call, template, place=Place(here), **{**frame, **values})
