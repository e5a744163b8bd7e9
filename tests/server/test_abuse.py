"""The real process under abuse: whatever is sent, it refuses in the client's words, changes nothing, and goes on answering.

After every test here the users are those from before, a normal call gets its normal answer, and the log holds no failure
of the server's own and no secret.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
import socket
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import httpx
import pytest

from muster import wiring
from muster.crypto.tokens import KeyRing, SigningKey
from muster.dialects.kit.body import MOST_SECONDS, read_body
from muster.dialects.kit.call import Site
from muster.dialects.kit.errors import BadRequest
from muster.settings import Settings
from tests.conftest import ENGINES
from tests.process import PATIENCE, Muster
from tests.served import served_on

REALM = "Username-Password-Authentication"
SECRET = "a-password-nobody-must-read"
MEGABYTE = 1024 * 1024
QUICK = "without-passwords"
NEW = {"connection": REALM, "email": "new@example.com", "password": SECRET}


class Target(NamedTuple):
    """A server, what opens it, and the state it must keep."""

    server: Muster
    token: str
    client: httpx.Client
    secret: str
    state: list[Any]


class Answer(NamedTuple):
    status: int
    headers: bytes
    body: bytes

    @property
    def message(self) -> Any:
        return json.loads(self.body)["message"]


@pytest.fixture(scope="module", params=ENGINES)
def target(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    databases = request.getfixturevalue(f"{request.param}_databases")
    with served_on(databases, tmp_path_factory.mktemp("abuse")) as server:
        credentials = server.credentials()
        token = server.token(credentials)
        headers = {"authorization": f"Bearer {token}"}
        with httpx.Client(
            base_url=f"{server.url}/api/v2", headers=headers, timeout=PATIENCE, trust_env=False
        ) as client:
            assert client.post("/users", json={**NEW, "email": "bystander@example.com"}).status_code == 201
            options = {"authentication_methods": {"password": {"enabled": True, "api_behavior": "optional"}}}
            made = client.post("/connections", json={"name": QUICK, "strategy": "auth0", "options": options})
            assert made.status_code == 201
            yield Target(server, token, client, credentials["auth0"]["client_secret"], state_of(client))


@pytest.fixture(autouse=True)
def _unharmed(target: Target) -> Iterator[None]:
    yield
    assert state_of(target.client) == target.state
    log = target.server.log
    assert [line for line in log.splitlines() if '"level": "error"' in line or '"status": 5' in line] == []
    assert not [secret for secret in (SECRET, target.token, target.secret) if secret in log]


def state_of(client: httpx.Client) -> list[Any]:
    paths = ("/users?include_totals=true", "/connections", "/clients", "/resource-servers", "/client-grants")
    answers = [client.get(path) for path in paths]
    assert [answer.status_code for answer in answers] == [200] * len(paths)
    return [answer.json() for answer in answers]


# ------------------------------------------------------------------------------------------------------ byte by byte


def exchange(target: Target, *pieces: bytes, half_close: bool = False) -> list[Answer]:
    """Every answer that comes back until the server closes; what it does not read any more is not sent."""
    received = bytearray()
    with socket.create_connection(("127.0.0.1", target.server.port), PATIENCE) as connection:
        try:
            for piece in pieces:
                connection.sendall(piece)
            if half_close:
                connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it has closed; its answer may still be there
        try:
            while piece := connection.recv(65_536):
                received += piece
        except ConnectionResetError:
            pass
    return answers_in(bytes(received))


def answers_in(received: bytes) -> list[Answer]:
    answers = []
    while received:
        head, _, received = received.partition(b"\r\n\r\n")
        status = int(head.split(b" ", 2)[1])
        length = int((re.search(rb"(?i)content-length: (\d+)", head) or [0, 0])[1])
        answers.append(Answer(status, head, received[:length]))
        received = received[length:]
    return answers


def head(target: Target, start: bytes, *fields: bytes, close: bool = True) -> bytes:
    usual = [b"Host: 127.0.0.1", b"Authorization: Bearer " + target.token.encode()]
    return b"\r\n".join([start, *usual, *([b"Connection: close"] if close else []), *fields]) + b"\r\n\r\n"


def ask(target: Target, path: bytes, method: bytes = b"GET", version: bytes = b"HTTP/1.1") -> Answer:
    [answer] = exchange(target, head(target, b"%b %b %b" % (method, path, version)))
    return answer


def post(target: Target, body: bytes, *fields: bytes, path: bytes = b"/api/v2/users") -> Answer:
    fields = fields or (b"Content-Type: application/json", b"Content-Length: %d" % len(body))
    [answer] = exchange(target, head(target, b"POST %b HTTP/1.1" % path, *fields), body)
    return answer


# ------------------------------------------------------------------------------------------------------------- bodies


def user(**members: Any) -> bytes:
    return json.dumps({**NEW, **members}).encode()


def nested(levels: int) -> bytes:
    return b'{"connection":"x","user_metadata":' + b'{"a":' * levels + b"1" + b"}" * levels + b"}"


INVALID = "Payload validation error: '"
NO_JSON = "Invalid request payload JSON format"
BODIES = {
    "unknown member": (user(shoe_size=42), f"{INVALID}Additional properties not allowed: shoe_size'."),
    "wrong type": (user(email=42), f"{INVALID}Expected type string but found type integer' on property email"),
    "wrong type inside": (user(user_metadata=[]), f"{INVALID}Expected type object but found type array' on property"),
    "a list": (b"[]", f"{INVALID}Expected type object but found type array'."),
    "nothing": (b"", NO_JSON),
    "half an object": (user()[:-1], NO_JSON),
    "two objects": (user() + user(), NO_JSON),
    "no number": (b'{"connection":NaN}', NO_JSON),
    "a number out of range": (b'{"user_metadata":{"a":1e400}}', NO_JSON),
    "a number of 5,000 digits": (b'{"user_metadata":{"a":' + b"9" * 5000 + b"}}", NO_JSON),
    "too deep": (nested(101), "Invalid request payload: nested too deeply"),
    "far too deep": (b"[" * 500_000, "Invalid request payload: nested too deeply"),
    "broken UTF-8": (b'{"connection":"\xff"}', "Invalid request payload: not valid UTF-8"),
    "UTF-16": (user().decode().encode("utf-16"), "Invalid request payload: not valid UTF-8"),
    "half a surrogate pair": (b'{"connection":"\\ud800"}', NO_JSON),
    "U+0000": (user(name="a\0b"), "Invalid request payload: text must not contain U+0000"),
    "U+0000 in a key": (user(user_metadata={"a\0": 1}), "Invalid request payload: text must not contain U+0000"),
    "a zero byte": (b'{"connection":"a\0b"}', NO_JSON),
    "a compressed body": (b"\x1f\x8b\x08\0\0\0\0\0", "Invalid request payload: not valid UTF-8"),
}


@pytest.mark.parametrize("case", BODIES)
def test_a_body_that_is_none(target: Target, case: str) -> None:
    body, message = BODIES[case]
    answer = post(target, body)
    assert (answer.status, answer.message[: len(message)]) == (400, message)


ODD = {
    "astral": "\U0001f600" * 500,
    "no characters": "\uffff\u200b\u202e\x7f\x01",
    "a whole number beyond 64 bits": 10**300,
    "a fraction": 1.5e-300,
    "minus nothing": -0.0,
    "an empty key": {"": {"": ""}},
    "99 levels": json.loads(b'{"a":' * 97 + b"1" + b"}" * 97),
    "a long text": "x" * 100_000,
    "a long key": {"k" * 3000: [True, None, {}]},
    "many values": list(range(3000)),
}


@pytest.mark.parametrize("case", ODD)
def test_what_is_odd_but_allowed_comes_back_as_it_was_sent(target: Target, case: str) -> None:
    email = f"{uuid4().hex}@example.com"
    body = {"connection": QUICK, "email": email, "app_metadata": {"odd": ODD[case]}}
    made = target.client.post("/users", json=body)
    assert (made.status_code, made.json().get("app_metadata")) == (201, body["app_metadata"])
    path = f"/users/{made.json()['user_id']}"
    assert target.client.get(path).json() == made.json()
    assert target.client.patch(path, json={"nickname": "n"}).json()["app_metadata"] == body["app_metadata"]
    assert target.client.delete(path).status_code == 204


def test_a_body_over_a_megabyte(target: Target) -> None:
    """However it is announced, and however much would still come."""
    largest = b'{"connection":"nowhere","email":"x@example.com"}'.ljust(MEGABYTE)
    answer = post(target, largest)
    assert (answer.status, answer.message) == (400, "Connection does not exist.")
    announced = head(target, b"POST /api/v2/users HTTP/1.1", b"Content-Length: %d" % 10**12)
    chunked = head(target, b"POST /api/v2/users HTTP/1.1", b"Transfer-Encoding: chunked")
    chunk = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
    for answer in (
        post(target, largest + b" "),
        *exchange(target, announced, *[b"x" * 65_536] * 64),
        *exchange(target, chunked, *[chunk] * 64),
    ):
        assert answer.status == 413
        assert answer.message == f"Payload content length greater than maximum allowed: {MEGABYTE}"


def test_a_body_that_is_cut_short(target: Target) -> None:
    """Though what came is a whole object."""
    start = head(target, b"POST /api/v2/users HTTP/1.1", b"Content-Length: 5000")
    answers = exchange(target, start, user(), half_close=True)
    assert [answer.status for answer in answers] in ([], [400])
    start = head(target, b"POST /api/v2/users HTTP/1.1", b"Transfer-Encoding: chunked")
    answers = exchange(target, start, b"%x\r\n" % len(user()), user() + b"\r\n", half_close=True)
    assert [answer.status for answer in answers] in ([], [400])


async def test_a_body_that_comes_a_byte_a_minute_is_given_up() -> None:
    async def never() -> dict[str, Any]:
        await asyncio.sleep(60)
        return {"type": "http.request", "body": b"x", "more_body": True}

    assert MOST_SECONDS <= 30
    with pytest.raises(BadRequest, match="too_slow"):
        await read_body(never, seconds=0.01)


@pytest.mark.parametrize(
    "framing",
    [
        (b"Content-Length: 2", b"Content-Length: 3"),
        (b"Content-Length: 2", b"Content-Length: 2"),
        (b"Content-Length: 2", b"Transfer-Encoding: chunked"),
        (b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity"),
        (b"Content-Length: -2",),
        (b"Content-Length: +2",),
        (b"Content-Length: 2, 2",),
        (b"Content-Length: 0x2",),
        (b"Content-Length: 99999999999999999999999999",),
        (b"Transfer-Encoding: chunked, gzip",),
    ],
)
def test_a_length_that_can_be_read_in_two_ways(target: Target, framing: tuple[bytes, ...]) -> None:
    """What follows must never be taken for a request of its own."""
    smuggled = head(target, b"DELETE /api/v2/users/auth0%7Cx HTTP/1.1")
    answers = exchange(target, head(target, b"POST /api/v2/users HTTP/1.1", *framing, close=False), b"{}", smuggled)
    assert [answer.status for answer in answers] == [400]


def test_a_form_where_json_belongs(target: Target) -> None:
    answer = post(target, b"connection=x", b"Content-Type: application/x-www-form-urlencoded", b"Content-Length: 12")
    assert answer.status == 415


# ----------------------------------------------------------------------------------------------------- the token endpoint

NO_CLIENT = {
    b"/auth0/oauth/token": {"error": "access_denied", "error_description": "Unauthorized"},
    b"/oauth/token": {
        "error": "invalid_client",
        "error_description": "The client is not known, or its proof is not accepted.",
    },
}


@pytest.mark.parametrize("path", NO_CLIENT)
@pytest.mark.parametrize(
    ("media", "body", "status"),
    [
        ("form", b"", 400),
        ("form", b"grant_type=client_credentials", 400),
        ("form", b"grant_type=client_credentials&client_id=%00&client_secret=x&resource=y", 400),
        ("form", b"grant_type=client_credentials&client_id=%ff&client_secret=x&resource=y", 400),
        ("form", b"grant_type=client_credentials&client_id=" + b"a" * 100_000 + b"&client_secret=x&resource=y", 401),
        (
            "form",
            b"grant_type=client_credentials&client_id=a&client_secret=" + b"%F0%9F%98%80" * 9 + b"&resource=y",
            401,
        ),
        ("form", b"grant_type=client_credentials&resource=y", 400),
        ("form", b"&&&===&grant_type", 400),
        ("json", b"[]", 400),
        ("json", b"{", 400),
        ("json", b'{"grant_type":["client_credentials"]}', 400),
        ("json", b'{"grant_type":"client_credentials","client_id":"a\\u0000","client_secret":"x","resource":"y"}', 400),
        ("json", b'{"grant_type":"client_credentials","client_id":"a","client_secret":null,"resource":"y"}', 401),
    ],
)
def test_what_is_no_token_request(target: Target, media: str, body: bytes, status: int, path: bytes) -> None:
    kind = b"application/json" if media == "json" else b"application/x-www-form-urlencoded"
    fields = (b"Content-Type: " + kind, b"Content-Length: %d" % len(body))
    answer = post(target, body, *fields, path=path)
    assert answer.status == status
    assert status != 401 or json.loads(answer.body) == NO_CLIENT[path]


# ------------------------------------------------------------------------------------------------------------- tokens


@pytest.fixture
async def ring(target: Target, monkeypatch: pytest.MonkeyPatch) -> KeyRing:
    """The server's own keys, as only who holds its database and its master key has them."""
    for name, value in target.server.extra.items():
        monkeypatch.setenv(name, value)
    settings = Settings(data_dir=target.server.data_dir, database_url=target.server.database[-1])
    async with wiring.opened(settings) as opened:
        tenant = await opened.store.tenant(wiring.DEFAULT_TENANT)
        assert tenant is not None
        stored = await wiring.signing_keys(opened.store)
        return wiring.Rings(stored, wiring.sealer(settings)).management(
            Site(tenant.number, f"{target.server.tls_url}/")
        )


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def claims_of(token: str) -> dict[str, Any]:
    encoded = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
    return found


def test_tokens_that_do_not_count(target: Target, ring: KeyRing) -> None:
    import hmac

    given = claims_of(target.token)
    claims = {name: value for name, value in given.items() if name not in ("iss", "token_use")}
    key = ring.keys[0]
    foreign = SigningKey.generate("RS256", key.kid)
    now = int(time.time())
    header, body, signature = target.token.split(".")
    public = json.dumps(key.public_jwk()).encode()
    keyed = f"{part({'alg': 'HS256', 'typ': 'JWT', 'kid': key.kid})}.{body}"
    mac = base64.urlsafe_b64encode(hmac.digest(public, keyed.encode(), "sha256")).decode().rstrip("=")
    bad_signature = "Invalid signature received for JSON Web Token validation"
    refused = {
        "expired": (ring.sign({**claims, "exp": now - 1}), "Expired token received for JSON Web Token validation"),
        "signed by another": (KeyRing("management", ring.issuer, [foreign]).sign(claims), bad_signature),
        "of another purpose": (KeyRing("session", ring.issuer, ring.keys).sign(claims), "Invalid token"),
        "of another issuer": (KeyRing("management", "https://x.example.com/", ring.keys).sign(claims), "Invalid token"),
        "for another audience": (ring.sign({**claims, "aud": "https://api.example.com/"}), "Invalid token"),
        "for no audience": (ring.sign({**claims, "aud": []}), "Invalid token"),
        "not yet": (ring.sign({**claims, "nbf": now + 600}), "Invalid token"),
        "of nobody": (ring.sign({**claims, "azp": "nobody", "sub": "nobody@clients"}), "Invalid token"),
        "of an unknown user": (ring.sign({**claims, "sub": "auth0|nobody"}), "Invalid token"),
        "unsigned": (f"{part({'alg': 'none', 'typ': 'JWT', 'kid': key.kid})}.{body}.", bad_signature),
        "with the public key as a secret": (f"{keyed}.{mac}", bad_signature),
        "with another key's name": (
            f"{part({'alg': 'RS256', 'typ': 'JWT', 'kid': '../x'})}.{body}.{signature}",
            bad_signature,
        ),
        "with other claims": (f"{header}.{part({**given, 'scope': 'everything'})}.{signature}", bad_signature),
        "without a signature": (f"{header}.{body}.", bad_signature),
        "in four parts": (f"{target.token}.x", "Invalid token"),
        "of nothing": ("..", "Invalid token"),
        "too long": ("x" * 9000, "Invalid token"),
    }
    for case, (token, text) in refused.items():
        answer = target.client.get("/users", headers={"authorization": f"Bearer {token}"})
        expected = {"statusCode": 401, "error": "Unauthorized", "message": text, "attributes": {"error": text}}
        assert (case, answer.status_code, answer.json()) == (case, 401, expected)
    # The last counter-proof: the same claims signed by the right ring are good.
    assert target.client.get("/users", headers={"authorization": f"Bearer {ring.sign(claims)}"}).status_code == 200


@pytest.mark.parametrize(
    ("field", "status"),
    [
        (b"Authorization: Basic YTpi", 400),
        (b"Authorization: Bearer", 400),
        (b"Authorization: Bearer a b", 400),
        (b"Authorization:", 400),
        (b"Authorization: Bearer \xff\xfe", 401),
        (b"X-Authorization: none", 401),
    ],
)
def test_a_credential_that_is_none(target: Target, field: bytes, status: int) -> None:
    request = b"GET /api/v2/users HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + field + b"\r\n\r\n"
    [answer] = exchange(target, request)
    assert answer.status == status


# -------------------------------------------------------------------------------------------------- paths and queries

PATHS = {
    b"/api/v2/users/auth0%7C%00": 400,
    b"/api/v2/users/auth0%7C\x00": 400,
    b"/api/v2/users/auth0%7C%": 400,
    b"/api/v2/users/auth0%7C%zz": 400,
    b"/api/v2/users/auth0%7C%C3%28": 400,
    b"/api/v2/users/auth0%7C%ED%A0%80": 400,
    b"/api/v2/users/auth0%257Cx": 400,
    b"/api/v2/users/%2F..%2F..%2Fetc%2Fpasswd": 400,
    b"/api/v2/users/..": 400,
    b"/api/v2/users/" + b"%41" * 5_000: 400,
    b"/api/v2/users/auth0%7C" + b"a" * 30_000: 404,
    b"/api/v2/users/auth0%7C' OR 1=1 --": 400,
    b"/api/v2/users/auth0%7C'%20OR%201=1%20--": 404,
    b"/api/v2/users/auth0%7C%EF%BF%BF%E2%80%AE": 404,
    b"/api/v2/../v2/users": 404,
    b"/api/v2/./users": 404,
    b"/api/v2//users": 404,
    b"//api/v2/users": 404,
    b"/api/v2": 404,
    b"/api/v2x/users": 404,
    b"/API/V2/users": 404,
    b"/auth0": 404,
    b"/": 404,
    b"*": 404,
    b"api/v2/users": 400,
    b"/api/v2/users?q=%00": 400,
    b"/api/v2/users?q=\x00": 400,
    b"/api/v2/users?q=%": 400,
    b"/api/v2/users?q=%ff": 400,
    b"/api/v2/users?q=email:" + b"x" * 5_000: 414,
    b"/api/v2/users?q=" + b"(" * 4_000: 400,
    b"/api/v2/users?q=" + b"+AND+".join([b"name:a"] * 65): 400,
    b"/api/v2/users?q=name:%22'%3B%20DROP%20TABLE%20users%3B--%22": 200,
    b"/api/v2/users?" + b"a=b&" * 15_000: 400,
    b"/api/v2/users?" + b"a" * 70_000: 431,
    b"/api/v2/users?per_page=1&per_page=2": 400,
    b"/api/v2/users?page=-1": 400,
    b"/api/v2/users?page=1e3": 400,
    b"/api/v2/users?page=%D9%A1": 400,
    b"/api/v2/users?page=99999999999999999999": 400,
    b"/api/v2/users?page=2147483647&per_page=100": 200,
    b"/api/v2/users?sort=password_hash:1": 400,
    b"/api/v2/users?sort=email:1;DROP": 400,
    b"/api/v2/users?fields=__class__": 400,
    b"/api/v2/users-by-email?email=%00": 400,
    b"/api/v2/users-by-email?email=" + b"a" * 20_000: 200,
    b"/api/v2/connections?from=%2A&take=1": 400,
    b"/api/v2/connections?from=LTE&take=1": 400,
    b"/api/v2/connections?take=101": 400,
    b"/api/v2/resource-servers/%F0%9F%98%80": 404,
}


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.decode("latin-1")[:60].encode("unicode_escape").decode())
def test_absurd_addresses(target: Target, path: bytes) -> None:
    answer = ask(target, path)
    assert (answer.status, b"bystander" in answer.body) == (PATHS[path], False)


# ------------------------------------------------------------------------------------------------ methods and versions


def test_methods(target: Target) -> None:
    whole, bare = ask(target, b"/api/v2/users"), exchange(target, head(target, b"HEAD /api/v2/users HTTP/1.1"))[0]
    assert (whole.status, bare.status) == (200, 200)
    length = re.compile(rb"content-length: \d+")
    assert length.findall(bare.headers) == length.findall(whole.headers)
    assert bare.body == b""
    found = {
        method: ask(target, b"/api/v2/users", method).status
        for method in (b"OPTIONS", b"PUT", b"DELETE", b"TRACE", b"PROPFIND", b"BREW", b"get", b"G\x00T", b"G" * 9000)
    }
    assert found == {
        b"OPTIONS": 404,
        b"PUT": 404,
        b"DELETE": 404,
        b"TRACE": 404,
        b"PROPFIND": 404,
        b"BREW": 400,
        b"get": 400,
        b"G\x00T": 400,
        b"G" * 9000: 400,
    }


def test_versions(target: Target) -> None:
    old = ask(target, b"/api/v2/users?fields=email", version=b"HTTP/1.0")
    assert (old.status, json.loads(old.body)) == (200, [{"email": "bystander@example.com"}])
    for start, status in (
        (b"GET /\r\n\r\n", 404),  # HTTP/0.9, answered in the words of 1.1
        (b"GET / HTTP/9.9.9\r\n\r\n", 400),
        (b"GET / HTTP/3.0\r\n\r\n", 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01", 400),  # TLS
    ):
        [answer] = exchange(target, start, half_close=True)
        assert answer.status == status


def test_requests_that_do_not_wait_for_answers(target: Target) -> None:
    pieces, wanted = [], []
    for number in range(10):
        pieces.append(head(target, b"GET /api/v2/users/auth0%%7Cn%d HTTP/1.1" % number, close=False))
        pieces.append(head(target, b"POST /api/v2/users HTTP/1.1", b"Content-Length: 1", close=False) + b"[")
        pieces.append(head(target, b"GET /api/v2/users?fields=email HTTP/1.1", close=False))
        wanted += [404, 400, 200]
    pieces.append(head(target, b"GET /healthz HTTP/1.1"))
    answers = exchange(target, b"".join(pieces))
    assert [answer.status for answer in answers] == [*wanted, 200]
    assert {answer.body for answer in answers[2:-1:3]} == {b'[{"email":"bystander@example.com"}]'}


# ---------------------------------------------------------------------------------------------------------- in great mass


on_one_engine = pytest.mark.parametrize("target", ["sqlite"], indirect=True)  # it ends before any database


def kilobytes(server: Muster, what: str) -> int:
    """A figure of the process's memory as Linux tells it (proc(5))."""
    status = Path(f"/proc/{server.process.pid}/status")
    if not status.exists():
        pytest.skip("needs Linux's /proc")
    return int((re.search(rf"{what}:\s+(\d+) kB", status.read_text()) or [0, 0])[1])


@on_one_engine
def test_200_megabytes_of_headers_take_no_memory(target: Target) -> None:
    before = kilobytes(target.server, "VmRSS")
    field = b"x-%d: " + b"y" * 1000 + b"\r\n"
    block = b"".join(field % number for number in range(1000))  # a megabyte
    for start in (b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nx: "):
        answers = exchange(target, start, *[block] * 100)
        assert [answer.status for answer in answers] in (
            [],
            [431],
        )  # the answer is lost with a connection that is reset
    waiting = []
    for _ in range(200):
        waiting.append(socket.create_connection(("127.0.0.1", target.server.port), PATIENCE))
        waiting[-1].sendall(b"GET / HTTP/1.1\r\nx: " + b"y" * 60_000)
    assert ask(target, b"/healthz").status == 200
    for connection in waiting:
        connection.close()
    assert kilobytes(target.server, "VmHWM") - before < 64 * 1024


@on_one_engine
def test_ten_thousand_connections_that_come_and_go(target: Target) -> None:
    before, opened = kilobytes(target.server, "VmRSS"), descriptors(target.server)
    reset = struct.pack("ii", 1, 0)  # closed at once, so that no port of this machine stays taken
    for number in range(10_000):
        with socket.create_connection(("127.0.0.1", target.server.port), PATIENCE) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
            if number % 3:
                connection.sendall(b"GET /healthz HTTP/1.1\r\n" + b"\r\n" * (number % 3 - 1))
    assert ask(target, b"/healthz").status == 200
    deadline = time.monotonic() + PATIENCE
    while descriptors(target.server) > opened + 5:
        assert time.monotonic() < deadline, "closed connections are kept"
    assert kilobytes(target.server, "VmRSS") - before < 64 * 1024


def descriptors(server: Muster) -> int:
    return len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))
