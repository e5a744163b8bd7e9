"""Makes requests of the dialects' own descriptions: as they describe them, with a value spoiled, or worse."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Mapping
from random import Random
from typing import Any, Final
from urllib.parse import quote, urlencode

from PIL import Image

from tests.fuzz.memory import MARKERS, Memory, id_of, kind_of
from tests.fuzz.request import BOUNDARY, FORM, MULTIPART, Operation, Request, operations_of
from tests.fuzz.spoiling import ADDRESS, BODY
from tests.fuzz.values import NEEDED, Fitting, Schema, spoiled, with_required

OFTEN_KNOWN: Final = re.compile(
    r"(id|ids|cursor|username|connection|role|role_?name|^name|from|audience)$", re.IGNORECASE
)

ALSO: Final = {
    "cursor": "nextcursor",
    "from": "next",
    "RoleName": "name",
    "audience": "identifier",
    "provider": "strategy",
}
"""Members that take what other members gave."""

Credential = Callable[[str, str], tuple[bytes, bytes]]
"""The header that proves a program to a dialect of a tenant."""


class Generator:
    """Makes one request after the other; all chance is `rng`'s."""

    def __init__(self, documents: Mapping[str, Schema], rng: Random, memory: Memory, credential: Credential) -> None:
        self._documents = documents
        self._rng = rng
        self._memory = memory
        self._credential = credential
        self.operations = {name: operations_of(name, document) for name, document in documents.items()}
        self._weights = {each.name: weight(each) for every in self.operations.values() for each in every}

    def next(self, reached: Mapping[str, int]) -> Request:
        """A request of either tenant to any dialect; what has never succeeded yet is `reached` for more often."""
        rng = self._rng
        choices = self.operations[rng.choice(list(self.operations))]
        weights = [self._weights[each.name] * (1 if each.name in reached else 2) for each in choices]
        operation = rng.choices(choices, weights)[0]
        request = self.fitting(rng.choice(list(MARKERS)), operation)
        fate = rng.random()
        if fate < 0.25:
            self._spoil(request)
        elif fate < 0.29:
            self._forge(request)
        elif fate < 0.31 and request.method == "GET":
            request.method = "HEAD"
        return request

    def fitting(self, tenant: str, operation: Operation, *, mistaken: bool = True) -> Request:
        """A request as the description has it; with `mistaken`, a value of it is wrong in one case of six."""
        rng, dialect = self._rng, operation.dialect
        document = self._documents[dialect]
        values = Fitting(document, rng, lambda name: self._recalled(tenant, operation, name))
        is_wrong = mistaken and rng.random() < 0.17
        request = Request(tenant, operation, operation.method, b"", spoilt=["a value"] if is_wrong else [])
        path, query = operation.path, list[tuple[str, str]]()
        parameters = operation.told.get("parameters", [])
        often = 0.2 if len(parameters) > 5 else 0.6
        inside = [each for each in parameters if each["in"] == "path"]
        for parameter, id_ in zip(inside, self._ids(tenant, operation, inside, values), strict=True):
            name = parameter["name"]
            request.ids.append((kinds_of(operation.path, name)[0], id_))
            path = path.replace(f"{{{name}}}", quote(id_, safe=""))
        for parameter in parameters:
            name, schema = parameter["name"], parameter["schema"]
            if parameter["in"] == "query" and (parameter.get("required") or rng.random() < often):
                query += self._in_query(name, schema, values, wrong=is_wrong and rng.random() < 0.5)
        request.path, request.query = f"{operation.root}{path}".encode(), urlencode(query).encode()
        request.headers = [self._credential(dialect, tenant), (b"accept", b"application/json")]
        contents = operation.told.get("requestBody", {}).get("content")
        if contents:
            media = rng.choice(list(contents))
            schema = contents[media]["schema"]
            value = values.value(
                with_required(schema, NEEDED.get(operation.name, ())) if "properties" in schema else schema
            )
            request.body = self._encoded(media, spoiled(rng, value) if is_wrong else value, values)
            sent_as = f"{media}; boundary={BOUNDARY}" if media == MULTIPART else media
            request.headers.append((b"content-type", sent_as.encode()))
        return request

    def _recalled(self, tenant: str, operation: Operation, name: str) -> str | None:
        """For a member that names something: something that there is; for others now and then what is there already."""
        dialect = operation.dialect
        if operation.path == "/oauth/token" and self._rng.random() < 0.8:
            return self._memory.own[tenant, dialect].get(name)
        often = OFTEN_KNOWN.search(name) is not None
        if "password" in name.lower() or self._rng.random() > (0.7 if often else 0.1):
            return None
        kinds = [kind_of(name), *(other for ends, other in ALSO.items() if name.endswith(ends))]
        return self._memory.recall(tenant, dialect, *kinds)

    def _ids(self, tenant: str, operation: Operation, parameters: list[Schema], values: Fitting) -> list[str]:
        """What stands in a path: something an answer gave in that dialect, else in any, else what fits."""
        rng, dialect = self._rng, operation.dialect
        wanted = [kinds_of(operation.path, each["name"]) for each in parameters]
        if len(wanted) > 1 and rng.random() < 0.75:
            together = self._memory.recall_together(tenant, dialect, wanted)
            if together is not None:
                return together
        found = []
        for parameter, kinds in zip(parameters, wanted, strict=True):
            known = self._memory.recall(tenant, dialect, *kinds) if rng.random() < 0.94 else None
            if known is None and rng.random() < 0.4:
                known = self._memory.recall_anything()
            found.append(known or str(values.value(parameter["schema"], parameter["name"])) or "x")
        return found

    def _in_query(self, name: str, schema: Schema, values: Fitting, *, wrong: bool) -> list[tuple[str, str]]:
        rng = self._rng
        shapes = values.resolved({"$ref": "#/components"}).get("schemas", {})
        value = values.value({"$ref": f"#/components/schemas/{name}"} if name in shapes else schema, name)
        if wrong:
            value = spoiled(rng, value)
        items = value if isinstance(value, list) and name not in shapes else [value]
        return [(name, each if isinstance(each, str) and _is_text(each) else _dump(each)) for each in items]

    def _encoded(self, media: str, value: Any, values: Fitting) -> bytes:
        if media == MULTIPART:
            return self._multipart(value if isinstance(value, dict) else {}, values)
        if media == FORM and isinstance(value, dict):
            flat = {name: each if isinstance(each, str) else _dump(each) for name, each in value.items()}
            return urlencode(flat, errors="surrogatepass").encode()
        return _dump(value, escaped=self._rng.random() < 0.8).encode("utf-8", "surrogatepass")

    def _multipart(self, value: dict[str, Any], values: Fitting) -> bytes:
        """A form with a file: a picture where one is wanted, else users."""
        rng = self._rng
        users = [{"email": values.value({"format": "email", "type": "string"}), "email_verified": True}]
        files = {"users": _dump(users).encode(), "file": picture(rng)}
        value = {**value, **{name: "" for name in files if name in value or rng.random() < 0.7}}
        parts = []
        for name, each in value.items():
            named = quote(name, safe=" ", errors="replace")
            told = f'Content-Disposition: form-data; name="{named}"' + ('; filename="f"' if name in files else "")
            content = files.get(name) or (each if isinstance(each, str) else _dump(each)).encode(
                "utf-8", "surrogatepass"
            )
            parts.append(f"--{BOUNDARY}\r\n{told}\r\n\r\n".encode() + content + b"\r\n")
        return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()

    # --------------------------------------------------------------------------------------------------------- spoiling

    def _spoil(self, request: Request) -> None:
        how = self._rng.choice(BODY if request.body and self._rng.random() < 0.7 else ADDRESS)
        request.spoilt.append(how.__name__.strip("_").replace("_", " "))
        how(self._rng, request)

    def _forge(self, request: Request) -> None:
        """Another credential than the right one, or none."""
        rng, dialect, tenant = self._rng, request.operation.dialect, request.tenant
        (name, value), *rest = request.headers
        (other,) = (each for each in MARKERS if each != tenant)
        forged = [
            self._credential(dialect, other),
            (name, self._credential(rng.choice([each for each in self.operations if each != dialect]), tenant)[1]),
            (name, value[:-1] + (b"A" if value[-1:] != b"A" else b"B") if dialect == "clerk" else value[:-4] + b"AAAA"),
            (name, b"Bearer"),
            (name, b"\xff\x00" + value),
            (b"x-nothing", b""),
        ]
        request.headers = [rng.choice(forged), *rest]
        request.spoilt.append("a forged credential")
        request.is_authenticated = False


def kinds_of(path: str, name: str) -> list[str]:
    """The kinds that a parameter of a path may be: by its own name, and by what stands before it."""
    before = path.partition(f"/{{{name}}}")[0].rpartition("/")[2]
    before = {"phones": "phone_numbers"}.get(before, before)  # as users hold them
    own = kind_of(name)
    return [id_of(before)] if name == "id" else [own] if name == "provider" else [own, id_of(before)]


def weight(operation: Operation) -> float:
    """How often an operation is asked for: what makes things more than what ends them, what waits on purpose seldom."""
    if any(
        word in operation.path for word in ("/auth", "verify_", "Password/", "password/change", "/oauth/token", "evate")
    ):
        return 0.25
    if operation.path.endswith(("/options/authentication",)) and operation.method != "GET":
        return 0.3
    if operation.method == "DELETE" or "delete" in operation.path:
        return 0.5
    return 2.0 if operation.method == "POST" and operation.path.count("{") == 0 else 1.0


def picture(rng: Random) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (2, 2), (rng.randrange(256), 0, 0)).save(written, "PNG")
    return written.getvalue()


def _dump(value: Any, *, escaped: bool = True) -> str:
    return json.dumps(value, ensure_ascii=escaped)


def _is_text(value: str) -> bool:
    return not any("\ud800" <= each <= "\udfff" for each in value)
