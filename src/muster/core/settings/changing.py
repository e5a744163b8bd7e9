"""The settings as one document of names and values, and changes to some of them by name: `branding.colour`, `rules.second_factor`."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from muster.core.errors import Invalid
from muster.core.settings.model import SignInSettings

_HIDDEN: Final = frozenset({"id", "version", "created_at", "updated_at", "vendor"})
"""What is no setting: the record's own, and what one API alone knows."""

_COLOUR: Final = re.compile(r"#[0-9a-fA-F]{6}")


def as_document(settings: SignInSettings) -> dict[str, Any]:
    """Every setting with its value, defaults too, as JSON has them."""
    return {name: value for name, value in _members(settings) if name not in _HIDDEN}


def flat(document: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """The same as names with dots; a list is one value, and so are a tenant's own texts."""
    for name, value in document.items():
        if isinstance(value, dict) and name != "texts":
            yield from flat(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value


def with_values(settings: SignInSettings, values: Mapping[str, Any]) -> SignInSettings:
    """The settings with these values by their names.

    `Invalid("unknown_setting", name)`; `Invalid("setting_value", name, why)` for a value that cannot be meant.
    """
    known = dict(flat(as_document(settings)))
    document = as_document(settings)
    for name, value in values.items():
        if name not in known:
            raise Invalid("unknown_setting", name=name)
        *path, last = name.split(".")
        place = document
        for step in path:
            place = place[step]
        place[last] = value
        try:
            changed = msgspec.convert(document, SignInSettings)
        except msgspec.ValidationError as refused:
            raise Invalid("setting_value", name=name, why=str(refused).partition(" - at ")[0]) from None
        why = _cannot_be_meant(changed, name)
        if why:
            raise Invalid("setting_value", name=name, why=why)
    kept = {name: getattr(settings, name) for name in _HIDDEN}
    return msgspec.structs.replace(msgspec.convert(document, SignInSettings), **kept)


def _members(struct: msgspec.Struct) -> Iterator[tuple[str, Any]]:
    for name in struct.__struct_fields__:
        value = getattr(struct, name)
        if isinstance(value, msgspec.Struct):
            yield name, dict(_members(value))
        elif isinstance(value, list):
            yield name, [dict(_members(each)) if isinstance(each, msgspec.Struct) else each for each in value]
        else:
            yield name, value


def _cannot_be_meant(settings: SignInSettings, name: str) -> str:
    """Why the new value of this name makes no sense; empty if it does."""
    brand = settings.branding
    if name == "branding.colour" and brand.colour and not _COLOUR.fullmatch(brand.colour):
        return "must look like #0a7d5c"
    if name == "branding.logo" and brand.logo and not brand.logo.startswith("https://"):
        return "must be an https address"
    value = dict(flat(as_document(settings)))[name]
    if isinstance(value, int) and not isinstance(value, bool) and value < 0:
        return "must not be negative"
    if not any((settings.email.sign_in, settings.phone.sign_in, settings.username.sign_in)):
        return "nobody could sign in: there must be one kind of identifier"
    return ""
