"""The house rules a machine can check. Each says why it is there and yields `path:line: what is wrong`.

A rule that is only written down is broken within a year; test_rules.py plants a violation of each and sees it caught.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterator

from tests.architecture.source import Source

Rule = Callable[[Source], Iterator[str]]

LONGEST_FILE = 500

VENDORS = re.compile(r"\w*(?:auth0|clerk|monocloud|mattr|netwrix)\w*", re.IGNORECASE)
DOORS = frozenset({"auth0", "clerk", "monocloud", "mattr", "netwrix"})
# Where core or storage has to name a vendor: path -> the only words it may use. Every row is a fact about stored data.
VENDOR_WORDS: dict[str, frozenset[str]] = {
    "src/muster/core/users/model.py": DOORS,  # through which dialect a user was made
    "src/muster/core/users/shown.py": frozenset({"auth0"}),  # the kind of a foreign id
    "src/muster/core/connections/model.py": frozenset({"auth0"}),  # the name of the password strategy, kept as sent
}

# The engines themselves, and three more files that may ask which database it is.
ENGINE_FILES = re.compile(
    r"src/muster/storage/(?:engine\w*|sqlite\w*|postgres\w*"
    r"|address"  # reads in a URL which engine is meant
    r"|session"  # the engine of schema work, which keeps its transaction open
    r"|opening"  # chooses the engine that a URL names
    r"|migrator"  # leaves out the statements that a migration has for the other database
    r")(?:\.py|/.*)"
)

SQL_CALLS = frozenset(
    {"execute", "executemany", "executescript", "fetch", "fetchrow", "fetchval", "row", "rows", "scan"}
)
SQL_TEXT = re.compile(
    r"\s*\b(SELECT\s.*\sFROM\b|INSERT\s+INTO|UPDATE\s+\S+\s+SET\b|DELETE\s+FROM|WITH\s+\w+\s+AS\s*\("
    r"|CREATE\s+(UNIQUE\s+)?(TABLE|INDEX|DATABASE)|ALTER\s+TABLE|DROP\s+(TABLE|INDEX|DATABASE))",
    re.DOTALL,
)
# What comes just before a value in a statement, rather than before a table, a column or a clause.
BEFORE_VALUE = re.compile(
    r"(=|<|>|~|\|\||['\"]|\b(?:LIKE|LIMIT|OFFSET|BETWEEN)|\b(?:IN|VALUES)\s*\()\s*$", re.IGNORECASE
)
# What may stand there all the same: rows of `?`, the names of a class or a column, and row numbers that the database itself
# has just given.
NEVER_VALUES = frozenset({"marks", "__name__", "column", "listed"})

NETWORK = re.compile(
    r"(httpx|httpcore|requests|urllib\.request|urllib3|http\.client|smtplib|aiosmtplib|aiohttp|ftplib|socket)(\.|$)"
)
CONNECTING = frozenset({"open_connection", "open_unix_connection", "sock_connect", "create_datagram_endpoint"})
# Who may, and with what. The server's own sockets listen; those who ask for a mail or a page go through these two.
NETWORK_FILES = {"src/muster/outside/http.py": {"httpx", "socket"}, "src/muster/outside/mail.py": {"aiosmtplib"}}

CLOCKS = frozenset(
    {
        "time.time",
        "time.time_ns",
        "datetime.now",
        "datetime.utcnow",
        "datetime.today",
        "date.today",
        "datetime.datetime.now",
        "datetime.datetime.utcnow",
        "datetime.date.today",
        "uuid.uuid4",
        "uuid.uuid1",
        "random.random",
        "random.choice",
        "random.randint",
    }
)
CLOCK_FILES = frozenset({"src/muster/core/clock.py", "src/muster/core/ids.py"})

EMPTY_NAMES = re.compile(r"(^|_)(utils?|helpers?|managers?|common|misc)(_|$)")

# Written so that this file does not hold what it forbids.
MACHINE = re.compile(
    r"(?<![\w.])/(?:work|root|home/\w+|Users/\w+|opt/wheels)/"
    r"|(?:pypi|registry|pythonhosted|npmjs)\.(?:org|com)/(?:simple|packages|-)"
    r"|--(?:extra-)?index-url\s+\S|--find-links\s+\S"
    r"|(?:localhost|127\.0\.0\.1):\d+/(?:pypi|npm|simple)"
)


def short_files(source: Source) -> Iterator[str]:
    """A file over 500 lines holds two subjects, and nobody finds the second."""
    if source.is_ours and (lines := source.text.count("\n")) > LONGEST_FILE:
        yield f"{source.path}:{lines}: {lines} lines, {LONGEST_FILE} are allowed; split it by subject"


def no_vendor_in_core(source: Source) -> Iterator[str]:
    """Core and storage know users, not vendors: a rule for one vendor there would change four others unseen."""
    if not (source.is_ours and source.package in {"core", "storage"}):
        return
    allowed = VENDOR_WORDS.get(source.path, frozenset())
    for number, line in enumerate(source.text.splitlines(), 1):
        for word in VENDORS.findall(line):
            if word not in allowed:
                yield f"{source.path}:{number}: the vendor's word {word!r} belongs in dialects/"


def engine_differences_in_one_place(source: Source) -> Iterator[str]:
    """A choice by database outside the engine is a text that drifts on the database nobody is looking at."""
    if not source.is_ours or ENGINE_FILES.match(source.path):
        return
    for node in ast.walk(source.tree):
        match node:
            case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test):
                choice: list[ast.AST] = [test]
            case ast.Match(subject=subject, cases=cases):
                choice = [subject, *(case.pattern for case in cases)]
            case _:
                continue
        words = {word.lower() for part in choice for inner in ast.walk(part) for word in names_in(inner)}
        if any("postgres" in word or "sqlite" in word for word in words):
            yield f"{source.path}:{node.lineno}: a choice by database belongs in storage/engine.py"


def sql_holds_no_values(source: Source) -> Iterator[str]:
    """A value formatted into SQL is an injection waiting for its day; values are bound, only structure is composed.

    Text given straight to a database call may not be put together by `+`, `%` or `format()`. An f-string may compose
    tables, columns and clauses, but where a value belongs it may hold only a constant (UPPER_CASE) or NEVER_VALUES.
    """
    if not source.is_ours:
        return
    checked: set[ast.AST] = set()
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and (name_of(node.func).rpartition(".")[2] in SQL_CALLS | {"Write"}):
            texts = [*node.args[:1], *(keyword.value for keyword in node.keywords if keyword.arg == "sql")]
            for text in texts:
                if isinstance(text, ast.BinOp) and isinstance(text.op, ast.Mod | ast.Add):
                    yield f"{source.path}:{text.lineno}: SQL put together with an operator; bind the values"
                elif isinstance(text, ast.Call) and name_of(text.func).endswith(".format"):
                    yield f"{source.path}:{text.lineno}: SQL put together with format(); bind the values"
                elif isinstance(text, ast.JoinedStr) and not is_pragma(source, text):
                    checked.add(text)
                    yield from formatted_values(source, text)
        elif isinstance(node, ast.JoinedStr) and node not in checked and SQL_TEXT.search(without_values(node)):
            yield from formatted_values(source, node)


def sql_only_in_storage(source: Source) -> Iterator[str]:
    """Whoever changes a table must find every statement that reads it in one folder."""
    if source.is_ours and source.package != "storage":
        for node in ast.walk(source.tree):
            match node:
                case ast.Constant(value=str(text)):
                    found = SQL_TEXT.match(text)
                case ast.JoinedStr():
                    found = SQL_TEXT.match(without_values(node))
                case _:
                    continue
            if found:
                yield f"{source.path}:{node.lineno}: SQL belongs in storage/"


def network_only_outside(source: Source) -> Iterator[str]:
    """Requests to other servers go through outside/http.py, which refuses inner addresses, redirects and long answers."""
    if not source.is_ours:
        return
    allowed = NETWORK_FILES.get(source.path, {"socket"} if source.package == "server" else set())
    for number, module in source.imports():
        found = NETWORK.match(module)
        if found and found[1] not in allowed:
            yield f"{source.path}:{number}: {module} calls other servers; that is what outside/http.py is for"
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and name_of(node.func).rpartition(".")[2] in CONNECTING:
            yield f"{source.path}:{node.lineno}: {name_of(node.func)}() opens a connection; outside/http.py does that"


def core_stands_alone(source: Source) -> Iterator[str]:
    """Core is the standard library and msgspec: whoever reads a rule needs no framework, and no framework bends it."""
    if source.is_ours and source.package == "core":
        for number, module in source.imports():
            top = module.partition(".")[0]
            if not (top in sys.stdlib_module_names or top == "msgspec" or module.startswith(("muster.core", "."))):
                yield f"{source.path}:{number}: core imports {module}"


def time_is_handed_in(source: Source) -> Iterator[str]:
    """A clock read inside a rule cannot be turned by a test, and two reads in one act disagree."""
    if source.is_ours and source.package == "core" and source.path not in CLOCK_FILES:
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Call) and name_of(node.func) in CLOCKS:
                yield f"{source.path}:{node.lineno}: {name_of(node.func)}() in core; take the time or id as an argument"


def names_say_something(source: Source) -> Iterator[str]:
    """`utils` is where code goes when nobody asked what it is; a file is named for its subject."""
    if source.is_ours:
        for part in source.path.removesuffix(".py").split("/")[2:]:
            if EMPTY_NAMES.search(part):
                yield f"{source.path}:1: {part!r} says nothing about what is in it"


def nothing_of_one_machine(source: Source) -> Iterator[str]:
    """A path or package host of the machine a change was made on works there and nowhere else."""
    for number, line in enumerate(source.text.splitlines(), 1):
        for found in MACHINE.finditer(line):
            yield f"{source.path}:{number}: {found.group()!r} is of one machine"


RULES: tuple[Rule, ...] = (
    short_files,
    no_vendor_in_core,
    engine_differences_in_one_place,
    sql_holds_no_values,
    sql_only_in_storage,
    network_only_outside,
    core_stands_alone,
    time_is_handed_in,
    names_say_something,
    nothing_of_one_machine,
)


def formatted_values(source: Source, text: ast.JoinedStr) -> Iterator[str]:
    before = ""
    for part in text.values:
        if isinstance(part, ast.FormattedValue):
            name = name_of(part.value).rpartition(".")[2]
            if BEFORE_VALUE.search(before) and not (name.isupper() or name in NEVER_VALUES):
                shown = ast.unparse(part.value)
                yield f"{source.path}:{text.lineno}: {shown!r} stands in SQL where a value does; bind it"
            before = ""
        elif isinstance(part, ast.Constant):
            before = str(part.value)


def without_values(text: ast.JoinedStr) -> str:
    """The f-string's own words, with `x` for whatever it interpolates."""
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in text.values)


def is_pragma(source: Source, text: ast.JoinedStr) -> bool:
    """SQLite binds nothing in a PRAGMA, so the engine may write its own settings into one."""
    return ENGINE_FILES.match(source.path) is not None and without_values(text).startswith("PRAGMA ")


def name_of(node: ast.expr) -> str:
    """`a.b.c` of a name or attribute, and of what is called: `marks` for `marks(3)`."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attribute):
            return f"{name_of(value)}.{attribute}"
        case ast.Call(func=function):
            return name_of(function)
        case _:
            return ""


def names_in(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            yield name
        case ast.Constant(value=str(text)):
            yield text
