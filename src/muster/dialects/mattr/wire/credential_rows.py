"""A row of an import → the record of an issued credential and its holder."""

from typing import Any, Final

import msgspec

from muster.core.ids import UserId, is_id
from muster.dialects.mattr.schema.checking import problems
from muster.dialects.mattr.schema.shapes import CREDENTIAL_ROW
from muster.dialects.mattr.wire.credentials import new_credential
from muster.dialects.mattr.wire.ids import given_key, parse_uuid
from muster.importers.mattr_credentials import Held
from muster.importers.record import RowError, RowRefused

LARGEST: Final = 65_536
"""Bytes of one record: a thousand of them are read for a list."""

_encode: Final = msgspec.json.Encoder().encode


def read_row(sent: Any) -> Held:
    """A record with `userId` and the members that the vendor's list shows; `RowRefused` tells every member that is wrong."""
    wrong = [RowError("invalid", item["msg"], item["param"]) for item in problems(CREDENTIAL_ROW, sent, "body")]
    if wrong:
        raise RowRefused(wrong)
    try:
        if len(_encode(sent)) > LARGEST:
            raise RowRefused([RowError("too_large", f"a record has at most {LARGEST:,} bytes")])
    except UnicodeEncodeError:
        raise RowRefused([RowError("not_unicode", "a text holds half a character")]) from None
    id_ = parse_uuid(sent["userId"]) or ""
    return Held([*([UserId(id_)] if is_id(id_) else []), given_key(id_)], new_credential(sent))
