"""What the pages load besides themselves: a style sheet, a script, a picture, and the tenant's colour as a style sheet.

Every address names its content, so that a browser keeps it for a year and never has an old one.
"""

import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from muster.dialects.kit.call import Call
from muster.dialects.kit.errors import NoRoute
from muster.dialects.kit.reply import Header, Reply
from muster.dialects.kit.routes import Route
from muster.signin import colour

BASE: Final = "/sign-in/static"

_FOLDER: Final = Path(__file__).parent / "static"
_MEDIA: Final = {
    ".css": b"text/css; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
    ".svg": b"image/svg+xml",
}
_BRAND: Final = re.compile(r"brand\.([0-9a-f]{6})\.css")
_KEPT: Final[Header] = (b"cache-control", b"public, max-age=31536000, immutable")


class Asset(NamedTuple):
    """A file and the name it is served by."""

    served_as: str
    media: bytes
    content: bytes


def address(name: str) -> str:
    """The path of a file of `static/`."""
    return f"{BASE}/{_assets()[name].served_as}"


def brand_address(given: str) -> str:
    """The path of the style sheet that a tenant's colour makes."""
    return f"{BASE}/brand.{colour.valid(given)[1:]}.css"


async def serve(call: Call) -> Reply:
    """One of them, for everybody alike."""
    name = call.path["name"]
    brand = _BRAND.fullmatch(name)
    if brand:
        return _reply(_MEDIA[".css"], colour.stylesheet(f"#{brand[1]}").encode())
    for asset in _assets().values():
        if asset.served_as == name:
            return _reply(asset.media, asset.content)
    raise NoRoute("path")


def _reply(media: bytes, content: bytes) -> Reply:
    return Reply(200, content, ((b"content-type", media), _KEPT))


@cache
def _assets() -> dict[str, Asset]:
    found = {}
    for path in sorted(_FOLDER.iterdir()):
        media = _MEDIA.get(path.suffix)
        if media:
            content = path.read_bytes()
            served_as = f"{path.stem}.{hashlib.sha256(content).hexdigest()[:12]}{path.suffix}"
            found[path.name] = Asset(served_as, media, content)
    return found


ROUTES = [Route("GET", f"{BASE}/{{name}}", serve, needs=None, title="Show a style sheet, script or picture")]
