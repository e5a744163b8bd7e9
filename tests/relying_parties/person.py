"""Somebody at a browser: goes to pages, fills in what is asked for, and reads what is there."""

from __future__ import annotations

import json
import re
from typing import Any

from playwright.async_api import Page

from tests.process import Muster

ARGUMENTS = [
    "--no-sandbox",  # as root there is none to be had
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


class Person:
    """`page` is where they are. What they are called and know is for each test to say."""

    def __init__(self, page: Page, house: Muster) -> None:
        self.page = page
        self.house = house
        page.set_default_timeout(20_000)

    async def goes_to(self, url: str) -> None:
        await self.page.goto(url if "://" in url else f"{self.house.tls_url}{url}")

    async def fills(self, name: str, value: str) -> None:
        """A field of the form, by its name."""
        await self.page.locator(f"input[name={name}]:visible").first.fill(value)

    async def submits(self, action: str = "") -> None:
        """The form with this action, or the first one that has a visible button."""
        form = f"form[action$='{action}'] " if action else "main form "
        await self.page.locator(f"{form}button[type=submit]:visible, {form}button:not([type]):visible").first.click()

    async def signs_in(self, identifier: str, password: str) -> None:
        """From the first page to where the sign-in leads."""
        await self.fills("identifier", identifier)
        await self.submits("/identify")
        await self.fills("password", password)
        await self.submits("/password")

    async def reads(self) -> str:
        """The words of the page."""
        return await self.page.inner_text("body")

    async def reads_json(self, url: str | re.Pattern[str]) -> Any:
        """What an application tells in plain text, once the browser is there."""
        await self.page.wait_for_url(url)
        await self.page.wait_for_function(
            "document.body.innerText.trim().startsWith('{') || document.body.innerText.startsWith('\"')"
        )
        return json.loads(await self.reads())
