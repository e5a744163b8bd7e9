"""What the contract says, kept beside the tests: operations, the shapes of bodies, and requests that clients really send."""

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # no types are installed

_FOLDER = Path(__file__).parent / "contract"
_CONTRACT: dict[str, Any] = json.loads((_FOLDER / "contract.json").read_text("utf-8"))

OPERATIONS: dict[str, dict[str, Any]] = _CONTRACT["operations"]
SCHEMAS: dict[str, dict[str, Any]] = _CONTRACT["schemas"]
REQUESTS: dict[str, dict[str, Any]] = json.loads((_FOLDER / "requests.json").read_text("utf-8"))

IDENTITY = {"$ref": "#/components/schemas/IdentityValidationProblemDetails"}
KEYS = {"$ref": "#/components/schemas/KeyValidationProblemDetails"}
PROBLEM = {"$ref": "#/components/schemas/ProblemDetails"}
PAGE = {"$ref": "#/components/schemas/PageModel"}


def problems_of(schema: dict[str, Any], value: Any) -> list[str]:
    """What is wrong with a value by a schema of the contract."""
    whole = {**schema, "components": {"schemas": SCHEMAS}}
    validator = Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER)
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]
