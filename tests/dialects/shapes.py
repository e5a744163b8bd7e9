"""What a schema says of names alone: the members of each object in it, and which of them are required."""

from __future__ import annotations

from typing import Any

Shape = dict[str, tuple[set[str], set[str]]]
"""Path of each object in a schema → the names of its members, and those that are required."""


def shape(document: dict[str, Any], schema: dict[str, Any]) -> Shape:
    """The shape of a schema of an OpenAPI document. Of several forms that a value may have all members are told, and the
    required ones of each, but not which of two members one may choose to give; an object within itself is told once.
    """
    found: Shape = {}

    def walk(schema: dict[str, Any], path: str, within: tuple[str, ...]) -> None:
        while "$ref" in schema:
            if schema["$ref"] in within:
                return
            within = (*within, schema["$ref"])
            schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        for several in ("oneOf", "anyOf", "allOf"):
            for inner in schema.get(several, []):
                if several == "allOf" or inner.keys() != {"required"}:
                    walk(inner, path, within)
        names, required = found.setdefault(path, (set(), set()))
        required.update(schema.get("required", []))
        for name, inner in schema.get("properties", {}).items():
            names.add(name)
            walk(inner, f"{path}.{name}" if path else name, within)
        if "items" in schema:
            walk(schema["items"], f"{path}[]", within)
        if isinstance(schema.get("additionalProperties"), dict):
            walk(schema["additionalProperties"], f"{path}.*", within)

    walk(schema, "", ())
    return {path: (names, required) for path, (names, required) in found.items() if names or required}
