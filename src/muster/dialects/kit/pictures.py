"""Uploaded pictures, made small and safe: decoded, turned upright and encoded anew, so that nothing of the file itself is kept."""

import asyncio
import io
import threading
from typing import IO, Final, NamedTuple

from muster.core.images.model import LARGEST
from muster.dialects.kit.errors import BadRequest

FORMATS: Final = ("JPEG", "PNG", "GIF", "WEBP")
MOST_PIXELS: Final = 25_000_000
"""Of a picture that is decoded: 100 MB of memory. More is a picture made to exhaust it, or a poster."""

LONGEST_SIDE: Final = 1024
QUALITY: Final = 85
TYPE: Final = "image/webp"

_one_at_a_time = threading.Lock()


class Recoded(NamedTuple):
    """A picture as it is kept: its media type and bytes, at most `core.images.model.LARGEST` of them."""

    type: str
    data: bytes


async def recode(file: IO[bytes]) -> Recoded:
    """The picture in a file. Its content alone says what it is; of an animation the first frame is kept.

    `BadRequest`: `image_type` (detail `type`) for another format, `image_broken` for what cannot be decoded, or is too large to be.
    """
    return await asyncio.to_thread(_recode, file)


def _recode(file: IO[bytes]) -> Recoded:
    from PIL import Image, ImageOps, UnidentifiedImageError

    with _one_at_a_time:
        try:
            with Image.open(file) as opened:
                if opened.format not in FORMATS:
                    raise BadRequest("image_type", type=f"image/{(opened.format or 'unknown').lower()}")
                if opened.width * opened.height > MOST_PIXELS:
                    raise BadRequest("image_broken")
                opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
                upright = ImageOps.exif_transpose(opened)
                picture = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
        except UnidentifiedImageError:
            raise BadRequest("image_type", type="unknown") from None
        except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError, Warning):
            raise BadRequest("image_broken") from None
        side = LONGEST_SIDE
        while True:
            picture.thumbnail((side, side))
            encoded = io.BytesIO()
            picture.save(encoded, "WEBP", quality=QUALITY)
            if encoded.tell() <= LARGEST:
                return Recoded(TYPE, encoded.getvalue())
            side //= 2
