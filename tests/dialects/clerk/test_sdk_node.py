"""The vendor's own JavaScript client, unmodified, in both its generations, against the real process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests import node
from tests.dialects.clerk import strictness
from tests.dialects.clerk.exchanges import Exchange
from tests.dialects.clerk.operations import not_called

STORY = Path(__file__).parent / "node" / "story.mjs"


@pytest.mark.parametrize("package", ["clerk-1", "clerk-3"])  # as node/package.json calls 1.34.0 and 3.20.1
def test_every_call(credentials: dict[str, Any], package: str) -> None:
    folder = node.client_of("clerk")
    if folder is None:
        pytest.skip(node.NEEDED)
    given = credentials["clerk"]
    environment = {
        "CLERK_SECRET_KEY": given["secret_key"],
        "CLERK_API_URL": given["base_url"].removesuffix("/v1"),
    }
    seen = [Exchange(*row) for row in node.told(STORY, folder, environment, package)]
    assert not_called(seen) == set()
    assert strictness.broken(seen) == {}
