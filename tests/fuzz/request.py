"""A request as it is sent, byte for byte, and the described operation that it is for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from tests.fuzz.values import Schema
from tests.house import HOSTS

FORM: Final = "application/x-www-form-urlencoded"
MULTIPART: Final = "multipart/form-data"
BOUNDARY: Final = "xXboundaryXx"

LONGEST_TOLD: Final = 2_000
"""Bytes of a body that are told of."""

SECRET: Final = frozenset({b"authorization", b"x-api-key"})

Headers = list[tuple[bytes, bytes]]


class Operation(NamedTuple):
    """One operation of a dialect. `root` is the address that its path is below, `told` its part of the description."""

    dialect: str
    method: str
    path: str
    root: str
    told: Schema

    @property
    def name(self) -> str:
        return f"{self.dialect} {self.method} {self.path}"

    @property
    def is_open(self) -> bool:
        """Whether it asks for no credential."""
        return bool(self.told.get("security") == [])


@dataclass
class Request:
    """What is sent. `spoilt` says what was done to it; without any, it is as described.

    With `is_elsewhere` it may have become one of another operation. `ids` are the kinds and values that its path holds.
    """

    tenant: str
    operation: Operation
    method: str
    path: bytes
    query: bytes = b""
    headers: Headers = field(default_factory=list)
    body: bytes = b""
    spoilt: list[str] = field(default_factory=list)
    is_authenticated: bool = True
    is_elsewhere: bool = False
    ids: list[tuple[str, str]] = field(default_factory=list)

    def told(self) -> str:
        """As a command that makes it again; `$KEY` stands for the credential."""
        address = b"https://" + HOSTS[self.tenant].encode() + self.path + (b"?" + self.query if self.query else b"")
        headers = [
            f"-H {in_shell(name + b': ' + value)}"
            if name not in SECRET or not self.is_authenticated
            else f'-H "{name.decode()}: $KEY"'
            for name, value in self.headers
        ]
        command = [
            "curl --path-as-is --globoff",
            f"-X {self.method}" if self.method != "HEAD" else "-I",
            in_shell(address),
            *headers,
        ]
        if self.body:
            # Not as an argument, which cannot hold a NUL.
            command.append(f"--data-binary @<(printf %b {in_shell(self.body[:LONGEST_TOLD])})")
        notes = [*self.spoilt, *(["its body is cut here"] if len(self.body) > LONGEST_TOLD else [])]
        return f"# {self.tenant}: {self.operation.name} {', '.join(notes)}\n{' '.join(command)}"


def in_shell(text: bytes) -> str:
    """Quoted for a shell, with `\\xHH` for what is not printed."""
    shown = "".join(chr(each) if 32 <= each < 127 and each not in b"'\\" else f"\\x{each:02x}" for each in text)
    return f"'{shown}'"


def operations_of(dialect: str, document: Schema) -> list[Operation]:
    """Every operation of a description."""
    found = []
    for path, methods in document["paths"].items():
        (server, *_) = methods.get("servers", document["servers"])
        root = urlsplit(server["url"]).path.rstrip("/")
        if root.partition("/")[2].partition("/")[0] != dialect:
            root = f"/{dialect}{root}"
        found += [
            Operation(dialect, method.upper(), path, root, told)
            for method, told in methods.items()
            if method not in ("servers", "parameters")
        ]
    return found
