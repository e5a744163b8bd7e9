"""The two refusals that carry a list of what is wrong (status 422), beside those that every dialect has."""

from collections.abc import Mapping, Sequence

from muster.core.errors import Refusal


class KeyProblem(Refusal):
    """Members of the request that are missing or not what they must be, each with its messages."""

    def __init__(self, errors: Mapping[str, Sequence[str]]) -> None:
        super().__init__("validation", errors=errors)
        self.errors = errors


class IdentityProblem(Refusal):
    """What the tenant's rules forbid: codes that programs know, each with a description."""

    def __init__(self, *errors: tuple[str, str]) -> None:
        super().__init__("identity", errors=errors)
        self.errors = errors
