"""`muster demo`: invented users to try the server with."""

from pathlib import Path
from typing import Literal

import click

EPILOG = """\b
Examples:
  muster demo --users 1000
  muster demo --users 100000 --seed 7 --out people.ndjson
  muster import auth0 demo-users.ndjson

\b
One seed always gives the same people. Their addresses are at example.com, example.org and example.net, and
their passwords are demo-password-01 to demo-password-16, in turn: never bring them into a real server."""


@click.command(epilog=EPILOG)
@click.option("--users", metavar="N", type=click.IntRange(0, 10_000_000), required=True, help="How many.")
@click.option("--seed", metavar="S", type=int, default=1, show_default=True, help="Which people.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    default="demo-users.ndjson",
    show_default=True,
    help="File to write; an array for a name that ends in .json, else one object a line.",
)
def demo(users: int, seed: int, out: Path) -> None:
    """Invent users and write them as a file for `muster import auth0`."""
    from rich.console import Console
    from rich.progress import Progress

    from muster.demo import write_import_file

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("inventing", total=users)
        form: Literal["json", "ndjson"] = "json" if out.suffix == ".json" else "ndjson"
        write_import_file(out, users, seed, form=form, progress=lambda done: progress.update(task, completed=done))
    click.echo(f"wrote {out} ({users:,} users, {out.stat().st_size:,} bytes)")
