"""Values made of JSON Schema: ones that fit, and the ways to spoil one that fits."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from copy import deepcopy
from random import Random
from re import _constants as pattern_codes  # type: ignore[attr-defined]  # where the standard library keeps its parser
from re import _parser as pattern_parser  # type: ignore[attr-defined]
from typing import Any, Final

Json = Any
Schema = dict[str, Any]

PASSWORDS: Final = ["Correct-horse-9!"] * 4 + ["Battery-staple-7?"]  # few, so that a sign-in can succeed
LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"

WRONG: Final[list[Json]] = [
    *(None, True, False, 0, -1, 2**31, 2**53 + 1, 2**63, 2**64, 10**30, 1e308, 0.1, -0.0),
    *("", " ", "\0", "a\0b", "\ud800", "x\udfffy", "x" * 300, "x" * 6_000, "é" * 300, "ß", "\u0130", "\u0663"),
    *("%", "_", "%25", "\\", "'", '"', "';--", "\u202e", "\ufeff", "\U0001f600", "\r\n", "null", "true", "-1", "1e9"),
    *("2026-02-30", "0000-00-00T00:00:00Z", "9999-12-31T23:59:59Z", "a@b", "@", "+1", "https://", "javascript:1"),
    *([], {}, [[]], [None], [""], {"": ""}, {"a": None}, {"$ne": None}, {"__proto__": {}}, ["a", "a"], ["\0"]),
    *({"\0": 1}, {"\ud800": 1}, {"a.b": {"c[0]": []}}, {"x" * 300: 1}, {"é": "é"}),
]

NESTED_AS_DEEP_AS: Final = 200
DEEP: Final[Json] = json.loads("[" * NESTED_AS_DEEP_AS + "]" * NESTED_AS_DEEP_AS)


def word(rng: Random, length: int = 10) -> str:
    """A text that nothing else is likely to hold."""
    return "".join(rng.choices(LETTERS, k=length))


def of_any_script(rng: Random, length: int) -> str:
    """A text of letters from anywhere in Unicode, combining ones and unassigned ones too."""
    ranges = [(0x20, 0x7E), (0xA0, 0x24F), (0x300, 0x36F), (0x370, 0x1FFF), (0x3040, 0xD7FF), (0xE000, 0x10FFFF)]
    return "".join(chr(rng.randint(*rng.choice(ranges))) for _ in range(length))


def email(rng: Random) -> str:
    return f"{word(rng)}@{word(rng, 6)}.example.org"


# By format, and by what a member's name tells where its schema tells only "a text".
FORMATS: Final[dict[str, Callable[[Random], Json]]] = {
    "date-time": lambda rng: f"20{rng.randint(10, 40)}-0{rng.randint(1, 9)}-{rng.randint(10, 28)}T00:00:00.000Z",
    "uuid": lambda rng: "{:08x}-{:04x}-7{:03x}-8{:03x}-{:012x}".format(
        *(rng.getrandbits(bits) for bits in (32, 16, 12, 12, 48))
    ),
    "email": email,
    "client-id": lambda rng: word(rng, 32),
    "user-id": lambda rng: f"auth0|{rng.getrandbits(96):024x}",
    "ipv4": lambda rng: f"192.0.2.{rng.randint(0, 255)}",
    "ipv6": lambda rng: f"2001:db8::{rng.randint(1, 9999)}",
    "cidr": lambda _: "192.0.2.0/24",
    "ipv6_cidr": lambda _: "2001:db8::/32",
    "binary": word,
}


def web_address(rng: Random) -> str:
    return f"https://{word(rng, 5)}.example.org/{word(rng, 3)}"


SEARCHES: Final[list[str]] = [
    *(
        'email:"a@b.example"',
        "name:jo*",
        "NOT _exists_:email",
        "created_at:[2020-01-01 TO 2040-01-01}",
        "a AND (b OR c)",
    ),
    *("app_metadata.plan:pro", "logins_count:>3", "((((", "name:/x/", "*", '"', "a:b:c", "\\", "example"),
    *("username eq 'x'", 'email co "example"', "creation_time gt 2020-01-01", "email_verified eq true and not (a pr)"),
]

NAMED: Final[tuple[tuple[re.Pattern[str], Callable[[Random], Json]], ...]] = (
    (re.compile(r"e-?mail"), email),
    (re.compile(r"phone"), lambda rng: f"+1202456{rng.randint(1000, 9999)}"),
    (re.compile(r"hasher|algorithm"), lambda rng: rng.choice(["bcrypt", "b_crypt", "md5", "sha256", "argon2id"])),
    (
        re.compile(r"digest|password_?hash$"),
        lambda rng: rng.choice(
            ["$2b$04$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", f"{rng.getrandbits(128):032x}"]
        ),
    ),
    (re.compile(r"password"), lambda rng: rng.choice(PASSWORDS)),
    (re.compile(r"grant_type"), lambda _: "client_credentials"),
    (re.compile(r"ur[il]|picture|image|website|callbacks|origins|audience|identifier$"), web_address),
    (re.compile(r"^connection$|^realm$"), lambda _: "Username-Password-Authentication"),
    (re.compile(r"locale|language"), lambda rng: rng.choice(["de", "en-US"])),
    (re.compile(r"zone"), lambda rng: rng.choice(["UTC", "Europe/Berlin"])),
    (
        re.compile(r"order_by"),
        lambda rng: rng.choice(["created_at", "-created_at", "+updated_at", "name", "-last_active_at"]),
    ),
    (
        re.compile(r"^provider$"),
        lambda rng: rng.choice(["credentials", "credentials", "logout", "google", "oauth_google"]),
    ),
    (re.compile(r"role"), lambda rng: rng.choice(["org:admin", "org:member", "org:member", "User"])),
    (re.compile(r"^q$|^filter$|query"), lambda rng: rng.choice(SEARCHES)),
    (
        re.compile(r"^(include_)?fields$"),
        lambda rng: rng.choice(["email,user_id", "name", "user_id,identities.connection"]),
    ),
    (re.compile(r"birth"), lambda _: "1990-02-28"),
    (re.compile(r"_at$|_since$|_before$|_after$|date"), lambda rng: f"20{rng.randint(10, 40)}-01-31T12:00:00Z"),
    (re.compile(r"code$|onetimepassword"), lambda rng: f"{rng.randint(0, 999_999):06}"),
    (re.compile(r"secret"), lambda _: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"),
    (re.compile(r"permission"), lambda rng: rng.choice(["ViewUsers", "ManageUsers", "users"])),
)

NEEDED: Final[dict[str, tuple[str, ...]]] = {
    "auth0 POST /users": ("connection", "email"),
    "auth0 POST /client-grants": ("client_id", "audience"),
    "clerk POST /users": ("email_address",),
    "clerk POST /phone_numbers": ("user_id", "phone_number"),
    "clerk POST /email_addresses": ("user_id", "email_address"),
    "clerk POST /sessions": ("user_id",),
    "CreateUserRequest": ("email",),
    "UserDetails": ("UserName",),
}
"""Members that are wanted though their schema, of an operation's body or by its name, does not say so."""


class Fitting:
    """Makes values that fit the schemas of one document. `recall` is asked for what earlier answers gave under a name."""

    def __init__(self, document: Schema, rng: Random, recall: Callable[[str], str | None]) -> None:
        self._document = document
        self._rng = rng
        self._recall = recall

    def value(self, schema: Schema, name: str = "", depth: int = 0) -> Json:
        rng = self._rng
        if "$ref" in schema:
            wanted = NEEDED.get(schema["$ref"].rpartition("/")[2], ())
            return self.value(with_required(self.resolved(schema), wanted), name, depth)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return rng.choice(schema["enum"])
        for several in ("oneOf", "anyOf"):
            if several in schema:
                return self.value(self._mostly_something(schema[several]), name, depth)
        kinds = schema.get("type") or ["string", "integer", "boolean", "object", "array"]
        kind = kinds if isinstance(kinds, str) else self._mostly_something(kinds)
        return self._of_kind(kind, schema, name, depth)

    def resolved(self, part: Schema) -> Schema:
        while "$ref" in part:
            found: Any = self._document
            for step in part["$ref"][2:].split("/"):
                found = found[step]
            part = found
        return part

    def _mostly_something(self, choices: list[Any]) -> Any:
        """One of the choices; null is one too, but seldom."""
        some = [each for each in choices if each not in ("null", {"type": "null"})]
        return self._rng.choice(some if some and self._rng.random() < 0.9 else choices)

    def _of_kind(self, kind: str, schema: Schema, name: str, depth: int) -> Json:
        rng = self._rng
        if kind == "object":
            return self._object(schema, depth)
        if kind == "array":
            least = schema.get("minItems", 0)
            count = 0 if depth > 5 else rng.randint(least, min(schema.get("maxItems", least + 2), least + 2))
            return [self.value(schema.get("items", {}), name, depth + 1) for _ in range(count)]
        if kind == "integer":
            least, most = schema.get("minimum", 0), schema.get("maximum", 2**31 - 1)
            return rng.choice([least, most, rng.randint(least, most), rng.randint(least, min(most, least + 20))])
        if kind == "number":
            return rng.choice([0, 1.5, -2.25, 1e15])
        if kind == "boolean":
            return rng.random() < 0.5
        return None if kind == "null" else self._text(schema, name)

    def _text(self, schema: Schema, name: str) -> Json:
        rng = self._rng
        known = self._recall(name)
        if known is not None and ("pattern" not in schema or re.search(schema["pattern"], known)):
            return known
        if "pattern" in schema:
            return of_pattern(rng, schema["pattern"])[: schema.get("maxLength")]
        kind = schema.get("format", "")
        if kind in FORMATS:
            return FORMATS[kind](rng)
        if re.search("ur[il]", kind):
            return web_address(rng)
        for pattern, make in NAMED:
            if pattern.search(name.lower()):
                return make(rng)
        least = schema.get("minLength", 0)
        length = max(least, rng.choice([1, 8, 8, 20]))
        text = word(rng, length) if rng.random() < 0.85 else of_any_script(rng, length)
        return text[: schema.get("maxLength", len(text))]

    def _object(self, schema: Schema, depth: int) -> Json:
        rng = self._rng
        parts = [schema, *(self.resolved(part) for part in schema.get("allOf", ()))]
        members = {name: inner for part in parts for name, inner in part.get("properties", {}).items()}
        wanted = [name for part in parts for name in part.get("required", ())]
        optional = [name for name in members if name not in wanted and not members[name].get("readOnly")]
        if depth < 4:
            # Of a few most, of many a few.
            most = len(optional) if len(optional) <= 5 else rng.choice([0, 1, 1, 2, 3, 5])
            wanted += rng.sample(optional, rng.randint(most // 2, most))
        made = {name: self.value(members.get(name, {}), name, depth + 1) for name in wanted}
        more = schema.get("additionalProperties", False)
        if more is not False and depth < 4 and (not members or rng.random() < 0.1):
            for _ in range(rng.randint(0, 2)):
                made[word(rng, 5)] = self.value(more if isinstance(more, dict) else {}, "", depth + 1)
        return made


def with_required(schema: Schema, names: tuple[str, ...]) -> Schema:
    return {**schema, "required": [*dict.fromkeys([*schema.get("required", ()), *names])]} if names else schema


def of_pattern(rng: Random, pattern: str) -> str:
    """A text that the regular expression matches."""
    return "".join(_parts(rng, pattern_parser.parse(pattern)))


def _parts(rng: Random, parsed: Any) -> list[str]:
    codes = pattern_codes
    made: list[str] = []
    for code, about in parsed:
        if code is codes.LITERAL:
            made.append(chr(about))
        elif code is codes.IN:
            made.append(_one_in(rng, about))
        elif code in (codes.MAX_REPEAT, codes.MIN_REPEAT):
            least, most, inner = about
            for _ in range(rng.randint(least, min(int(most), least + 5))):
                made += _parts(rng, inner)
        elif code is codes.SUBPATTERN:
            made += _parts(rng, about[-1])
        elif code is codes.BRANCH:
            made += _parts(rng, rng.choice(about[1]))
        elif code is codes.ANY:
            made.append(rng.choice(LETTERS))
        elif code is not codes.AT:
            raise NotImplementedError(f"{code} in a pattern")
    return made


def _one_in(rng: Random, choices: list[Any]) -> str:
    """A character of a class; of one that excludes some, a letter."""
    codes = pattern_codes
    code, about = rng.choice(choices)
    if choices[0][0] is codes.NEGATE or code is codes.CATEGORY:
        return "7" if about is codes.CATEGORY_DIGIT else rng.choice(LETTERS)
    return chr(rng.randint(*about)) if code is codes.RANGE else chr(about)


def spoiled(rng: Random, value: Json) -> Json:
    """The same value with one thing wrong somewhere in it: replaced, left out, added, or twice as many."""
    value = deepcopy(value)
    holder, key = _somewhere(rng, value)
    if holder is None:
        return rng.choice([*WRONG, DEEP])
    how = rng.randrange(5)
    if how == 0:
        del holder[key]
    elif how == 1 and isinstance(holder, dict):
        holder[rng.choice(["unknown", "id", "tenant_id", "__class__", "", "\0", "é", "\ud800"])] = rng.choice(WRONG)
    elif how == 1:
        holder.append(rng.choice(WRONG))
    else:
        holder[key] = rng.choice([*WRONG, DEEP])
    return value


def _somewhere(rng: Random, value: Json) -> tuple[Any, Any]:
    """A place within a value: what holds it, and under which name or number; (None, None) is the value as a whole."""
    places: list[tuple[Any, Any]] = [(None, None)]
    left = [value]
    while left:
        holder = left.pop()
        inner = holder.items() if isinstance(holder, dict) else enumerate(holder) if isinstance(holder, list) else ()
        for key, each in inner:
            places.append((holder, key))
            left.append(each)
    return rng.choice(places[1:]) if len(places) > 1 and rng.random() < 0.95 else places[0]
