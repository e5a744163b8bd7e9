"""The list of commands, how they are found, and how a failure is told: one line on standard error, and an exit code."""

import difflib
import importlib
import importlib.util
import os
import sys
from collections.abc import Sequence
from typing import Final, NamedTuple

import click

from muster import __version__

USAGE, FAILED, INTERRUPTED = 2, 1, 130


class Entry(NamedTuple):
    """Where a command is, and what `muster --help` says of it."""

    place: str
    help: str


COMMANDS: Final = {
    "serve": Entry("serve:serve", "Run the server."),
    "credentials": Entry("credentials:credentials", "Show the addresses, keys and first password of a server."),
    "check": Entry("check:check", "Look for what would keep a server from running well."),
    "user": Entry("user:user", "List, show, create and delete users; reset a password."),
    "tenant": Entry("tenant:tenant", "List and create tenants."),
    "key": Entry("key:key", "List, create and revoke the keys that programs call with; rotate those that sign."),
    "app": Entry("application:app", "List, create and delete the applications that people sign in to."),
    "settings": Entry(
        "sign_in_settings:settings_group", "Show and change how people come in and what the pages look like."
    ),
    "connection": Entry("connection:connection", "List, add and remove the identity providers that people come from."),
    "import": Entry("import_:import_group", "Bring users in from a file."),
    "passwords": Entry("passwords:passwords", "Make lists of passwords to refuse."),
    "export": Entry("export:export", "Write users to a file."),
    "jobs": Entry("jobs:jobs", "List, show and cancel imports and exports."),
    "events": Entry("events:events", "Follow what happens, or look up what happened."),
    "webhook": Entry("webhook:webhook", "List, add and remove the addresses that are told of events."),
    "outbox": Entry("outbox:outbox", "List the messages that wait to be sent."),
    "demo": Entry("demo:demo", "Invent users to try the server with."),
    "migrate": Entry("database:migrate", "Bring the database to this version's schema."),
    "reindex": Entry("reindex:reindex", "Make the search rows of users anew."),
    "backup": Entry("database:backup", "Write everything in the database to a file."),
    "restore": Entry("database:restore", "Fill an empty database from a backup."),
}


class Commands(click.Group):
    """The commands, each imported only when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return [name for name, entry in COMMANDS.items() if importlib.util.find_spec(_module(entry))]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        entry = COMMANDS.get(cmd_name)
        if entry is None or importlib.util.find_spec(_module(entry)) is None:
            return None
        command: click.Command = getattr(importlib.import_module(_module(entry)), entry.place.partition(":")[2])
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            ctx.fail(f"No such command '{args[0]}'." + (f" Did you mean '{near[0]}'?" if near else ""))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name].help) for name in self.list_commands(ctx)])


def _module(entry: Entry) -> str:
    return f"muster.cli.{entry.place.partition(':')[0]}"


@click.command(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""\b
Start here:
  muster serve                 run a server on this machine
  muster credentials           what to put into your program
  muster COMMAND --help        what a command takes, with examples

\b
Every option is also MUSTER_<NAME> in the environment and a line of muster.toml.
Every command except serve works beside a running server.""",
)
@click.version_option(__version__, prog_name="muster", message="%(prog)s %(version)s")
def cli() -> None:
    """A self-hosted identity server that speaks the user APIs of five vendors."""


def run(arguments: Sequence[str]) -> int:
    """Run one command line; the exit code is 0, 1 when it failed, 2 when it was not understood."""
    try:
        code = cli.main(list(arguments), prog_name="muster", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return USAGE
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx is not None else "muster"
        return _tell(f"{error.format_message()} See {command} --help", USAGE)
    except click.ClickException as error:
        return _tell(error.format_message(), error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has seen enough; Python would complain once more while it closes the stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:
        from muster.cli.failures import told

        text = told(error)
        if text is None:
            raise
        return _tell(text, FAILED)
    return code if isinstance(code, int) else 0


def _tell(text: str, code: int) -> int:
    click.echo("muster: " + " ".join(text.split()), err=True)
    return code
