"""What this dialect keeps beside each of its routes."""

from collections.abc import Mapping
from typing import Any

import msgspec


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """An operation of the contract: the shapes of its body and of its answer (None for none).

    A list is an array of `answer`. With `paged` it is cut into pages; `sorts` are the fields that it can be ordered by, and
    `parameters` what else the query may hold.
    """

    answer: Any = None
    status: int = 200
    body: type[msgspec.Struct] | None = None
    is_list: bool = False
    paged: bool = False
    sorts: Mapping[str, str] = {}
    parameters: tuple[str, ...] = ()
