"""/account: who I am, and what I am called."""

from typing import Any, Final

from muster.core.account.profile import change_profile, change_username
from muster.dialects.kit.call import Call
from muster.signin.account_pages import Change, Person, Section, as_person
from muster.signin.csrf import Form
from muster.signin.pages import visit_of

MEMBERS: Final = ("name", "given_name", "family_name", "nickname", "locale", "zoneinfo")
"""Of the profile, what the form shows. The rest people rarely have, and programs may write it."""


async def _shown(call: Call, _: Person) -> dict[str, Any]:
    return {"usernames": visit_of(call).settings.username.sign_in}


OVERVIEW: Final = Section("overview", "/account", _shown)


async def _change_profile(call: Call, person: Person, form: Form) -> None:
    given: dict[str, str | None] = {member: form[member] for member in MEMBERS if member in form}
    await as_person(call, person, change_profile, given)


async def _change_username(call: Call, person: Person, form: Form) -> None:
    await as_person(call, person, change_username, form.get("username", "").strip())


CHANGES: Final = (
    Change("/account/profile", OVERVIEW, _change_profile),
    Change("/account/username", OVERVIEW, _change_username),
)
