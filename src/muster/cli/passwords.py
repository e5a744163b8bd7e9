"""`muster passwords`: lists of passwords that nobody should have."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import click

GROUP = """\b
Example:
  muster passwords build-filter words.txt --output words.filter"""

BUILD = """\b
Examples:
  muster passwords build-filter pwned-passwords-sha1-ordered-by-count.txt --output breached.filter
  muster passwords build-filter company-words.txt
      writes company-words.txt.filter
  MUSTER_BREACHED_PASSWORDS=breached.filter muster serve

\b
FILE has one password a line, or SHA1:count as Have I Been Pwned gives them; a name that ends in .gz is unpacked.
The filter takes 4.25 bytes a password, holds no password that could be read out of it, and takes a password
that is not in the list for one that is about twice in ten million times."""


@click.group(epilog=GROUP)
def passwords() -> None:
    """Make lists of passwords to refuse."""


@passwords.command("build-filter", epilog=BUILD)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--output", metavar="OUT", type=click.Path(dir_okay=False, path_type=Path), help="[default: FILE.filter]")
def build_filter(file: Path, output: Path | None) -> None:
    """Make a filter of breached passwords from the list FILE."""
    from muster.crypto.breached import build

    written = output or file.with_name(f"{file.name}.filter")
    if written.exists() and written.samefile(file):
        raise click.UsageError("the output would replace the list.")
    with _progress(file) as tell:
        count = build(file, written, tell)
    click.echo(f"wrote {written}: {count:,} passwords, {written.stat().st_size:,} bytes")


@contextlib.contextmanager
def _progress(file: Path) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _bytes: None
        return
    columns = (TextColumn("{task.percentage:>3.0f} %"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=file.stat().st_size)
        yield lambda done: progress.update(task, completed=done)
