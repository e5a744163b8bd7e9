"""Keys that programs call a tenant's API with. Only a key's SHA-256 is kept: the database opens nothing."""

from muster.core.records import Key, Record
from muster.core.sessions.tokens import hash_of


class ApiKey(Record, frozen=True, kw_only=True):
    """A program's key. `door` is the API it opens; `permissions` are the core's, and None stands for all of them."""

    name: str
    door: str
    hash: str
    permissions: list[str] | None = None

    def keys(self) -> frozenset[Key]:
        return frozenset({Key("", "api_key", self.hash)})


def key_of(text: str) -> Key:
    """What the key with this text is found by."""
    return Key("", "api_key", hash_of(text))
