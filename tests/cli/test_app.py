"""What every command has in common: help, options, and how a mistake is told."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from muster.cli.app import COMMANDS
from muster.settings import OPTIONS
from tests.cli.conftest import Cli
from tests.process import environment


def test_help_lists_the_commands_and_imports_none_of_them(cli: Cli) -> None:
    answer = cli.plain("--help")

    assert answer.code == 0
    for name in ("serve", "credentials", "check", "user", "tenant", "key", "migrate", "backup", "restore"):
        assert f"\n  {name} " in answer.out

    heavy = (
        "asyncio",
        "msgspec",
        "rich",
        "uvicorn",
        "cryptography",
        "starlette",
        "muster.settings",
        "muster.cli.serve",
    )
    program = (
        f"import sys; from muster.cli.app import run; run(['--help']); print([m for m in {heavy} if m in sys.modules])"
    )

    shown = subprocess.run(
        [sys.executable, "-c", program], env=environment(), capture_output=True, text=True, check=True
    )
    assert shown.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself_with_examples(cli: Cli, name: str) -> None:
    answer = cli.plain(name, "--help")

    assert answer.code == 0
    assert "Example" in answer.out


def test_every_command_takes_the_options_of_the_database(cli: Cli) -> None:
    for name in ("serve", "credentials", "check", "migrate", "backup", "restore", "outbox"):
        text = cli.plain(name, "--help").out
        assert all(option in text for option in ("--data-dir", "--database-url", "--config")), name


def test_serve_takes_every_setting(cli: Cli) -> None:
    text = cli.plain("serve", "--help").out
    assert [name for name in OPTIONS if f"--{name.replace('_', '-')}" not in text] == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["serv"], "muster: No such command 'serv'. Did you mean 'serve'? See muster --help\n"),
        (
            ["serve", "--trusted-proxes", "x"],
            "muster: No such option '--trusted-proxes'. Did you mean '--trusted-proxies'? See muster serve --help\n",
        ),
        (["user", "lst"], "muster: No such command 'lst'. Did you mean 'list'? See muster user --help\n"),
        (["serve", "--workers", "two"], "muster: --workers: must be a whole number above 0. See muster serve --help\n"),
        (
            ["serve", "--port", "70000"],
            "muster: --port: must be a port number from 0 to 65535. See muster serve --help\n",
        ),
        (["serve", "--tls-cert", "a"], "muster: --tls-cert and --tls-key belong together. See muster serve --help\n"),
        (
            ["serve", "--smtp-url", "smtp://mail"],
            "muster: smtp_url needs mail_from: the address that mails come from. See muster serve --help\n",
        ),
        (
            ["serve", "--dev-outbox", "on", "--public-url", "https://users.example.com"],
            (
                "muster: dev_outbox shows codes and links that were meant for others, so it is for development alone: "
                "it cannot be on where a public_url is set. See muster serve --help\n"
            ),
        ),
        (["migrate", "--config", "no.toml"], "muster: there is no file no.toml. See muster migrate --help\n"),
        (["migrate", "extra"], "muster: Got unexpected extra argument (extra) See muster migrate --help\n"),
        (["user", "create"], "muster: Give --email, --username or both. See muster user create --help\n"),
    ],
)
def test_what_is_not_understood_is_one_line_and_exit_code_2(cli: Cli, arguments: list[str], told: str) -> None:
    answer = cli.plain(*arguments)
    assert (answer.code, answer.out, answer.err) == (2, "", told)


def test_a_database_url_that_is_none_is_not_repeated(cli: Cli) -> None:
    answer = cli.plain("migrate", "--database-url", "mysql://root:hunter2@db/users")

    assert answer.code == 2
    assert answer.err.startswith("muster: the database URL must have one of these forms: sqlite:///")
    assert "hunter2" not in answer.err


def test_nothing_at_all_shows_the_help(cli: Cli) -> None:
    answer = cli.plain()
    assert answer.code == 2
    assert "Commands:" in answer.err


def test_an_unknown_line_of_the_file_is_an_error_that_knows_better(cli: Cli) -> None:
    Path("muster.toml").write_text('publik_url = "https://users.example.com"\n', "utf-8")
    answer = cli.plain("migrate")
    assert (answer.code, answer.err) == (
        2,
        "muster: muster.toml: unknown setting publik_url; did you mean public_url? See muster migrate --help\n",
    )


def test_an_unknown_name_in_the_environment_is_only_a_warning(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSTER_PROT", "1")
    answer = cli.plain("migrate")
    assert answer.code == 0
    assert (
        answer.err
        == "muster: warning: MUSTER_PROT is no setting of Muster's and is ignored; did you mean MUSTER_PORT?\n"
    )


def test_a_flag_wins_over_the_environment_and_that_over_the_file(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("file", "environment", "flag"):
        assert cli.plain("migrate", "--data-dir", name).code == 0

    def shown(*flags: str) -> str:
        return cli.plain("check", *flags, "--json").out.split('"text": "')[1].partition('"')[0]

    Path("muster.toml").write_text('data-dir = "file"\n', "utf-8")
    assert shown() == str(Path("file").resolve())
    monkeypatch.setenv("MUSTER_DATA_DIR", "environment")
    assert shown() == str(Path("environment").resolve())
    assert shown("--data-dir", "flag") == str(Path("flag").resolve())


@pytest.mark.parametrize(
    "arguments", [["credentials"], ["user", "list"], ["tenant", "list"], ["key", "list"], ["outbox"]]
)
def test_where_nothing_was_started_the_advice_is_to_start_and_nothing_is_made(cli: Cli, arguments: list[str]) -> None:
    answer = cli.plain(*arguments)
    assert (answer.code, answer.out, answer.err) == (
        1,
        "",
        "muster: nothing was started on this database yet; run muster serve first, or give --data-dir or --database-url\n",
    )
    assert not Path("muster-data").exists()


def test_a_folder_with_any_name_will_do(cli: Cli) -> None:
    odd = "100% sure? #1"
    assert cli.plain("migrate", "--data-dir", odd).code == 0
    assert (Path(odd) / "muster.db").is_file()
