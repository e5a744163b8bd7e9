"""A page as a test reads it: its forms, and a check of what every page must be. No page is read without that check."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Final
from urllib.parse import urlsplit

VOID: Final = frozenset({"meta", "link", "input", "img", "hr", "br"})
TYPED: Final = frozenset({"text", "email", "tel", "password"})
AUTOCOMPLETE: Final = frozenset(
    [
        "username",
        "webauthn",
        "current-password",
        "new-password",
        "one-time-code",
        "email",
        "tel",
        "given-name",
        "family-name",
        "name",
        "nickname",
        "language",
        "off",
    ]
)


class Element:
    def __init__(self, tag: str, attributes: dict[str, str]) -> None:
        self.tag = tag
        self.attributes = attributes
        self.text = ""

    def __getitem__(self, name: str) -> str:
        return self.attributes[name]

    def get(self, name: str, default: str = "") -> str:
        return self.attributes.get(name, default)


class Form(Element):
    """`fields` are the values that would be sent as they stand; of several buttons none."""

    def __init__(self, attributes: dict[str, str]) -> None:
        super().__init__("form", attributes)
        self.fields: dict[str, str] = {}


class Page(HTMLParser):
    """The whole page; `text` is what is read of it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.elements: list[Element] = []
        self.forms: list[Form] = []
        self.faults: list[str] = []
        self._open: list[Element] = []
        self.feed(html)
        self.close()
        self.faults += [f"<{element.tag}> is not closed" for element in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if len(attributes) != len(attrs):
            self.faults.append(f"an attribute stands twice: {self.get_starttag_text()}")
        element = Form(attributes) if tag == "form" else Element(tag, attributes)
        self.elements.append(element)
        if isinstance(element, Form):
            if any(isinstance(outer, Form) for outer in self._open):
                self.faults.append("a form in a form")
            self.forms.append(element)
        form = next((outer for outer in self._open if isinstance(outer, Form)), None)
        checked = attributes.get("type") not in ("checkbox", "radio") or "checked" in attributes
        if tag == "input" and form is not None and "name" in attributes and checked:
            form.fields[attributes["name"]] = attributes.get("value", "")
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1].tag != tag:
            self.faults.append(f"</{tag}> closes {self._open[-1].tag if self._open else 'nothing'}")
            return
        closed = self._open.pop()
        if self._open:
            self._open[-1].text += closed.text

    def handle_data(self, data: str) -> None:
        if self._open:
            self._open[-1].text += data

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def all(self, tag: str) -> list[Element]:
        return [element for element in self.elements if element.tag == tag]

    @property
    def title(self) -> str:
        return self.all("title")[0].text

    @property
    def heading(self) -> str:
        return self.all("h1")[0].text.strip()

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", self.all("main")[0].text).strip()

    @property
    def alerts(self) -> list[str]:
        alerts = [
            element
            for element in self.elements
            if element.get("role") == "alert" and "hidden" not in element.attributes
        ]
        return [re.sub(r"\s+", " ", alert.text).strip() for alert in alerts]

    @property
    def focused(self) -> str:
        return next((element.get("id") for element in self.elements if "autofocus" in element.attributes), "")

    def form(self, action: str) -> Form:
        return next(form for form in self.forms if form["action"] == action)

    def check(self) -> None:
        """Everything that is wrong with it at once, as one failure."""
        faults = [*self.faults, *self._structure(), *self._scripts(), *self._inputs(), *self._forms()]
        assert not faults, "\n".join([*faults, self.html])

    def _structure(self) -> list[str]:
        faults = []
        ids = [element["id"] for element in self.elements if "id" in element.attributes]
        faults += [f"the id {id_} stands twice" for id_ in {id_ for id_ in ids if ids.count(id_) > 1}]
        for tag in ("html", "title", "h1", "main"):
            if len(self.all(tag)) != 1:
                faults.append(f"{len(self.all(tag))} <{tag}>")
        if not re.fullmatch(r"[a-z]{2}", self.all("html")[0].get("lang")):
            faults.append("no language")
        if not self.html.startswith("<!doctype html>"):
            faults.append(f"it begins with {self.html[:30]!r}")
        if not self.title.strip().strip("·").strip():
            faults.append("no title")
        for element in self.elements:
            for name in ("aria-describedby", "aria-labelledby", "for"):
                faults += [
                    f"{name} names {id_}, which there is not" for id_ in element.get(name).split() if id_ not in ids
                ]
        if sum("autofocus" in element.attributes for element in self.elements) > 1:
            faults.append("two elements want the focus")
        faults += ["a picture without a text" for image in self.all("img") if "alt" not in image.attributes]
        return faults

    def _scripts(self) -> list[str]:
        faults = [f"<{tag}> in the page" for tag in ("style", "object", "iframe", "base") if self.all(tag)]
        for element in self.elements:
            faults += [
                f"<{element.tag} {name}>" for name in element.attributes if name == "style" or name.startswith("on")
            ]
            for name in ("href", "src", "action"):
                if urlsplit(element.get(name)).scheme not in ("", "https", "data"):
                    faults.append(f"{name} is {element[name]}")
        faults += [
            "a script in the page" for script in self.all("script") if "src" not in script.attributes or script.text
        ]
        return faults

    def _inputs(self) -> list[str]:
        faults = []
        labelled = {label["for"]: label.text.strip() for label in self.all("label") if "for" in label.attributes}
        for element in self.all("input"):
            kind = element.get("type", "text")
            if kind == "hidden" or element.get("aria-hidden") == "true":
                continue
            if not labelled.get(element.get("id")):
                faults.append(f"the input {element.get('name')} has no label")
            if kind == "password" and element.get("value"):
                faults.append("a password comes back")
            if kind in TYPED:
                tokens = element.get("autocomplete", "-").split()
                faults += [f"autocomplete is {token}" for token in tokens if token not in AUTOCOMPLETE]
            if element.get("aria-invalid") == "true" and not element.get("aria-describedby"):
                faults.append(f"nothing says what is wrong with {element.get('name')}")
        for button in self.all("button"):
            if not button.text.strip():
                faults.append("a button without a text")
            if "type" not in button.attributes:
                faults.append("a button without a type")
        faults += [f"a link without a text: {link.get('href')}" for link in self.all("a") if not link.text.strip()]
        return faults

    def _forms(self) -> list[str]:
        faults = []
        for form in self.forms:
            if form.get("method") not in ("post", "get"):
                faults.append("a form without a method")
            if urlsplit(form.get("action")).scheme:
                faults += ["the proof would go to another site"] if "csrf" in form.fields else []
                continue
            ours = not urlsplit(form.get("action")).scheme
            if ours and form.get("method") == "post" and not re.fullmatch(r"[0-9a-f]{64}", form.fields.get("csrf", "")):
                faults.append(f"{form.get('action')} lacks its proof")
            if not (ours and form.get("method") == "post") and "csrf" in form.fields:
                faults.append("the proof would leave this server or stand in an address")
        return faults
