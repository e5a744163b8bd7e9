"""What the tests of the hard cases speak through: the five APIs over one tenant, and a person seen in all of them."""

import itertools
from collections.abc import Callable
from typing import Any
from urllib.parse import quote
from uuid import UUID

import httpx

from muster.core.transaction import Transaction
from muster.core.users.model import User
from muster.dialects.clerk.wire.ids import read_id, show_id
from muster.dialects.monocloud.wire.ids import decode, encode
from tests.house import House

PASSWORD = "a long and rare passphrase 17"
NUMBERS = itertools.count(1)


class Vendor:
    """One API, as a function of method, path and body: the decoded answer, which must be a success unless a status is expected."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        expect: int | None = None,
        query: dict[str, Any] | None = None,
    ) -> Any:
        answer = await self.client.request(method, path, params=query, json=body)
        fits = answer.is_success if expect is None else answer.status_code == expect
        assert fits, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None


class Five:
    """The five APIs over one tenant."""

    def __init__(self, house: House, clients: dict[str, httpx.AsyncClient]) -> None:
        self.house = house
        self.clock = house.clock
        self.auth0 = Vendor(clients["auth0"])
        self.clerk = Vendor(clients["clerk"])
        self.monocloud = Vendor(clients["monocloud"])
        self.mattr = Vendor(clients["mattr"])
        self.netwrix = Vendor(clients["netwrix"])

    @property
    def connection(self) -> str:
        """The name of the default realm."""
        return str(self.house.credentials["default"]["auth0"]["connection"])

    # -------------------------------------------------------------------------------------------------- new people

    async def born_in_auth0(self, **body: Any) -> "Person":
        """A user made there; an e-mail address, a password and the default connection unless the body says otherwise."""
        whole = {"connection": self.connection, "email": email(), "password": PASSWORD, **body}
        made = await self.auth0("POST", "/users", whole, expect=201)
        return Person(self, made["user_id"].partition("|")[2])

    async def born_in_clerk(self, **body: Any) -> "Person":
        """A user made there, by one e-mail address unless the body names anything else."""
        named = {"email_address", "phone_number", "username", "web3_wallet"} & body.keys()
        whole = body if named else {"email_address": [email()], **body}
        made = await self.clerk("POST", "/users", {"skip_password_requirement": "password" not in body, **whole})
        id_ = read_id("user", made["id"])
        assert id_ is not None
        return Person(self, id_)

    async def born_in_monocloud(self, **body: Any) -> "Person":
        """A user made there, by one e-mail address unless the body names anything else."""
        whole = body if {"email", "phone_number", "username"} & body.keys() else {"email": email(), **body}
        made = await self.monocloud("POST", "/users", whole, expect=201)
        id_ = decode(made["user_id"])
        assert id_ is not None
        return Person(self, id_)

    async def born_in_mattr(self, **claims: Any) -> "Person":
        """A user made there, with these claims."""
        made = await self.mattr("POST", "/users", {"claims": claims}, expect=201)
        return Person(self, UUID(made["id"]).hex)

    async def born_in_netwrix(self, **details: Any) -> "Person":
        """A user made there."""
        whole = {"UserName": username(), **details}
        password = whole.pop("Password", PASSWORD)
        asked = {"UserDetails": whole, "Password": password}
        made = await self.netwrix("POST", "/users/add", {name: each for name, each in asked.items() if each})
        for user in await self.monocloud("GET", "/users", query={"filter": f'username:"{whole["UserName"]}"'}):
            id_ = decode(user["user_id"])
            assert id_ is not None
            person = Person(self, id_)
            assert (await person.in_netwrix())["Id"] == made["Id"]
            return person
        raise AssertionError(f"{made} is not to be found")

    async def provider(self) -> str:
        """MATTR's id of the tenant's one authentication provider, made when it is first asked for."""
        found = (await self.mattr("GET", "/users/authentication-providers"))["data"]
        if found:
            return str(found[0]["id"])
        new = {"url": "https://idp.example.com", "clientId": "muster", "clientSecret": "between the two of us"}
        made = await self.mattr("POST", "/users/authentication-providers", new, expect=201)
        return str(made["id"])

    # ------------------------------------------------------------------------------------------------- beyond the APIs

    async def pass_time(self, **by: float) -> None:
        """Turn the clock; the administrator's session, which may have run out by then, is begun again."""
        self.clock.turn(**by)  # type: ignore[arg-type]
        admin = self.house.credentials["default"]["netwrix"]
        token = (await self.sign_in_to_netwrix(admin["username"], admin["password"]))["BearerToken"]
        self.netwrix.client.headers["authorization"] = f"Bearer {token}"

    async def sign_in_to_netwrix(self, name: str, password: str = PASSWORD, *, expect: int = 200) -> Any:
        """What a person's own sign-in answers."""
        async with self.house.anonymous(accept="application/json") as client:
            sent = {"provider": "credentials", "UserName": name, "Password": password}
            answer = await client.post("/netwrix/api/auth/credentials", json=sent)
        assert answer.status_code == expect, answer.text
        return answer.json()

    async def as_netwrix_user(self, token: str, path: str = "/auth") -> int:
        """The status that a request with a person's session gets."""
        async with self.house.anonymous(accept="application/json", authorization=f"Bearer {token}") as client:
            answer = await client.get(f"/netwrix/api{path}")
        return answer.status_code


class Person:
    """One user, by the core's id, and what each API shows of it."""

    def __init__(self, five: Five, id_: str) -> None:
        self.five = five
        self.id = id_
        self.auth0_path = f"/users/{quote(f'auth0|{id_}', safe='')}"
        self.clerk_id = show_id("user", id_)
        self.clerk_path = f"/users/{self.clerk_id}"
        self.monocloud_id = encode(id_)
        self.monocloud_path = f"/users/{self.monocloud_id}"
        self.uuid = str(UUID(id_))
        self.mattr_path = f"/users/{self.uuid}"

    async def in_auth0(self) -> dict[str, Any]:
        return await self.five.auth0("GET", self.auth0_path)  # type: ignore[no-any-return]

    async def in_clerk(self) -> dict[str, Any]:
        return await self.five.clerk("GET", self.clerk_path)  # type: ignore[no-any-return]

    async def in_monocloud(self) -> dict[str, Any]:
        return await self.five.monocloud("GET", self.monocloud_path)  # type: ignore[no-any-return]

    async def in_mattr(self) -> dict[str, Any]:
        return await self.five.mattr("GET", self.mattr_path)  # type: ignore[no-any-return]

    async def in_netwrix(self) -> dict[str, Any]:
        return await self.five.netwrix("GET", f"/users/{self.uuid}")  # type: ignore[no-any-return]

    async def patch_auth0(self, expect: int | None = None, **body: Any) -> dict[str, Any]:
        return await self.five.auth0("PATCH", self.auth0_path, body, expect=expect)  # type: ignore[no-any-return]

    async def patch_clerk(self, expect: int | None = None, **body: Any) -> dict[str, Any]:
        return await self.five.clerk("PATCH", self.clerk_path, body, expect=expect)  # type: ignore[no-any-return]

    async def in_clerk_now(self, act: str, **body: Any) -> dict[str, Any]:
        """What an act of Clerk's on the user (`ban`, `lock` …) answers."""
        return await self.five.clerk("POST", f"{self.clerk_path}/{act}", body or None)  # type: ignore[no-any-return]

    async def update_netwrix(self, expect: int | None = None, **details: Any) -> Any:
        name = (await self.in_netwrix())["UserName"]
        body = {"UserDetails": {"UserName": name, **details}}
        return await self.five.netwrix("POST", "/users/update", body, expect=expect)

    async def put_claims(self, **claims: Any) -> dict[str, Any]:
        """Replace all that MATTR sees."""
        return await self.five.mattr("PUT", self.mattr_path, {"claims": claims})  # type: ignore[no-any-return]

    async def become(self, change: Callable[[User], User]) -> None:
        """Make of the user what no call of today can, as a sign-in or an import would."""

        async def act(tx: Transaction) -> None:
            tx.save(change(await tx.need(User, self.id)))

        await self.five.house.act("default", act)

    async def statuses(self) -> dict[str, int]:
        """How each API answers when asked for the user."""
        five = self.five
        asked = {
            "auth0": (five.auth0, self.auth0_path),
            "clerk": (five.clerk, self.clerk_path),
            "monocloud": (five.monocloud, self.monocloud_path),
            "mattr": (five.mattr, self.mattr_path),
            "netwrix": (five.netwrix, f"/users/{self.uuid}"),
        }
        return {name: (await vendor.client.get(path)).status_code for name, (vendor, path) in asked.items()}


def email(local: str = "person") -> str:
    """An address that nobody has yet."""
    return f"{local}.{next(NUMBERS)}@example.com"


def username(stem: str = "person") -> str:
    """A user name that nobody has yet."""
    return f"{stem}{next(NUMBERS)}"


def phone() -> str:
    """A number that nobody has yet."""
    return f"+1415555{next(NUMBERS):04d}"
