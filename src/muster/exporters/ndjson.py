"""Users whole, in Muster's own form: one user a line, every member of the core's document (`muster.core.users.model`).

It differs from what is stored in three ways. Connections are named by their names, as their ids mean nothing elsewhere; secrets
are not sealed; and what only counts commits and rows (`version`, `seq`) is left out. Reading it back is
`muster.importers.ndjson`.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from muster.core.security import SecretBox
from muster.core.users.model import User
from muster.core.users.sealed import tokens_purpose, totp_purpose

_encode: Final = msgspec.json.Encoder().encode
_members_of: Final = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode: Final = msgspec.json.Decoder().decode


def line_of(user: User, connections: Mapping[str, str], secrets: SecretBox) -> bytes:
    """The line, with its end. `connections` are names by id; one that is gone keeps its id."""
    # Most members go out as they are; only those that differ are looked into.
    kept: dict[str, Any] = dict(_members_of(_encode(replace(user, version=0, seq=0))))
    del kept["realm"]
    row = {"id": kept.pop("id"), "connection": connections.get(user.realm, user.realm), **kept}
    if user.factors:
        row["factors"] = [_factor(_decode(_encode(factor)), user.id, secrets) for factor in user.factors]
    if user.links:
        row["links"] = [_link(_decode(_encode(link)), connections, secrets) for link in user.links]
    if user.activity is not None:
        row["activity"] = replace(user.activity, id="", version=0)
    return _encode(row) + b"\n"


def _factor(factor: dict[str, Any], user_id: str, secrets: SecretBox) -> dict[str, Any]:
    if "secret" in factor:
        factor["secret"] = secrets.open(factor["secret"], purpose=totp_purpose(user_id)).decode()
    return factor


def _link(link: dict[str, Any], connections: Mapping[str, str], secrets: SecretBox) -> dict[str, Any]:
    connection_id = link.pop("connection_id")
    link["connection"] = connections.get(connection_id, connection_id)
    if "tokens" in link:
        link["tokens"] = secrets.open(link["tokens"], purpose=tokens_purpose(link["id"])).decode()
    return link
