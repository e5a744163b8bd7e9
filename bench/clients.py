"""One connection to a server, and what each vendor's programs send along to be let in."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from bench.load import over_the_wire
from bench.machine import CannotMeasure

IDLE_SECONDS: Final = 20.0
"""A connection that was idle for longer is made anew: the server closes idle ones too."""


class Client:
    """One connection; `headers` go with every request."""

    def __init__(self, url: str, headers: Mapping[str, str] | None = None) -> None:
        self.url = url
        self.host = urlsplit(url).netloc
        self.headers = dict(headers or {})
        self._connection = http.client.HTTPConnection(self.host, timeout=120)
        self._used_at = time.monotonic()

    def ask(self, method: str, target: str, body: Any = None, *, status: int = 200) -> Any:
        """The decoded answer; `CannotMeasure` when it has another status."""
        return json.loads(self.content(method, target, json.dumps(body) if body is not None else "", status=status))

    def text(self, method: str, target: str, body: str = "", *, status: int = 200) -> str:
        """The answer's body as it was sent."""
        return self.content(method, target, body, status=status).decode()

    def content(self, method: str, target: str, body: str = "", *, status: int = 200) -> bytes:
        answer = self.open(method, target, body)
        content = answer.read()
        self._used_at = time.monotonic()
        if answer.status != status:
            shown = content[:300].decode("utf-8", "replace")
            raise CannotMeasure(f"{method} {target.partition('?')[0]} answered {answer.status}: {shown}")
        return content

    def open(self, method: str, target: str, body: str = "") -> http.client.HTTPResponse:
        """The answer, to be read before the next is asked for."""
        headers = {"Content-Type": "application/json", **self.headers} if body else self.headers
        if time.monotonic() - self._used_at > IDLE_SECONDS:
            self._connection.close()
        try:
            self._connection.request(method, target, body.encode() or None, headers)
            return self._connection.getresponse()
        except (OSError, http.client.HTTPException) as failure:
            self._connection.close()
            raise CannotMeasure(f"{method} {target.partition('?')[0]} was not answered: {failure!r}") from None

    def wire(self, method: str, target: str, body: str = "") -> bytes:
        """A request of this client's as the load generator sends it."""
        return over_the_wire(self.host, self.headers, method, target, body)

    def close(self) -> None:
        self._connection.close()


class Clients:
    """A client for each vendor's API on one server; `told` is what `muster credentials --json` prints."""

    def __init__(self, url: str, told: Mapping[str, Mapping[str, str]]) -> None:
        self._url = url
        self._told = told
        self._made: dict[str, Client] = {}

    @property
    def auth0(self) -> Client:
        return self._client("auth0")

    @property
    def clerk(self) -> Client:
        return self._client("clerk")

    @property
    def monocloud(self) -> Client:
        return self._client("monocloud")

    @property
    def mattr(self) -> Client:
        return self._client("mattr")

    @property
    def netwrix(self) -> Client:
        return self._client("netwrix")

    def close(self) -> None:
        for client in self._made.values():
            client.close()

    def count(self) -> int:
        """How many users there are."""
        total: int = self.auth0.ask("GET", f"{AUTH0_USERS}?{urlencode({'per_page': 0, 'include_totals': 'true'})}")[
            "total"
        ]
        return total

    def _client(self, name: str) -> Client:
        if name not in self._made:
            self._made[name] = Client(self._url, self._headers(name))
        return self._made[name]

    def _headers(self, name: str) -> Mapping[str, str]:
        told = self._told[name]
        stranger = Client(self._url)
        match name:
            case "auth0":
                token = stranger.ask("POST", "/oauth/token", _wanted(told))["access_token"]
            case "mattr":
                token = stranger.ask("POST", "/mattr/oauth/token", _wanted(told))["access_token"]
            case "clerk":
                token = told["secret_key"]
            case "monocloud":
                return {"X-API-KEY": told["api_key"]}
            case _:
                wanted = {"UserName": told["username"], "Password": told["password"]}
                token = stranger.ask("POST", "/netwrix/api/auth/credentials", wanted)["SessionId"]
        stranger.close()
        return {"Authorization": f"Bearer {token}"}


def _wanted(told: Mapping[str, str]) -> dict[str, str]:
    names = ("client_id", "client_secret", "audience")
    return {"grant_type": "client_credentials", **{name: told[name] for name in names}}


AUTH0_USERS: Final = "/api/v2/users"
CLERK_USERS: Final = "/clerk/v1/users"
MONOCLOUD_USERS: Final = "/monocloud/api/users"
MATTR_USERS: Final = "/mattr/core/v1/users"
NETWRIX_USERS: Final = "/netwrix/api/users"
