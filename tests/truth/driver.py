"""What every dialect can do with a person, in plain words. drivers.py has the five that do it."""

from collections.abc import Sequence
from typing import Any, ClassVar, Final, Literal, NamedTuple, get_args
from urllib.parse import quote

import httpx

from muster.core.ids import UserId
from muster.core.records import Key
from muster.core.users.claims import shown_claims
from muster.core.users.model import User
from muster.core.users.shown import primary

Shown = dict[str, Any]
"""A user as a dialect answers it."""

Can = Literal[
    "have_identifiers",  # own e-mail addresses and user names, not contacts that somebody claims
    "have_phones",
    "merge_documents",  # a write of one key of the document leaves the others
    "set_password",
    "check_password",
    "suspend",
    "show_suspended",
    "lock",
    "unlock",
    "show_lock",
    "keep_documents",  # metadata or claims
    "page",  # cut a list into pages
    "id_is_name",  # whoever takes a name that is free again has the id of who had it
]
EVERYTHING: Final[frozenset[Can]] = frozenset(get_args(Can))


class Person(NamedTuple):
    """Somebody to be created; what is None is not said, and a dialect that has no such member does not say it either."""

    email: str | None = None
    username: str | None = None
    phone: str | None = None
    given: str | None = None
    family: str | None = None
    password: str | None = None


class Driver:
    """One dialect. Ids are as that dialect spells them; whatever is refused raises `AssertionError` with the answer."""

    name: ClassVar[str]
    can: ClassVar[frozenset[Can]]

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def call(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """A call that must succeed; what it answers, None for no body. `path` is below the dialect's root."""
        answer = await self.client.request(method, path, json=body, params=query or None)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    async def is_accepted(self, method: str, path: str, body: Any) -> bool:
        """Whether a call that asks for a judgement (is this password right?) is answered yes; no fault counts as a no."""
        answer = await self.client.request(method, path, json=body)
        assert answer.status_code < 500, answer.text
        assert answer.status_code != 404, answer.text
        return answer.is_success

    def place(self, id_: str) -> str:
        """The path of one user."""
        return f"/users/{quote(id_, safe='')}"

    async def create(self, person: Person) -> str:
        """The new user's id."""
        raise NotImplementedError

    async def read(self, id_: str) -> Shown:
        shown: Shown = await self.call("GET", self.place(id_))
        return shown

    async def find(self, id_: str) -> Shown | None:
        """The user, or None where there is none of that id."""
        answer = await self.client.get(self.place(id_))
        assert answer.status_code in (200, 404), answer.text
        return answer.json() if answer.status_code == 200 else None

    async def rename(self, id_: str, given: str, family: str) -> None:
        raise NotImplementedError

    async def write_document(self, id_: str, document: dict[str, Any]) -> None:
        """These keys of the metadata (or the claims); the others stay."""
        raise NotImplementedError

    async def set_password(self, id_: str, password: str) -> None:
        raise NotImplementedError

    async def is_password(self, id_: str, password: str) -> bool:
        raise NotImplementedError

    async def suspend(self, id_: str) -> None:
        raise NotImplementedError

    async def restore(self, id_: str) -> None:
        """Lift the suspension."""
        raise NotImplementedError

    async def lock(self, id_: str) -> None:
        raise NotImplementedError

    async def unlock(self, id_: str) -> None:
        raise NotImplementedError

    async def search(self, email: str) -> Sequence[Shown]:
        """Everybody with this e-mail address."""
        raise NotImplementedError

    async def search_username(self, username: str) -> Sequence[Shown]:
        raise NotImplementedError

    async def everyone(self, size: int) -> Sequence[Shown]:
        """The whole list, read to its end in pages of `size`."""
        raise NotImplementedError

    async def delete(self, id_: str) -> None:
        await self.call("DELETE", self.place(id_))

    async def id_of(self, user: User) -> str:
        """The id of a user of the core here: by this dialect's own search where the user has an address or a name to search
        for, else by the encoding of ids.
        """
        encoded = self.encode(user)
        own, address = primary(user.emails), None
        if "have_identifiers" not in self.can:
            address = shown_claims(user).get("email")
        elif own is not None:
            address = own.value
        if address is not None:
            found = await self.search(address)
        elif user.username is not None and "have_identifiers" in self.can:
            found = await self.search_username(user.username.value)
        else:
            return encoded
        assert [self.id_in(each) for each in found] == [encoded], f"{self.name} finds {found}"
        return encoded

    def encode(self, user: User) -> str:
        """How a core user's id is spelled here."""
        raise NotImplementedError

    def decode(self, id_: str) -> UserId | Key:
        """What the core finds the user of an id by."""
        raise NotImplementedError

    def id_in(self, shown: Shown) -> str:
        raise NotImplementedError

    def email(self, shown: Shown) -> str | None:
        """The primary address."""
        raise NotImplementedError

    def names(self, shown: Shown) -> tuple[str | None, str | None]:
        """Given and family name."""
        raise NotImplementedError

    def username(self, shown: Shown) -> str | None:
        raise NotImplementedError

    def document(self, shown: Shown) -> dict[str, Any]:
        raise NotImplementedError

    def is_suspended(self, shown: Shown) -> bool:
        raise NotImplementedError

    def is_locked(self, shown: Shown) -> bool:
        raise NotImplementedError


def present(**members: Any) -> dict[str, Any]:
    """The members that have a value."""
    return {name: value for name, value in members.items() if value is not None}
