"""One driver for each dialect, over a server that runs (tests/house.py). `driver(house, "clerk")` gives one.

A driver knows its vendor's operations and where that vendor shows what; a test that uses it knows neither. `can` says which
words a vendor has; calling another is a fault of the test (`NotImplementedError`), never something to be caught.
"""

from collections.abc import Sequence
from typing import Any, Final

from muster.core.ids import UserId
from muster.core.records import Key
from muster.core.users.model import User
from muster.dialects.auth0.wire import ids as auth0_ids
from muster.dialects.clerk.wire import ids as clerk_ids
from muster.dialects.mattr.wire import ids as mattr_ids
from muster.dialects.monocloud.wire import ids as monocloud_ids
from muster.dialects.netwrix.wire.names import bare_name
from tests.house import House
from tests.truth.driver import EVERYTHING, Driver, Person, Shown, present

__all__ = ["DRIVERS", "REALM", "Driver", "Person", "Shown", "driver"]

REALM: Final = "Username-Password-Authentication"


class Auth0(Driver):
    name = "auth0"
    can = EVERYTHING - {"check_password", "lock", "unlock", "show_lock", "id_is_name"}

    async def create(self, person: Person) -> str:
        body = present(
            email=person.email,
            username=person.username,
            phone_number=person.phone,
            given_name=person.given,
            family_name=person.family,
            password=person.password,
        )
        shown = await self.call("POST", "/users", {"connection": REALM, **body})
        return str(shown["user_id"])

    async def change(self, id_: str, **body: Any) -> None:
        await self.call("PATCH", self.place(id_), body)

    async def rename(self, id_: str, given: str, family: str) -> None:
        await self.change(id_, given_name=given, family_name=family)

    async def write_document(self, id_: str, document: dict[str, Any]) -> None:
        await self.change(id_, app_metadata=document)

    async def set_password(self, id_: str, password: str) -> None:
        await self.change(id_, password=password, connection=REALM)

    async def suspend(self, id_: str) -> None:
        await self.change(id_, blocked=True)

    async def restore(self, id_: str) -> None:
        await self.change(id_, blocked=False)

    async def search(self, email: str) -> Sequence[Shown]:
        found: Sequence[Shown] = await self.call("GET", "/users-by-email", email=email)
        return found

    async def search_username(self, username: str) -> Sequence[Shown]:
        query = f'username:"{username.lower()}"'
        found: Sequence[Shown] = await self.call("GET", "/users", q=query, search_engine="v3")
        return found

    async def everyone(self, size: int) -> Sequence[Shown]:
        found: list[Shown] = []
        while True:
            page = await self.call("GET", "/users", page=len(found) // size, per_page=size, include_totals="true")
            found += page["users"]
            if len(found) >= page["total"] or not page["users"]:
                return found

    def encode(self, user: User) -> str:
        return auth0_ids.show_user_id(user)

    def decode(self, id_: str) -> UserId | Key:
        return auth0_ids.parse_user_id(id_)

    def id_in(self, shown: Shown) -> str:
        return str(shown["user_id"])

    def email(self, shown: Shown) -> str | None:
        return shown.get("email")

    def names(self, shown: Shown) -> tuple[str | None, str | None]:
        return shown.get("given_name"), shown.get("family_name")

    def username(self, shown: Shown) -> str | None:
        return shown.get("username")

    def document(self, shown: Shown) -> dict[str, Any]:
        document: dict[str, Any] = shown.get("app_metadata", {})
        return document

    def is_suspended(self, shown: Shown) -> bool:
        return shown.get("blocked") is True


class Clerk(Driver):
    name = "clerk"
    can = EVERYTHING - {"id_is_name"}

    async def create(self, person: Person) -> str:
        body = present(
            email_address=[person.email] if person.email else None,
            phone_number=[person.phone] if person.phone else None,
            username=person.username,
            first_name=person.given,
            last_name=person.family,
            password=person.password,
            skip_password_requirement=None if person.password else True,
        )
        return str((await self.call("POST", "/users", body))["id"])

    async def change(self, id_: str, **body: Any) -> None:
        await self.call("PATCH", self.place(id_), body)

    async def rename(self, id_: str, given: str, family: str) -> None:
        await self.change(id_, first_name=given, last_name=family)

    async def write_document(self, id_: str, document: dict[str, Any]) -> None:
        await self.call("PATCH", f"{self.place(id_)}/metadata", {"private_metadata": document})

    async def set_password(self, id_: str, password: str) -> None:
        await self.change(id_, password=password)

    async def is_password(self, id_: str, password: str) -> bool:
        return await self.is_accepted("POST", f"{self.place(id_)}/verify_password", {"password": password})

    async def suspend(self, id_: str) -> None:
        await self.call("POST", f"{self.place(id_)}/ban")

    async def restore(self, id_: str) -> None:
        await self.call("POST", f"{self.place(id_)}/unban")

    async def lock(self, id_: str) -> None:
        await self.call("POST", f"{self.place(id_)}/lock")

    async def unlock(self, id_: str) -> None:
        await self.call("POST", f"{self.place(id_)}/unlock")

    async def search(self, email: str) -> Sequence[Shown]:
        found: Sequence[Shown] = await self.call("GET", "/users", email_address=email)
        return found

    async def search_username(self, username: str) -> Sequence[Shown]:
        found: Sequence[Shown] = await self.call("GET", "/users", username=username)
        return found

    async def everyone(self, size: int) -> Sequence[Shown]:
        found: list[Shown] = []
        while page := await self.call("GET", "/users", limit=size, offset=len(found)):
            found += page
        return found

    def encode(self, user: User) -> str:
        return clerk_ids.show_user_id(user)

    def decode(self, id_: str) -> UserId | Key:
        return clerk_ids.read_user_id(id_)

    def id_in(self, shown: Shown) -> str:
        return str(shown["id"])

    def email(self, shown: Shown) -> str | None:
        wanted = shown["primary_email_address_id"]
        return next((each["email_address"] for each in shown["email_addresses"] if each["id"] == wanted), None)

    def names(self, shown: Shown) -> tuple[str | None, str | None]:
        return shown["first_name"], shown["last_name"]

    def username(self, shown: Shown) -> str | None:
        name: str | None = shown["username"]
        return name

    def document(self, shown: Shown) -> dict[str, Any]:
        document: dict[str, Any] = shown["private_metadata"]
        return document

    def is_suspended(self, shown: Shown) -> bool:
        return bool(shown["banned"])

    def is_locked(self, shown: Shown) -> bool:
        return bool(shown["locked"])


class MonoCloud(Driver):
    name = "monocloud"
    can = EVERYTHING - {"lock", "id_is_name"}

    async def create(self, person: Person) -> str:
        body = present(
            email=person.email,
            username=person.username,
            phone_number=person.phone,
            given_name=person.given,
            family_name=person.family,
            password=person.password,
        )
        body |= {"is_temporary_password": False, "skip_conformance_checks": True}
        return str((await self.call("POST", "/users", body))["user_id"])

    async def rename(self, id_: str, given: str, family: str) -> None:
        await self.call("PATCH", f"{self.place(id_)}/claims", {"given_name": given, "family_name": family})

    async def write_document(self, id_: str, document: dict[str, Any]) -> None:
        await self.call("PATCH", f"{self.place(id_)}/private_data", {"private_data": document})

    async def set_password(self, id_: str, password: str) -> None:
        await self.call("PUT", f"{self.place(id_)}/password", {"password": password, "is_temporary_password": False})

    async def is_password(self, id_: str, password: str) -> bool:
        """By changing it to itself, which only who knows it may."""
        body = {"old_password": password, "new_password": password}
        return await self.is_accepted("PUT", f"{self.place(id_)}/password/change", body)

    async def suspend(self, id_: str) -> None:
        await self.call("POST", f"{self.place(id_)}/disable", {})

    async def restore(self, id_: str) -> None:
        await self.call("POST", f"{self.place(id_)}/enable")

    async def unlock(self, id_: str) -> None:
        await self.call("POST", f"{self.place(id_)}/unblock")

    async def search(self, email: str) -> Sequence[Shown]:
        found: Sequence[Shown] = await self.call("GET", "/users", filter=f'emails.email:"{email}"')
        return found

    async def search_username(self, username: str) -> Sequence[Shown]:
        found: Sequence[Shown] = await self.call("GET", "/users", filter=f'username:"{username}"')
        return found

    async def everyone(self, size: int) -> Sequence[Shown]:
        found: list[Shown] = []
        while page := await self.call("GET", "/users", page=len(found) // size + 1, size=size):
            found += page
            if len(page) < size:
                break
        return found

    def encode(self, user: User) -> str:
        return monocloud_ids.show_user_id(user)

    def decode(self, id_: str) -> UserId | Key:
        return monocloud_ids.parse_user_id(id_)

    def id_in(self, shown: Shown) -> str:
        return str(shown["user_id"])

    def email(self, shown: Shown) -> str | None:
        return next((each["email"] for each in shown["emails"] if each["primary"]), None)

    def names(self, shown: Shown) -> tuple[str | None, str | None]:
        return shown["claims"].get("given_name"), shown["claims"].get("family_name")

    def username(self, shown: Shown) -> str | None:
        name = shown["username"]
        return None if name is None else str(name["username"])

    def document(self, shown: Shown) -> dict[str, Any]:
        document: dict[str, Any] = shown["private_data"]
        return document

    def is_suspended(self, shown: Shown) -> bool:
        return bool(shown["disabled"])

    def is_locked(self, shown: Shown) -> bool:
        return shown["block_until"] is not None


class Mattr(Driver):
    name = "mattr"
    can = frozenset({"keep_documents", "page"})

    async def create(self, person: Person) -> str:
        claims = present(
            email=person.email, phone_number=person.phone, given_name=person.given, family_name=person.family
        )
        return str((await self.call("POST", "/users", {"claims": claims}))["id"])

    async def replace(self, id_: str, claims: dict[str, Any]) -> None:
        await self.call("PUT", self.place(id_), {"claims": claims})

    async def rename(self, id_: str, given: str, family: str) -> None:
        await self.write_document(id_, {"given_name": given, "family_name": family})

    async def write_document(self, id_: str, document: dict[str, Any]) -> None:
        """This API only replaces all claims, so that they are read first."""
        await self.replace(id_, {**self.document(await self.read(id_)), **document})

    async def search(self, email: str) -> Sequence[Shown]:
        found: Sequence[Shown] = (await self.call("POST", "/users/search", {"claims": {"email": email}}))["data"]
        return found

    async def everyone(self, size: int) -> Sequence[Shown]:
        found: list[Shown] = []
        page = await self.call("GET", "/users", limit=size)
        while page["data"]:
            found += page["data"]
            page = await self.call("GET", "/users", limit=size, cursor=page["nextCursor"])
        return found

    def encode(self, user: User) -> str:
        return mattr_ids.show_user_id(user)

    def decode(self, id_: str) -> UserId | Key:
        return UserId(mattr_ids.parse_uuid(id_) or "")

    def id_in(self, shown: Shown) -> str:
        return str(shown["id"])

    def email(self, shown: Shown) -> str | None:
        address: str | None = shown["claims"].get("email")
        return address

    def names(self, shown: Shown) -> tuple[str | None, str | None]:
        return shown["claims"].get("given_name"), shown["claims"].get("family_name")

    def document(self, shown: Shown) -> dict[str, Any]:
        claims: dict[str, Any] = shown["claims"]
        return claims


class Netwrix(Driver):
    r"""Its ids are user names: whoever is renamed answers to the new name alone."""

    name = "netwrix"
    can = frozenset({"have_identifiers", "set_password", "check_password", "lock", "unlock", "show_lock", "id_is_name"})

    async def create(self, person: Person) -> str:
        details = present(
            UserName=person.username or person.email,
            Email=person.email,
            FirstName=person.given,
            SecondName=person.family,
        )
        shown = await self.call("POST", "/users/add", present(UserDetails=details, Password=person.password))
        return str(shown["UserName"])

    async def change(self, id_: str, **details: Any) -> None:
        await self.call("POST", "/users/update", {"UserDetails": {"UserName": id_, **details}})

    async def rename(self, id_: str, given: str, family: str) -> None:
        await self.change(id_, FirstName=given, SecondName=family)

    async def set_password(self, id_: str, password: str) -> None:
        await self.call("POST", "/users/resetPassword", {"UserName": id_, "NewPassword": password})

    async def is_password(self, id_: str, password: str) -> bool:
        body = {"UserName": id_, "Password": password}
        return await self.is_accepted("POST", "/users/validatePassword", body)

    async def lock(self, id_: str) -> None:
        await self.change(id_, Locked=True)

    async def unlock(self, id_: str) -> None:
        await self.change(id_, Locked=False)

    async def search(self, email: str) -> Sequence[Shown]:
        """There is no search; an address is one of the names that a user answers to."""
        found = await self.find(email)
        return [] if found is None else [found]

    async def search_username(self, username: str) -> Sequence[Shown]:
        return await self.search(username)

    async def everyone(self, size: int) -> Sequence[Shown]:
        """One list without pages, in which operators' accounts are too: they are left out."""
        found: Sequence[Shown] = await self.call("GET", "/users/")
        return [each for each in found if not each["IsInternal"]]

    async def delete(self, id_: str) -> None:
        await self.call("POST", "/users/delete", {"UserName": id_})

    def encode(self, user: User) -> str:
        """The name of a user of the default realm who shares it with no operator."""
        return bare_name(user)

    def decode(self, id_: str) -> UserId | Key:
        raise NotImplementedError  # a name says nothing of the realm: the number, `Id`, does

    def id_in(self, shown: Shown) -> str:
        return str(shown["UserName"])

    def email(self, shown: Shown) -> str | None:
        return shown.get("Email")

    def names(self, shown: Shown) -> tuple[str | None, str | None]:
        return shown.get("FirstName"), shown.get("SecondName")

    def username(self, shown: Shown) -> str | None:
        return str(shown["UserName"])

    def is_locked(self, shown: Shown) -> bool:
        return bool(shown["Locked"])


DRIVERS: Final[dict[str, type[Driver]]] = {each.name: each for each in (Auth0, Clerk, MonoCloud, Mattr, Netwrix)}


async def driver(house: House, dialect: str, tenant: str = "default") -> Driver:
    """The driver of a dialect on a running server, holding a key that may do everything."""
    return DRIVERS[dialect](await house.client(dialect, tenant))
