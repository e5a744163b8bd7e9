"""One connection to a server whose next request may hang on the answer to the last, and a browser that keeps cookies on it."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
HIDDEN = re.compile(rb'<input type="hidden" name="(csrf|attempt)" value="([^"]*)">')
"""What every form of the sign-in pages carries along."""
USUAL = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Accept": "text/html,*/*;q=0.8",
    "Accept-Language": "en-GB,en;q=0.5",
}


class Unexpected(Exception):
    """An answer that is not the one a case counts on. `status` is what it has."""

    def __init__(self, what: str, answer: Answer) -> None:
        super().__init__(f"{what} answered {answer.status}")
        self.status = answer.status


class Answer(NamedTuple):
    """A whole answer; names of headers are in lower case."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str:
        """The header of that name, or nothing."""
        return next((value for each, value in self.headers if each == name), "")


class Connection:
    """HTTP/1.1 without anything that a case does not need: every answer tells its length."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str) -> None:
        self._reader = reader
        self._writer = writer
        self._host = host

    @classmethod
    async def to(cls, url: str) -> Connection:
        """A new connection to the server at this address."""
        place = urlsplit(url)
        return cls(*await asyncio.open_connection(place.hostname, place.port), place.netloc)

    async def ask(self, method: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """Send a request and read the answer to it."""
        head = [f"{method} {target} HTTP/1.1", f"Host: {self._host}"]
        head += [f"{name}: {value}" for name, value in headers.items()]
        if method == "POST":
            head.append(f"Content-Length: {len(body)}")
        self._writer.write(("\r\n".join(head) + "\r\n\r\n").encode("latin-1") + body)
        first, *lines = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        told = [(name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines if line)]
        answer = Answer(int(first.split(" ", 2)[1]), told, b"")
        return answer._replace(body=await self._reader.readexactly(int(answer.header("content-length") or 0)))

    async def form(self, target: str, fields: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        """Post a form."""
        return await self.ask("POST", target, {**headers, **FORM}, urlencode(fields).encode())

    async def close(self) -> None:
        """End it, whatever state it is in."""
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()


class Browser:
    """A browser with no cookies yet, that comes through a proxy to the site whose public address is `origin`. `ip` is its own."""

    def __init__(self, connection: Connection, origin: str, ip: str) -> None:
        self.connection = connection
        self.ip = ip
        self._origin = origin
        self._cookies: dict[str, str] = {}
        self._hidden: dict[str, str] = {}

    async def open(self, target: str) -> str:
        """Go to a page and wherever it leads on this site: the address elsewhere that it ends at, or nothing."""
        return await self._follow(f"GET {target}", await self.connection.ask("GET", target, self._headers()))

    async def submit(self, action: str, **typed: str) -> str:
        """Send the form of the page that is shown, and go on as `open` does."""
        return await self._follow(f"POST {action}", await self.post(action, **typed))

    async def post(self, action: str, **typed: str) -> Answer:
        """Send that form, with its hidden fields, and follow nothing."""
        sent = {**self._headers(), "Origin": self._origin, "Sec-Fetch-Site": "same-origin"}
        return self._keep(await self.connection.form(action, {**self._hidden, **typed}, sent))

    async def _follow(self, what: str, answer: Answer) -> str:
        while self._keep(answer).status in (302, 303):
            target = answer.header("location")
            if not target.startswith("/"):
                return target
            what = f"GET {target}"
            answer = await self.connection.ask("GET", target, self._headers())
        if answer.status != 200:
            raise Unexpected(what.partition("?")[0], answer)
        return ""

    def _headers(self) -> dict[str, str]:
        headers = {**USUAL, "X-Forwarded-For": self.ip}
        if self._cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        return headers

    def _keep(self, answer: Answer) -> Answer:
        for name, value in answer.headers:
            if name == "set-cookie":
                cookie, _, text = value.partition(";")[0].partition("=")
                self._cookies[cookie] = text
        if found := HIDDEN.findall(answer.body):
            self._hidden = {name.decode(): value.decode() for name, value in found}
        return answer


def basic(app_id: str, secret: str) -> dict[str, str]:
    """How an application with a secret proves itself (RFC 6749 section 2.3.1); neither holds what must be encoded first."""
    return {"Authorization": f"Basic {base64.b64encode(f'{app_id}:{secret}'.encode()).decode()}"}
