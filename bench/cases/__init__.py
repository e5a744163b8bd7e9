"""Everything that is measured, in the order in which it is: first what wants the database at rest or a server of its own, then
what one server is asked, reads before writes, and at the end what needs no server.
"""

from __future__ import annotations

from typing import Final

from bench.case import Case
from bench.cases import commands, dialects, passwords, reads, searches, sign_ins, streams, tokens, writes

_IN_ORDER: Final[tuple[Case, ...]] = (
    *commands.EXPORTS,
    commands.MEMORY,
    streams.NETWRIX_LIST,
    *reads.CASES,
    *searches.LUCENE,
    *dialects.CASES,
    *searches.CLERK,
    streams.MATTR_PAGES,
    searches.MATTR_CLAIMS,
    *writes.CASES,
    passwords.CREATE,
    *tokens.CASES,
    *sign_ins.CASES,
    commands.IMPORT_MORE,
    commands.IMPORT,
    commands.START,
)

ALL: Final = {case.name: case for case in _IN_ORDER}
