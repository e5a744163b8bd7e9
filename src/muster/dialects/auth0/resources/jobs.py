"""Jobs: imports and exports of users, mails that ask for verification, and what became of each."""

import asyncio
import zlib
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

from muster.core.actor import Permissions as May
from muster.core.connections.model import Connection
from muster.core.errors import NotFound, Taken, TooMany
from muster.core.ids import UserId, random_text
from muster.core.jobs import actions
from muster.core.jobs.model import AT_ONCE, Job
from muster.core.records import Key
from muster.core.security import TokenRefused
from muster.core.transaction import Transaction
from muster.core.users.actions import find_user
from muster.core.users.model import User
from muster.core.users.shown import own_id, primary
from muster.dialects.auth0.operation import Operation, body_of, path_of
from muster.dialects.auth0.schema import jobs as schema
from muster.dialects.auth0.services import Services
from muster.dialects.auth0.validation import body_problem, check_body
from muster.dialects.auth0.wire import jobs as wire
from muster.dialects.auth0.wire.connections import PREFIX as CONNECTION_PREFIX
from muster.dialects.auth0.wire.exports import MOST_COLUMNS, WHOLE_METADATA
from muster.dialects.auth0.wire.ids import parse_user_id
from muster.dialects.kit.call import Call
from muster.dialects.kit.errors import BadRequest, Forbidden
from muster.dialects.kit.multipart import read_form
from muster.dialects.kit.reply import JSON, Header, Reply, empty, json_reply
from muster.dialects.kit.routes import Route

DOOR: Final = "auth0"
USERS, ERRORS, RESULT = "users", "errors", "result"
"""The files of a job: what an import reads, what it tells of, what an export writes (gzip)."""

FLAGS: tuple[str, ...] = ("upsert", "send_completion_email")

LINK_SECONDS: Final = 60
LONGEST_LINK: Final = 8_192

_MEDIA: Final = {"json": b"application/x-ndjson", "csv": b"text/csv; charset=utf-8"}
_FLAGS: Final = {"true": True, "false": False}
_GZIP: Final = 16 + zlib.MAX_WBITS


# -------------------------------------------------------------------------------------------------------------- making one


async def create_import(call: Call) -> Reply:
    """Take a file of users; a job carries it into the connection."""
    content_type = call.header(b"content-type")
    with await read_form(call.receive, content_type, file=USERS, most=schema.MOST_FILE_BYTES) as form:
        if form.file is None:
            raise _refused("Must provide 'users' file as multipart part.")
        sent = form.file.read()
        if not sent:
            raise _refused("Users file must not be empty.")
        connection_id = form.texts.get("connection_id")
        if not connection_id:
            raise _refused("Must provide 'connection_id' as multipart part.")
        asked = {name: _flag(form.texts, name) for name in FLAGS if name in form.texts}
        external_id = form.texts.get("external_id")
    realm = await _database(call, connection_id)
    job = Job(
        id=random_text(16),
        kind="users_import",
        door=DOOR,
        caller=("", ""),
        realm=realm.id,
        realm_name=realm.name,
        external_id=external_id,
        asked=asked,
    )
    return json_reply(202, wire.show_job(await _make(call, job, {USERS: sent}), _now(call)))


async def create_export(call: Call) -> Reply:
    """Have the users written into a file."""
    body: dict[str, Any] = body_of(call) if call.body else check_body(schema.EXPORT, {})
    asked: dict[str, Any] = {"format": body.get("format", "csv")}
    if "limit" in body:
        asked["limit"] = int(body["limit"])
    if "fields" in body:
        asked["fields"] = body["fields"]
    _check_columns(asked)
    realm = await _connection(call, body["connection_id"]) if "connection_id" in body else None
    job = Job(
        id=random_text(16),
        kind="users_export",
        door=DOOR,
        caller=("", ""),
        realm=realm.id if realm is not None else None,
        realm_name=realm.name if realm is not None else None,
        asked=asked,
    )
    return json_reply(200, wire.show_job(await _make(call, job), _now(call)))


async def create_verification(call: Call) -> Reply:
    """Have a user asked by mail to prove the address."""
    body = body_of(call)
    job = await call.act(_ask_for_verification, parse_user_id(body["user_id"]), body)
    _services(call).wake_jobs()
    return json_reply(201, wire.show_job(job, _now(call)))


async def _ask_for_verification(tx: Transaction, key: UserId | Key, body: Mapping[str, Any]) -> Job:
    tx.actor.must(May.USERS_UPDATE)
    user = await find_user(tx, key)
    identity = body.get("identity")
    if identity is not None:
        _check_identity(user, identity)
    realm = await tx.get(Connection, user.realm)
    if realm is None or realm.kind != "database":
        raise _refused("Connection must be a database connection.")
    if realm.disabled:
        raise _refused("Connection must be enabled.")
    if primary(user.emails) is None:
        raise _refused("User does not have an email address.")
    if body.get("organization_id") is not None:
        raise _refused("The organization does not exist")
    job = Job(id=random_text(16), kind="verification_email", door=DOOR, caller=("", ""), asked={"user": user.id})
    return await actions.create_job(tx, job)


def _check_identity(user: User, identity: Mapping[str, Any]) -> None:
    """Only the identity at home has an address of ours to prove."""
    if "connection_id" in identity and identity["connection_id"] != CONNECTION_PREFIX + user.realm:
        if all(identity["connection_id"] != CONNECTION_PREFIX + link.connection_id for link in user.links):
            raise _refused("Identity connection does not exist.")
        raise _refused("Connection must be a database connection.")
    if any(identity["user_id"] == link.subject for link in user.links):
        raise _refused("Connection must be a database connection.")
    if (identity["provider"], identity["user_id"]) != ("auth0", own_id(user)):
        raise _refused("The user exists, but does not contain the given identity.")


async def _make(call: Call, job: Job, files: Mapping[str, bytes] | None = None) -> Job:
    """The job, and a word to those who do it. Whoever loses the race for a slot tries for the next."""
    for _ in range(max(AT_ONCE.values())):
        try:
            made = await call.act(actions.create_job, job, files)
        except Taken as taken:
            if taken.kind != "job_slot":
                raise
        else:
            _services(call).wake_jobs()
            return made
    raise TooMany("too_many_jobs", retry_after=actions.RETRY_SECONDS, kind=job.kind, limit=AT_ONCE[job.kind])


async def _connection(call: Call, connection_id: str) -> Connection:
    realm = await call.store.get(call.tenant_id, Connection, connection_id.removeprefix(CONNECTION_PREFIX))
    if realm is None or realm.internal:
        raise BadRequest("inexistent_connection", message="The connection does not exist.")
    return realm


async def _database(call: Call, connection_id: str) -> Connection:
    """The connection that users can be brought into."""
    if not schema.is_connection_id(connection_id):
        raise body_problem(f"String does not match pattern {schema.CONNECTION_ID}", "connection_id")
    realm = await _connection(call, connection_id)
    if realm.kind != "database":
        raise _refused("Connection must be a database connection.")
    if realm.disabled:
        raise _refused("Connection must be enabled.")
    return realm


def _flag(texts: Mapping[str, str], name: str) -> bool:
    value = _FLAGS.get(texts[name])
    if value is None:
        raise body_problem("Expected type boolean but found type string", name)
    return value


def _check_columns(asked: Mapping[str, Any]) -> None:
    if asked["format"] != "csv":
        return
    fields = asked.get("fields", ())
    if len(fields) > MOST_COLUMNS:
        raise body_problem(f"Array is too long ({len(fields)}), maximum {MOST_COLUMNS}", "fields")
    for number, field in enumerate(fields):
        if field["name"] in WHOLE_METADATA:
            problem = f"{field['name']} cannot be a column; name its members"
            raise body_problem(problem, f"fields[{number}].name")


def _refused(message: str) -> BadRequest:
    return BadRequest("invalid_body", message=message)


# ------------------------------------------------------------------------------------------------------- what became of it


async def get(call: Call) -> Reply:
    """One job: how far it is, and what has come of it."""
    job = await _job(call)
    location = None
    if job.kind == "users_export" and job.state == "completed":
        location = f"{call.address}api/v2/jobs/{wire.show_job_id(job)}/download?token={_link(call, job)}"
    return json_reply(200, wire.show_job(job, _now(call), location))


async def get_errors(call: Call) -> Reply:
    """The rows that an import refused; else why the job failed; else nothing."""
    try:
        job = await _job(call)
    except NotFound:
        raise NotFound("job_errors") from None
    if job.failed:
        return Reply(200, headers=(JSON,), chunks=_array(actions.read_file(call.store, call.tenant_id, job, ERRORS)))
    if job.problem:
        return json_reply(200, wire.show_job(job, _now(call)))
    return empty(204)


async def download(call: Call) -> Reply:
    """The file of an export, for whoever has a link that `get` gave a moment ago."""
    job_id = wire.parse_job_id(path_of(call)["id"])
    _check_link(call, job_id)
    job = await actions.find_job(call.store, call.tenant_id, job_id)
    if job.kind != "users_export" or job.state != "completed":
        raise NotFound("job")
    names = {tenant.number: tenant.name for tenant in await call.store.tenants()}
    file_name = f"{names.get(call.tenant_id, 'users')}.{job.asked['format']}"
    headers: list[Header] = [
        (b"content-type", _MEDIA[job.asked["format"]]),
        (b"content-disposition", f'attachment; filename="{file_name}"'.encode("ascii", "replace")),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    parts = actions.read_file(call.store, call.tenant_id, job, RESULT)
    return Reply(200, headers=headers, chunks=_unpacked(parts))


async def _job(call: Call) -> Job:
    """A job that was made through this API; no other dialect's is known here."""
    job_id = wire.parse_job_id(path_of(call)["id"])
    job = await actions.read_job(call.store, call.tenant_id, call.caller, job_id)
    if job.door != DOOR:
        raise NotFound("job", id=job_id)
    return job


def _link(call: Call, job: Job) -> str:
    until = _now(call) // 1000 + LINK_SECONDS
    claims = {"aud": _link_audience(call), "sub": f"job|{job.id}", "iat": until - LINK_SECONDS, "exp": until}
    return _services(call).tokens(call.site).sign(claims)


def _check_link(call: Call, job_id: str) -> None:
    given = call.query().get("token", [""])
    try:
        if len(given) != 1 or len(given[0]) > LONGEST_LINK or not given[0].isascii():
            raise TokenRefused("malformed")
        issuer = _services(call).tokens(call.site)
        claims = issuer.verify(given[0], audiences=[_link_audience(call)], now_ms=_now(call))
    except TokenRefused:
        raise Forbidden("link_expired") from None
    if claims.get("sub") != f"job|{job_id}":
        raise Forbidden("link_expired")


def _link_audience(call: Call) -> str:
    """No API is called so: a token for the one is none for the other."""
    return f"{call.site.public_url}api/v2/jobs/download"


async def _array(parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield b"["
    async for part in parts:
        yield part
    yield b"]"


async def _unpacked(parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The text of gzip members. It is not passed on packed: clients that undo it by themselves stop after the first."""
    unpacker = zlib.decompressobj(_GZIP)
    async for part in parts:
        packed = part
        while packed:
            yield await asyncio.to_thread(unpacker.decompress, packed)
            packed = b""
            if unpacker.eof:  # the next member of the file begins
                packed, unpacker = unpacker.unused_data, zlib.decompressobj(_GZIP)


def _services(call: Call) -> Services:
    services: Services = call.services
    return services


def _now(call: Call) -> int:
    return _services(call).clock.now()


ROUTES = [
    Route(
        "POST",
        "/jobs/users-imports",
        create_import,
        needs=(May.JOBS_IMPORT,),
        title="Create import users job",
        about=Operation(scopes=("create:users",), form=schema.IMPORT_FORM, answers={202: schema.IMPORT_JOB}),
        reads_body=True,
    ),
    Route(
        "POST",
        "/jobs/users-exports",
        create_export,
        needs=(May.JOBS_EXPORT,),
        title="Create export users job",
        about=Operation(scopes=("read:users",), body=schema.EXPORT, answers={200: schema.EXPORT_JOB}),
    ),
    Route(
        "POST",
        "/jobs/verification-email",
        create_verification,
        needs=(May.USERS_UPDATE,),
        title="Send an email address verification email",
        about=Operation(scopes=("update:users",), body=schema.VERIFICATION, answers={201: schema.VERIFICATION_JOB}),
    ),
    Route(
        "GET",
        "/jobs/{id}",
        get,
        needs=(May.JOBS_IMPORT, May.JOBS_EXPORT),
        title="Get a job",
        about=Operation(scopes=("create:users", "read:users"), path=schema.PATH, answers={200: schema.JOB}),
    ),
    Route(
        "GET",
        "/jobs/{id}/errors",
        get_errors,
        needs=(May.JOBS_IMPORT, May.JOBS_EXPORT),
        title="Get job error details",
        about=Operation(
            scopes=("create:users", "read:users"), path=schema.PATH, answers={200: schema.ERRORS, 204: None}
        ),
    ),
]

DOWNLOAD = Route(
    "GET",
    "/jobs/{id}/download",
    download,
    needs=None,
    title="Download the file of an export",
    about=Operation(path=schema.PATH),
)
"""Where the links lead; no operation of the contract, whose links lead to another host."""
