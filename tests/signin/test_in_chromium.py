"""Pages in a real browser, at the width of a small phone: nothing sticks out, nothing is refused by our own policy, text can
be read in light and dark whatever the tenant's colour, and where the focus is can be seen.

The browser is given the application's answers by a route, so that there is neither a server nor a network.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import httpx
import pytest
from msgspec.structs import replace
from playwright.async_api import Browser, Page, Route, async_playwright

from muster.core.settings.model import Branding
from muster.dialects.kit.call import Call
from muster.dialects.kit.reply import Reply
from muster.signin import assets, sign_in
from muster.signin.pages import page
from tests.signin import test_every_page as pages
from tests.signin.visitor import asked

WIDTH, HEIGHT = 320, 640
SITE = "https://id.example.org"

SCHEMES: Final[Sequence[Literal["light", "dark"]]] = ("light", "dark")

NAMES: Final = (
    "identify",
    "password",
    "code sent",
    "second",
    "change",
    "enrol secret",
    "verify sent",
    "consent",
    "sign_up faults",
    "reset",
    "device confirm",
    "provider sign out",
)
"""Of `test_every_page`: one of each kind."""

READABLE: Final = """() => {
  const parts = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = (colour) => colour.slice(0, 3)
    .map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, place) => sum + part * [0.2126, 0.7152, 0.0722][place], 0);
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parts(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const faults = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const style = getComputedStyle(element);
    if (!walker.currentNode.data.trim() || !element.checkVisibility() || element.closest(".unseen")) continue;
    const [one, other] = [light(parts(style.color)), light(ground(element))];
    const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (contrast < 4.5) faults.push(`${contrast.toFixed(2)} ${walker.currentNode.data.trim().slice(0, 40)}`);
  }
  for (const element of document.querySelectorAll("a, button, input:not([type=hidden]), summary")) {
    const box = element.getBoundingClientRect();
    const inText = element.matches("a, .link") || element.closest(".unseen");
    if (element.checkVisibility() && !inText && !element.matches(".unseen") && Math.min(box.width, box.height) < 20)
      faults.push(`${element.outerHTML.slice(0, 60)} is too small`);
  }
  if (document.documentElement.scrollWidth > innerWidth)
    faults.push(`${document.documentElement.scrollWidth} pixels wide`);
  const focused = document.activeElement;
  if (document.querySelector("[autofocus]") && !focused.hasAttribute("autofocus")) faults.push("the focus is elsewhere");
  if (focused !== document.body && getComputedStyle(focused).outlineStyle === "none") faults.push("the focus cannot be seen");
  return faults;
}"""


async def show(name: str) -> httpx.Response:
    """The page of that name, as `test_every_page` has them."""

    async def handler(call: Call) -> Reply:
        if name in pages.STEPS:
            view, fault = pages.STEPS[name]
            return await sign_in.answer(call, view, fault, {"identifier": "ann@example.org"})
        template, values = pages.OTHERS[name]
        return page(call, template, **values)

    return await pages.rendered(handler, "de")


async def opened(browser: Browser, faults: list[str]) -> Page:
    """A tab that asks this process for everything."""
    context = await browser.new_context(viewport={"width": WIDTH, "height": HEIGHT})
    tab = await context.new_page()

    async def answer(route: Route) -> None:
        parts = urlsplit(route.request.url)
        if parts.path.startswith(assets.BASE):
            reply = await asked(Assets(), parts.path)
        elif parts.path == "/sign-in" and route.request.url.startswith(SITE):
            reply = await show(parts.query.replace("%20", " "))
        else:
            await route.abort()
            return
        headers = {name: value for name, value in reply.headers.items() if name != "content-length"}
        await route.fulfill(status=reply.status_code, headers=headers, body=reply.content)

    await tab.route("**/*", answer)
    tab.on("console", lambda said: faults.append(said.text) if "Security Policy" in said.text else None)
    tab.on("pageerror", lambda wrong: faults.append(str(wrong)))
    return tab


class Assets:
    """The files of the pages alone."""

    async def __call__(self, scope: Any, _: Any, send: Any) -> None:
        call: Any = type("Called", (), {"path": {"name": scope["path"].rpartition("/")[2]}})
        reply = await assets.serve(call)
        await send({"status": reply.status, "headers": list(reply.headers)})
        await send({"body": reply.body})


@pytest.mark.slow
async def test_every_kind_of_page_on_a_small_phone(chromium: str, monkeypatch: pytest.MonkeyPatch) -> None:
    yellow = Branding(name="Example", colour="#ffee00")
    monkeypatch.setattr(pages, "SETTINGS", replace(pages.SETTINGS, branding=yellow))
    faults: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        tab = await opened(browser, faults)
        for name in NAMES:
            await tab.goto(f"{SITE}/sign-in?{name}")
            for scheme in SCHEMES:
                await tab.emulate_media(color_scheme=scheme)
                faults += [f"{name}, {scheme}: {fault}" for fault in await tab.evaluate(READABLE)]
            if "data-passkey" in await tab.content():
                assert await tab.locator("form[data-passkey] button").is_visible(), name
        await browser.close()
    assert not faults, "\n".join(faults)
