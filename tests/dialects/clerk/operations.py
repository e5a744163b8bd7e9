"""The operations of the contract that are served, against which the vendor's clients are measured."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence

from muster.dialects.clerk import app
from tests import clients
from tests.dialects.clerk.exchanges import Exchange

CONTRACT = clients.CHECKOUT / "docs" / "dialects" / "clerk.csv"


def delivered() -> set[tuple[str, str]]:
    """Method and path, nameless, of every operation of the contract that is served."""
    with CONTRACT.open(encoding="utf-8") as rows:
        listed = {(row["method"], nameless(row["path"])) for row in csv.DictReader(rows)}
    return listed & {(route.method, nameless(route.path)) for route in app.BACKEND}


def not_called(exchanges: Sequence[Exchange]) -> set[tuple[str, str]]:
    """The delivered operations that no exchange ended well for."""
    return delivered() - {operation_of(each) for each in exchanges if each.status == 200}


def operation_of(exchange: Exchange) -> tuple[str, str]:
    """The served operation that answered: the one with the fewest names in its path, as `/users/count` is no user."""
    served = {(route.method, nameless(route.path)) for route in app.BACKEND}
    fitting = [
        (method, path)
        for method, path in served
        if method == exchange.method and re.fullmatch(path.replace("{}", "[^/]+"), exchange.path)
    ]
    return min(fitting, key=lambda each: each[1].count("{}"))


def nameless(path: str) -> str:
    return re.sub(r"\{\w+\}", "{}", path)
