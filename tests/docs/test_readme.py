"""The README's tour, exactly as it is printed, on a copy of the checkout: from `make serve` to the vendor's own SDKs."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import signal
import site
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.process import PATIENCE, READY, environment

CHECKOUT = Path(__file__).resolve().parents[2]
README = (CHECKOUT / "README.md").read_text("utf-8")
NOT_COPIED = shutil.ignore_patterns(".*", "muster-data", "muster.toml", "__pycache__", "build", "dist")


def blocks(language: str, text: str = README) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def commands(block: str) -> list[str]:
    return [line.removeprefix("$ ") for line in block.splitlines() if line.startswith("$ ")]


FIRST, *SECOND = blocks("console", README.partition("## What works")[0])


def test_the_first_terminal_shows_all_that_a_start_takes() -> None:
    clone, serve = commands(FIRST)
    assert (clone, serve) == ("git clone <this repository> muster && cd muster", "make serve")
    assert READY.fullmatch(FIRST.splitlines()[-1] + "\n")


def test_the_program_that_is_shown_is_the_one_that_runs() -> None:
    shown = [
        (CHECKOUT / "examples" / f"{name}_tour.py").read_text("utf-8").partition('"""\n\n')[2]
        for name in ("auth0", "clerk", "three_more")
    ]
    assert blocks("python") == shown


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `git clone` gives: the files that git keeps, or would after `git add`. Without git, all but what chores made."""
    folder = tmp_path_factory.mktemp("readme") / "muster"
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    if not (CHECKOUT / ".git").exists() or shutil.which("git") is None:
        shutil.copytree(CHECKOUT, folder, ignore=NOT_COPIED)
        return folder
    for name in filter(
        None, subprocess.run(command, cwd=CHECKOUT, stdout=-1, text=True, check=True).stdout.split("\0")
    ):
        if (CHECKOUT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(CHECKOUT / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def installed(clone: Path) -> Path:
    """The clone with the environment that `make serve` would make, put together from what this one has installed.

    It bears the stamp of a finished one, so that `make serve` takes it as it is and nothing is downloaded.
    """
    spec = importlib.util.spec_from_file_location("bootstrap", clone / "scripts" / "bootstrap.py")
    assert spec is not None
    assert spec.loader is not None
    bootstrap = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(bootstrap)
    made = clone / ".venv"
    venv.EnvBuilder(symlinks=True).create(made)
    [libraries] = made.glob("lib/python*/site-packages")
    paths = [str(clone / "src"), *site.getsitepackages()]
    (libraries / "tour.pth").write_text("".join(f"{path}\n" for path in paths), "utf-8")
    for name, module in (("muster", "muster"), ("pip", "pip")):
        script = made / "bin" / name
        script.write_text(f'#!/bin/sh\nexec "{made}/bin/python" -m {module} "$@"\n', "utf-8")
        script.chmod(0o755)
    (made / bootstrap.UNFINISHED).touch()
    bootstrap.finish(made, {"place": bootstrap.place(made), "runtime": bootstrap.fingerprint("runtime")})
    return clone


@pytest.fixture(scope="module")
def second_terminal(installed: Path) -> Iterator[dict[str, str]]:
    """The environment of a terminal beside the server that the README has started; only its ports are free ones."""
    if shutil.which("make") is None:
        pytest.skip("needs make")
    surroundings = environment({"MUSTER_PORT": "0", "MUSTER_TLS_PORT": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"})
    del surroundings["PYTHONPATH"]
    surroundings["PYTHON"] = sys.executable
    _, serve = commands(FIRST)
    with (installed / "serve.log").open("w") as log:
        server = subprocess.Popen(
            ["sh", "-c", serve],
            cwd=installed,
            env=surroundings,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
        )
    assert server.stdout is not None
    line = server.stdout.readline()
    assert READY.fullmatch(line), line + (installed / "serve.log").read_text("utf-8")
    yield surroundings
    os.killpg(server.pid, signal.SIGTERM)
    server.wait(PATIENCE)
    server.stdout.close()


def typed(lines: list[str], cwd: Path, surroundings: dict[str, str], sent: str = "") -> str:
    """What one shell prints when these lines are typed into it one after the other."""
    script = "\n".join(["set -e", *lines])
    answer = subprocess.run(
        ["sh", "-c", script],
        cwd=cwd,
        env=surroundings,
        input=sent,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer.stdout


ZOE = r"auth0\|[0-9a-f]{32} Zoë Smith team\n"


@pytest.fixture(scope="module")
def brought_in(installed: Path, second_terminal: dict[str, str]) -> list[str]:
    """What was shown when the people of the sample file were brought in, which can be done once."""
    return typed(commands(SECOND[0]), installed, second_terminal).splitlines()


def test_the_tour(installed: Path, second_terminal: dict[str, str], brought_in: list[str]) -> None:
    imported, heading, *users = brought_in
    assert re.fullmatch(r"read 1000, inserted 1000, updated 0, rejected 0 in [0-9.]+ s", imported)
    assert heading.split()[:2] == ["id", "email"]
    assert [line.split()[1] for line in users] == [
        "william.davies.0@example.com",
        "aya-abdallah1@mail.example.com",
        "zoe_smith2@mail.example.com",
    ]

    told = typed(commands(SECOND[1]), installed, second_terminal).splitlines(keepends=True)
    zoe, chicago, jane = told[-3:]
    assert re.fullmatch(ZOE, zoe)
    assert len(chicago.split(", ")) == 5
    assert jane == "jane@example.com {'theme': 'dark'} True\n"


def test_the_tours_of_the_other_apis(installed: Path, second_terminal: dict[str, str], brought_in: list[str]) -> None:
    [evaluate] = [line for line in commands(SECOND[1]) if line.startswith("eval ")]
    clerk = typed([evaluate, *commands(SECOND[2])], installed, second_terminal).splitlines()[-1]
    assert re.fullmatch(r"user_[0-9A-Za-z]{27} Zoë team", clerk)

    three = typed([evaluate, *commands(SECOND[3])], installed, second_terminal).splitlines()
    monocloud, mattr, netwrix = three
    assert re.fullmatch(r"[\w-]{21} Zoë Smith", monocloud)
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12} Zoë Smith", mattr)
    assert re.fullmatch(r"[0-9]+ zoe_smith2@mail.example.com Zoë", netwrix)


def test_the_tour_in_node(
    installed: Path, second_terminal: dict[str, str], brought_in: list[str], auth0_node_client: Path
) -> None:
    [evaluate] = [line for line in commands(SECOND[1]) if line.startswith("eval ")]
    [program] = blocks("javascript")
    lines = [evaluate, f'cd "{auth0_node_client}"', "node --input-type=module -"]
    assert re.fullmatch(ZOE, typed(lines, installed, second_terminal, sent=program))
