"""The three ways in which vendors change a metadata document. Key order and number form are kept as sent."""

from typing import Any, Literal

from msgspec.structs import replace

from muster.core.users.model import Document, User, written

Kind = Literal["public", "private", "unsafe"]
Mode = Literal["replace", "merge_first_level", "merge_deep"]


def set_metadata(user: User, kind: Kind, sent: Document | None, mode: Mode) -> User:
    """One of the documents changes as `mode` says; see `merged`."""
    before: Document | None = getattr(user.metadata, kind)
    return replace(user, metadata=replace(user.metadata, **{f"{kind}_json": written(merged(before, sent, mode))}))


def merged(before: Document | None, sent: Document | None, mode: Mode) -> Document | None:
    """What becomes of a document.

    `merge_first_level`: a sent key replaces the whole value, null deletes the key, an empty document or null empties all;
    `merge_deep`: the same at every depth, arrays replaced whole (RFC 7396); `replace`: what was sent is what there is.
    """
    if mode == "replace":
        return sent
    if mode == "merge_deep":
        return _merge_patch(before or {}, sent or {})
    if not sent:
        return {}
    result = dict(before or {})
    for key, value in sent.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = value
    return result


def _merge_patch(target: Document, patch: Document) -> Document:
    result: dict[str, Any] = dict(target)
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            inner = result.get(key)
            result[key] = _merge_patch(inner if isinstance(inner, dict) else {}, value)
        else:
            result[key] = value
    return result
