"""The checkout keeps every house rule, and every house rule catches what it is there to catch."""

from __future__ import annotations

import pytest

from tests.architecture import rules
from tests.architecture.source import Source, checkout

# The rule, a file that breaks it, and its nearest neighbour that does not.
Case = tuple[rules.Rule, Source, Source]


def python(path: str, *lines: str) -> Source:
    return Source(path, "".join(f"{line}\n" for line in lines))


CASES: list[Case] = [
    (
        rules.short_files,
        python("src/muster/core/users/model.py", *["x = 1"] * 501),
        python("src/muster/core/users/model.py", *["x = 1"] * 500),
    ),
    (
        rules.no_vendor_in_core,
        python("src/muster/core/users/actions.py", "def ban_for_clerk(): ..."),
        python("src/muster/dialects/clerk/app.py", "def ban_for_clerk(): ..."),
    ),
    (
        rules.no_vendor_in_core,
        python("src/muster/core/users/terms.py", "field = 'clerk_name'"),
        python("src/muster/core/users/terms.py", "field = 'shown_name'"),
    ),
    (
        rules.no_vendor_in_core,
        python("src/muster/storage/users.py", "# what Netwrix calls Id"),
        python("src/muster/storage/users.py", "# the user's row number"),
    ),
    (
        rules.engine_differences_in_one_place,
        python("src/muster/storage/users.py", "if engine.kind == 'postgres':", "    pass"),
        python("src/muster/storage/engine.py", "if engine.kind == 'postgres':", "    pass"),
    ),
    (
        rules.engine_differences_in_one_place,
        python("src/muster/wiring.py", "sql = A if isinstance(engine, SqliteEngine) else B"),
        python("src/muster/wiring.py", "engine = SqliteEngine(path)"),
    ),
    (
        rules.engine_differences_in_one_place,
        python("src/muster/storage/jobs.py", "match engine.kind:", "    case 'sqlite':", "        pass"),
        python("src/muster/storage/jobs.py", "match job.state:", "    case 'done':", "        pass"),
    ),
    (
        rules.sql_holds_no_values,
        python("src/muster/storage/users.py", "engine.row(f'SELECT 1 FROM users WHERE name = {name}')"),
        python("src/muster/storage/users.py", "engine.row(f'SELECT {COLUMNS} FROM users WHERE name = ?', [name])"),
    ),
    (
        rules.sql_holds_no_values,
        python("src/muster/storage/users.py", "engine.rows('SELECT 1 FROM users WHERE name = ' + name)"),
        python("src/muster/storage/users.py", "engine.rows('SELECT 1 FROM users ' 'WHERE name = ?', [name])"),
    ),
    (
        rules.sql_holds_no_values,
        python("src/muster/storage/users.py", "Write('DELETE FROM users WHERE n = %s' % n, [])"),
        python("src/muster/storage/users.py", "Write('DELETE FROM users WHERE n = ?', [n])"),
    ),
    (
        rules.sql_holds_no_values,
        python("src/muster/storage/users.py", "cursor.execute('DELETE FROM {}'.format(name))"),
        python("src/muster/storage/users.py", "cursor.execute('DELETE FROM users')"),
    ),
    (
        rules.sql_holds_no_values,
        python("src/muster/storage/users.py", "sql = f'SELECT doc FROM users WHERE id = {user_id!r}'"),
        python("src/muster/storage/users.py", "sql = f'SELECT doc FROM {table.name} WHERE {column} = ?'"),
    ),
    (
        rules.sql_holds_no_values,
        python("src/muster/storage/users.py", "sql = f'DELETE FROM users WHERE n IN ({ids})'"),
        python("src/muster/storage/users.py", "sql = f'DELETE FROM users WHERE n IN ({marks})'"),
    ),
    (
        rules.sql_holds_no_values,
        python("src/muster/storage/users.py", """sql = f"{found} UNION SELECT n FROM users WHERE name = '{name}'" """),
        python("src/muster/storage/users.py", "sql = f'{found} UNION SELECT n FROM {other}'"),
    ),
    (
        rules.sql_holds_no_values,
        python("src/muster/storage/users.py", """sql = f"SELECT doc FROM users WHERE name = '{name}'" """),
        python("src/muster/storage/users.py", "line = f'user {user_id!r} was selected from {place}'"),
    ),
    (
        rules.sql_only_in_storage,
        python("src/muster/cli/users.py", "engine.rows('SELECT doc FROM users')"),
        python("src/muster/storage/users.py", "engine.rows('SELECT doc FROM users')"),
    ),
    (
        rules.sql_only_in_storage,
        python("src/muster/cli/users.py", "text = f'INSERT INTO {table} VALUES (?)'"),
        python("src/muster/cli/users.py", "print('Select a user from the list, or UPDATE the address')"),
    ),
    (
        rules.sql_holds_no_values,
        python("src/muster/storage/users.py", "cursor.execute(f'PRAGMA user_version = {version}')"),
        python("src/muster/storage/sqlite.py", "cursor.execute(f'PRAGMA user_version = {version}')"),
    ),
    (
        rules.network_only_outside,
        python("src/muster/core/users/actions.py", "from urllib.request import urlopen"),
        python("src/muster/outside/http.py", "import httpx", "import socket"),
    ),
    (
        rules.network_only_outside,
        python("src/muster/outside/openid.py", "def f():", "    import httpx"),
        python("src/muster/outside/openid.py", "from muster.core.outside import Outside"),
    ),
    (
        rules.network_only_outside,
        python("src/muster/oidc/backchannel.py", "import socket"),
        python("src/muster/server/sockets.py", "import socket"),
    ),
    (
        rules.network_only_outside,
        python("src/muster/storage/postgres.py", "reader, writer = await asyncio.open_connection(host, 1)"),
        python("src/muster/server/sockets.py", "server = await asyncio.start_server(handle, host, 1)"),
    ),
    (
        rules.network_only_outside,
        python("src/muster/cli/check.py", "def f():", "    import smtplib"),
        python("src/muster/cli/check.py", "from urllib.parse import urlsplit"),
    ),
    (
        rules.core_stands_alone,
        python("src/muster/core/tokens.py", "from cryptography.hazmat.primitives import hashes"),
        python("src/muster/crypto/tokens.py", "from cryptography.hazmat.primitives import hashes"),
    ),
    (
        rules.core_stands_alone,
        python("src/muster/core/users/actions.py", "from muster.storage.users import Users"),
        python("src/muster/core/users/actions.py", "import msgspec", "from muster.core.errors import NotFound"),
    ),
    (
        rules.time_is_handed_in,
        python("src/muster/core/users/model.py", "import time", "now = time.time()"),
        python("src/muster/core/clock.py", "import time", "now = time.time()"),
    ),
    (
        rules.time_is_handed_in,
        python("src/muster/core/users/model.py", "from datetime import datetime, UTC", "now = datetime.now(UTC)"),
        python("src/muster/core/users/model.py", "now = tx.now()"),
    ),
    (
        rules.names_say_something,
        python("src/muster/core/user_utils.py", "x = 1"),
        python("src/muster/core/utilisation.py", "x = 1"),
    ),
    (
        rules.nothing_of_one_machine,
        python("docs/running.md", "see /wo" + "rk/main/README.md"),
        python("docs/running.md", "see /var/lib/muster and framework/main"),
    ),
    (
        rules.nothing_of_one_machine,
        python("lock/runtime.txt", "--index-" + "url https://packages.example/simple"),
        python("Makefile", "uv pip compile --no-emit-index-url"),
    ),
]


@pytest.fixture(scope="module")
def sources() -> list[Source]:
    return checkout()


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.__name__)
def test_the_checkout_keeps_the_rule(rule: rules.Rule, sources: list[Source]) -> None:
    violations = [violation for source in sources for violation in rule(source)]
    assert not violations, "\n".join([f"{rule.__name__}: {rule.__doc__}", *violations])


@pytest.mark.parametrize(("rule", "broken", "kept"), CASES, ids=lambda part: getattr(part, "__name__", ""))
def test_the_rule_catches_a_violation_and_nothing_else(rule: rules.Rule, broken: Source, kept: Source) -> None:
    found = list(rule(broken))
    assert len(found) >= 1
    assert all(violation.startswith(f"{broken.path}:") for violation in found)
    assert list(rule(kept)) == []


def test_every_rule_is_proved_and_gives_its_reason() -> None:
    assert {rule for rule, _, _ in CASES} == set(rules.RULES)
    assert all(rule.__doc__ for rule in rules.RULES)


def test_the_table_of_vendor_words_names_only_what_is_there() -> None:
    """An exception nobody uses any more would let the next violation in."""
    texts = {source.path: source.text for source in checkout()}
    stale = {
        f"{path}: {word}"
        for path, words in rules.VENDOR_WORDS.items()
        for word in words
        if path not in texts or word not in texts[path]
    }
    assert stale == set()


def test_the_rules_see_the_project() -> None:
    paths = {source.path for source in checkout()}
    assert {
        "Makefile",
        "pyproject.toml",
        ".ci/run",
        "lock/runtime.txt",
        "src/muster/core/errors.py",
        "tests/architecture/rules.py",
    } <= paths
    assert not any(path.startswith((".venv/", ".git/", ".cache/")) for path in paths)
