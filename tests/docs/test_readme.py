"""The README's tour, exactly as it is printed, on a copy of the checkout: from `make serve` to the vendor's own SDKs."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import signal
import site
import ssl
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from PIL import Image

from tests.docs.printed import CHECKOUT, blocks, commands, page, typed
from tests.process import PATIENCE, READY, environment
from tests.relying_parties.conftest import free_port
from tests.signin.html_page import Page

README = page("README.md")
NOT_COPIED = shutil.ignore_patterns(".*", "muster-data", "muster.toml", "__pycache__", "build", "dist")


FIRST, *SECOND = blocks("console", README.partition("## What works")[0])
TOURS = SECOND[:4]
[SIGN_IN] = SECOND[4:]


def test_the_first_terminal_shows_all_that_a_start_takes() -> None:
    clone, serve = commands(FIRST)
    assert (clone, serve) == ("git clone <this repository> muster && cd muster", "make serve")
    assert READY.fullmatch(FIRST.splitlines()[-1] + "\n")


def test_the_program_that_is_shown_is_the_one_that_runs() -> None:
    shown = [
        (CHECKOUT / "examples" / f"{name}.py").read_text("utf-8").partition('"""\n\n')[2]
        for name in ("auth0_tour", "clerk_tour", "three_more_tour", "sign_in")
    ]
    assert blocks("python", README) == shown


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


ZOE = r"auth0\|[0-9a-f]{32} Zoë Smith team\n"


@pytest.fixture(scope="module")
def brought_in(installed: Path, second_terminal: dict[str, str]) -> list[str]:
    """What was shown when the people of the sample file were brought in, which can be done once."""
    return typed(commands(TOURS[0]), installed, second_terminal).splitlines()


def test_the_tour(installed: Path, second_terminal: dict[str, str], brought_in: list[str]) -> None:
    imported, heading, *users = brought_in
    assert re.fullmatch(r"read 1000, inserted 1000, updated 0, rejected 0 in [0-9.]+ s", imported)
    assert heading.split()[:2] == ["id", "email"]
    assert [line.split()[1] for line in users] == [
        "william.davies.0@example.com",
        "aya-abdallah1@mail.example.com",
        "zoe_smith2@mail.example.com",
    ]

    told = typed(commands(TOURS[1]), installed, second_terminal).splitlines(keepends=True)
    zoe, chicago, jane = told[-3:]
    assert re.fullmatch(ZOE, zoe)
    assert len(chicago.split(", ")) == 5
    assert jane == "jane@example.com {'theme': 'dark'} True\n"


def test_the_tours_of_the_other_apis(installed: Path, second_terminal: dict[str, str], brought_in: list[str]) -> None:
    [evaluate] = [line for line in commands(TOURS[1]) if line.startswith("eval ")]
    clerk = typed([evaluate, *commands(TOURS[2])], installed, second_terminal).splitlines()[-1]
    assert re.fullmatch(r"user_[0-9A-Za-z]{27} Zoë team", clerk)

    three = typed([evaluate, *commands(TOURS[3])], installed, second_terminal).splitlines()
    monocloud, mattr, netwrix = three
    assert re.fullmatch(r"[\w-]{21} Zoë Smith", monocloud)
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12} Zoë Smith", mattr)
    assert re.fullmatch(r"[0-9]+ zoe_smith2@mail.example.com Zoë", netwrix)


def test_the_tour_in_node(
    installed: Path, second_terminal: dict[str, str], brought_in: list[str], auth0_node_client: Path
) -> None:
    [evaluate] = [line for line in commands(TOURS[1]) if line.startswith("eval ")]
    [program] = blocks("javascript", README)
    lines = [evaluate, f'cd "{auth0_node_client}"', "node --input-type=module -"]
    assert re.fullmatch(ZOE, typed(lines, installed, second_terminal, sent=program))


def test_somebody_signs_in(installed: Path, second_terminal: dict[str, str], brought_in: list[str]) -> None:
    """As the README tells it, and at the pages as its reader would; only the port is a free one."""
    [evaluate] = [line for line in commands(TOURS[1]) if line.startswith("eval ")]
    install, create, sign_in = (line.replace(":8000/", f":{free_port()}/") for line in commands(SIGN_IN))
    typed([install, create], installed, second_terminal)
    identifier, password = re.findall(r"`(\S+@\S+)` with the\s+password `([^`]+)`", README)[0]

    lines = "\n".join(["set -e", evaluate, f"exec env {sign_in}"])
    with subprocess.Popen(
        ["sh", "-c", lines], cwd=installed, env=second_terminal, stdout=-1, stderr=-1, text=True
    ) as program:
        assert program.stdout is not None
        address = program.stdout.readline().removeprefix("Sign in at ").strip()
        try:
            arrived = at_the_pages(installed / "muster-data" / "ca.pem", address, identifier, password)
            told, log = program.communicate(timeout=PATIENCE)
        finally:
            program.kill()
    assert program.returncode == 0, log
    assert arrived == "My shop goes on in the terminal."
    assert re.fullmatch(rf"Zoë Smith <{identifier}> is [0-9a-f]{{32}}\n", told)


def at_the_pages(authority: Path, address: str, identifier: str, password: str) -> str:
    """What somebody reads at the end who signs in there with a browser."""
    trusted = ssl.create_default_context(cafile=authority)
    with httpx.Client(verify=trusted, follow_redirects=True, trust_env=False, timeout=PATIENCE) as browser:
        answer = browser.get(address)
        for action, typed_in in (("identify", {"identifier": identifier}), ("password", {"password": password})):
            form = Page(answer.text).form(f"/sign-in/{action}")
            where = answer.url.join(form["action"])
            headers = {"origin": f"https://{where.netloc.decode()}", "sec-fetch-site": "same-origin"}
            answer = browser.post(where, data={**form.fields, **typed_in}, headers=headers)
        return answer.text


def test_the_picture_is_small_and_sharp() -> None:
    file = CHECKOUT / re.findall(r'src="([^"]+\.png)" width="(\d+)"', README)[0][0]
    assert file.stat().st_size < 60_000
    with Image.open(file) as picture:
        assert picture.width == 2 * int(re.findall(r'\.png" width="(\d+)"', README)[0])
