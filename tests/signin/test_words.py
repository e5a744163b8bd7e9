"""The texts: the same names and values in every language, every one that is asked for there, and none in a template."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from muster.core.sign_in.model import Step
from muster.signin import errors, words
from muster.signin.words import Words, choose, languages, texts_of

FOLDER = Path(words.__file__).parent
TEMPLATES = sorted((FOLDER / "templates").rglob("*.html"))
VALUES = re.compile(r"\{(\w+)\}")

# What stands between the tags of a template once its own language is taken out.
EXPRESSION = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
TAG = re.compile(r"<[^>]*>", re.DOTALL)


@pytest.mark.parametrize("language", languages())
def test_every_language_has_the_same_texts_and_values(language: str) -> None:
    english, other = texts_of("en"), texts_of(language)
    assert other.keys() == english.keys()
    values = {name: set(VALUES.findall(text)) for name, text in other.items()}
    assert values == {name: set(VALUES.findall(text)) for name, text in english.items()}
    assert all(text.strip() for text in other.values())


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_template_holds_a_text(template: Path) -> None:
    source = template.read_text("utf-8")
    left = re.sub(r' class="[^"]*"', "", TAG.sub("", EXPRESSION.sub("", source)))
    assert re.findall(r"[^\W\d_]{2,}", left.replace("&amp;", "")) == []
    spoken = re.findall(r'\b(?:alt|title|placeholder|aria-label)="([^"{]+)"', EXPRESSION.sub("", source))
    assert spoken == []


def test_every_text_that_is_asked_for_is_there() -> None:
    """By its whole name in a template, or by its beginning where the rest is found out when the page is made."""
    names = texts_of("en").keys()
    for template in TEMPLATES:
        for beginning, goes_on in re.findall(r'\bt\(\(?"([a-z_]+\.[a-z_.]*)"( ~)?', template.read_text("utf-8")):
            found = beginning in names if not goes_on else any(name.startswith(beginning) for name in names)
            assert found, f"{template.name}: {beginning}"
    for fault in (*errors.FAULTS.values(), *errors.FAULT_KINDS.values()):
        assert f"fault.{fault.text}" in names
    for shown in (errors.OTHER_BROWSER, *errors.PAGES.values(), *errors.PAGE_KINDS.values()):
        assert {f"refused.{shown.text}.title", f"refused.{shown.text}.next"} <= names


def test_every_step_has_a_page() -> None:
    pages = {path.stem for path in TEMPLATES if path.parent.name == "sign_in"}
    assert set(Step.__args__) - {"done"} <= pages  # type: ignore[attr-defined]


def test_a_tenants_own_text_comes_first_and_can_do_nothing_but_stand_there() -> None:
    own = {"sign_in.onward_to": "{app} {app.__class__} {nothing} {0} %s {{app}}", "sign_in.submit": ""}
    t = Words("en", own)
    assert t("sign_in.onward_to", app="<Ledger>") == "<Ledger> {app.__class__} {nothing} {0} %s {<Ledger>}"
    assert t("sign_in.submit") == "Sign in"
    assert not t.has("no.such")
    with pytest.raises(KeyError):
        t("no.such")


@pytest.mark.parametrize(
    ("wanted", "accept", "usual", "chosen"),
    [
        ((), "", "en", "en"),
        ((), "", "de", "de"),
        ((), "", "tlh", "en"),
        (("de",), "en", "en", "de"),
        (("", "fr", "de-AT"), "en", "en", "de"),
        ((), "de-DE,de;q=0.9,en;q=0.8", "en", "de"),
        ((), "en;q=0.2, de;q=0.3", "en", "de"),
        ((), "de;q=0, en;q=0.1", "de", "en"),
        ((), "fr, es;q=0.5", "de", "de"),
        ((), ",".join(["x" * 9] * 5000) + ",de", "en", "en"),
        ((), "de;q=nan, ;;;, *;q=1", "en", "en"),
        (("../../etc/passwd",), "../en", "en", "en"),
    ],
)
def test_the_language(wanted: tuple[str, ...], accept: str, usual: str, chosen: str) -> None:
    assert choose(wanted, accept, usual) == chosen
