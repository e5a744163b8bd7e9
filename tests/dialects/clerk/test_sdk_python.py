"""The vendor's own Python client, unmodified, in both its generations, against the real process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from clerk_backend_api import Clerk
from clerk_backend_api.utils.retries import BackoffStrategy, RetryConfig

from tests import clients, pypi
from tests.dialects.clerk import calls, strictness
from tests.dialects.clerk.exchanges import Exchange, recording
from tests.dialects.clerk.operations import not_called
from tests.process import PATIENCE

OLDER = Path(__file__).parent / "python" / "story.py"
ONCE = RetryConfig("backoff", BackoffStrategy(1, 1, 1.0, 1), retry_connection_errors=False)
pytestmark = pytest.mark.filterwarnings("ignore:warning. .. DEPRECATED:DeprecationWarning")  # the client's own


def test_every_call_of_7_0_0(credentials: dict[str, Any]) -> None:
    seen: list[Exchange] = []
    given = credentials["clerk"]
    with recording(seen) as http:
        sdk = Clerk(bearer_auth=given["secret_key"], server_url=given["base_url"], client=http, retry_config=ONCE)
        for topic in calls.TOPICS:
            topic(sdk)
    assert not_called(seen) == set()
    assert strictness.broken(seen) == {}


def test_every_call_of_1_8_0(credentials: dict[str, Any]) -> None:
    folder = pypi.client_of("clerk")
    if folder is None:
        pytest.skip(pypi.NEEDED)
    given = credentials["clerk"]
    answer = subprocess.run(
        [sys.executable, str(OLDER)],
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join((str(folder), str(clients.CHECKOUT))),
            "CLERK_SECRET_KEY": given["secret_key"],
            "CLERK_BASE_URL": given["base_url"],
        },
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    seen = [Exchange(*row) for row in json.loads(answer.stdout)]
    assert not_called(seen) == set()
    assert strictness.broken(seen) == {}
