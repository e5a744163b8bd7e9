"""docs/openid.md: its commands and its program run as they are printed beside a real server; its tables are the code's."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import pytest

from muster.core.apps.model import Api, Application
from muster.core.credentials import sent_codes
from muster.core.oauth import device
from muster.dialects.auth0.wire.ids import NATIVE
from muster.dialects.clerk.wire.ids import show_id as as_clerk_has_it
from muster.dialects.monocloud.wire.ids import encode as as_monocloud_has_it
from muster.oidc import client_auth, codes, jwks, passwordless, token, tokens
from muster.oidc.app import ROUTES
from muster.oidc.authorize import RESUME
from muster.oidc.logout import CONFIRM
from muster.oidc.steps.prompt import PROMPTS
from muster.oidc.steps.response import RESPONSE_MODES, RESPONSE_TYPES
from tests.docs.printed import CHECKOUT, blocks, commands, page, typed
from tests.process import environment, serving

PAGE = page("docs/openid.md")
NOT_CALLED = {RESUME, CONFIRM}
"""Where our own pages lead back to."""


def section(heading: str) -> str:
    return PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def test_the_table_of_endpoints_is_the_routes() -> None:
    rows = [line.split("|")[2] for line in section("Endpoints").splitlines() if line.startswith("| ")]
    listed = [path for row in rows for path in re.findall(r"`(/[^`]*)`", row)]
    assert sorted(listed) == sorted({route.path for route in ROUTES} - NOT_CALLED)


def test_what_is_there_is_what_is_told() -> None:
    rows = [line.split("|")[1:4] for line in section("What is there, and what is not").splitlines() if "|" in line]
    there = {name.strip(): re.findall(r"`([^`]*)`", cell) for name, cell, _ in rows}
    assert there["response types"] == list(RESPONSE_TYPES)
    assert there["response modes"] == list(RESPONSE_MODES)
    assert {*there["grant types"], passwordless.GRANT_TYPE} == token.GRANTS.keys()
    assert there["proof of the client"] == list(client_auth.METHODS)
    prompts = next(line for line in PAGE.splitlines() if line.startswith("| `prompt`"))
    assert re.findall(r"`([a-z_]+)`", prompts)[1:] == list(PROMPTS)


def test_the_figures_are_the_codes() -> None:
    app, api = Application(id="", name=""), Api(id="", name="", identifier="")
    day = 86_400
    assert (codes.CODE_LIFETIME, tokens.OPAQUE_LIFETIME, device.LIFETIME) == (60_000, 3_600, 15 * 60_000)
    assert (app.id_token_lifetime, api.token_lifetime) == (36_000, day)
    assert (app.refresh.lifetime, app.refresh.idle, app.refresh.grace) == (30 * day, 15 * day, 0)
    assert (device.LENGTH, device.MOST_TRIES, device.WINDOW, device.INTERVAL) == (8, 20, 600_000, 5)
    assert client_auth.LONGEST_ASSERTION == 3_600
    assert sent_codes.LIFETIME == 600_000
    assert jwks.SHOWN == ("identity", "access", "management")


def test_a_subject_is_spelt_as_the_page_says() -> None:
    [subject] = set(re.findall(r"`sub` `([0-9a-f]{32})`", PAGE))
    spelt = dict(re.findall(r"^\| (\S.*?) \| `([^`]+)`", section("Who somebody is: `sub`"), re.MULTILINE))
    assert spelt["Auth0"].replace("\\|", "|") == NATIVE + subject
    assert spelt["Clerk"] == as_clerk_has_it("user", subject)
    assert spelt["MonoCloud"] == as_monocloud_has_it(subject)
    assert spelt["MATTR VII"].replace("-", "") == subject


@pytest.mark.slow
def test_the_commands_and_the_program_run(tmp_path: Path) -> None:
    shim = tmp_path / "bin" / "muster"
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m muster "$@"\n', "utf-8")
    shim.chmod(0o755)
    with serving(tmp_path / "muster-data") as server:
        surroundings = environment({"MUSTER_DATA_DIR": "muster-data"})
        surroundings["PATH"] = f"{shim.parent}:{surroundings['PATH']}"
        registering, machine, rotating = blocks("console", PAGE)
        told = typed(commands(registering), tmp_path, surroundings)
        assert len(re.findall(rf"^issuer +{re.escape(server.tls_url)}/$", told, re.MULTILINE)) == 3
        assert len(re.findall(r"^client_secret +\w{64}$", told, re.MULTILINE)) == 1

        [program] = blocks("python", PAGE)
        evaluate = f'eval "$({shlex.quote(sys.executable)} {CHECKOUT / "examples" / "environment.py"})"'
        run = f'REQUESTS_CA_BUNDLE="$SSL_CERT_FILE" {shlex.quote(sys.executable)} -'
        told = typed([*commands(machine), evaluate, run], tmp_path, surroundings, sent=program)
        assert told == "Bearer read:orders 86400\n"

        told = typed(commands(rotating), tmp_path, surroundings)
        assert re.findall(r"^(?:purpose|algorithm) +(\w+)$", told, re.MULTILINE) == [
            *("identity", "RS256"),
            *("access", "ES256"),
            *("management", "RS256"),
        ]
