"""Pictures: what is taken, what is made of it, and how it is served."""

from __future__ import annotations

import io
import zlib
from typing import Any

import httpx
from PIL import Image

from tests.dialects.clerk.requests import errors_of, good, made, organization, texts_of
from tests.dialects.clerk.service import PUBLIC_URL, Clerk


def picture(
    format_: str = "PNG", size: tuple[int, int] = (40, 20), mode: str = "RGB", exif: Image.Exif | None = None
) -> bytes:
    made_ = io.BytesIO()
    Image.new(mode, size, "red").save(made_, format_, **({} if exif is None else {"exif": exif}))
    return made_.getvalue()


async def sent(http: httpx.AsyncClient, user: dict[str, Any], content: bytes, name: str = "file") -> httpx.Response:
    return await http.post(f"/users/{user['id']}/profile_image", files={name: ("a.exe", content, "text/plain")})


async def test_a_picture_is_taken_by_its_content_made_anew_and_served(clerk: Clerk, http: httpx.AsyncClient) -> None:
    user = await made(http)
    exif = Image.Exif()
    exif[0x0110] = "a camera that must not be told"
    after = user
    for format_ in ("JPEG", "PNG", "GIF", "WEBP"):
        after = good(await sent(http, user, picture(format_, (2000, 1000), exif=exif if format_ == "JPEG" else None)))
        assert (after["has_image"], after["image_url"]) == (True, after["profile_image_url"])
        assert after["image_url"].startswith(f"{PUBLIC_URL}clerk/images/img_")
        served = await http.get(after["image_url"].replace("/clerk/", "/"), headers={"authorization": ""})
        assert (served.status_code, served.headers["content-type"]) == (200, "image/webp")
        assert served.headers["cache-control"] == "public, max-age=86400"
        assert served.headers["x-content-type-options"] == "nosniff"
        with Image.open(io.BytesIO(served.content)) as opened:
            assert (opened.format, opened.size, dict(opened.getexif())) == ("WEBP", (1024, 512), {})
        same = {"if-none-match": served.headers["etag"]}
        assert (await http.get(after["image_url"].replace("/clerk/", "/"), headers=same)).status_code == 304
    gone = good(await http.delete(f"/users/{user['id']}/profile_image"))
    assert (gone["has_image"], gone["image_url"]) == (False, user["image_url"])
    assert good(await http.delete(f"/users/{user['id']}/profile_image"))["has_image"] is False
    assert (await http.get(after["image_url"].replace("/clerk/", "/"))).status_code == 404


async def test_a_picture_goes_with_its_user(clerk: Clerk, http: httpx.AsyncClient) -> None:
    user = await made(http)
    address = good(await sent(http, user, picture()))["image_url"].replace("/clerk/", "/")
    await http.delete(f"/users/{user['id']}")
    assert (await http.get(address)).status_code == 404


async def test_what_is_refused(http: httpx.AsyncClient) -> None:
    user = await made(http)
    missing = await sent(http, user, picture(), name="other")
    assert texts_of(missing, 400) == ("Image file missing", "There was no image file present in the request")
    for content in (b"", b"<svg/>", b"not a picture", picture("BMP"), picture("TIFF")):
        answer = await sent(http, user, content)
        assert errors_of(answer, 400) == [("request_body_invalid", None)]
        assert texts_of(answer, 400)[0] == "Unsupported image type"
    broken = await sent(http, user, picture(size=(300, 300))[:-60])
    assert texts_of(broken, 400) == (
        "Image decode error",
        "The image could not be decoded. Please ensure the image is valid and try again.",
    )
    large = await sent(http, user, b"\0" * (10 * 1024 * 1024 + 1))
    assert texts_of(large, 413) == (
        "Image too large",
        "The image being uploaded is more than 10MB. Please choose a smaller one.",
    )
    assert errors_of(await http.post(f"/users/{user['id']}/profile_image"), 400)
    assert errors_of(await http.post("/users/user_x/profile_image"), 404)
    assert good(await http.get(f"/users/{user['id']}"))["has_image"] is False


async def test_a_picture_that_would_fill_the_memory_is_refused(http: httpx.AsyncClient) -> None:
    """A few kilobytes that say they are 30,000 by 30,000 pixels."""
    user = await made(http)
    header = b"IHDR" + (30_000).to_bytes(4, "big") * 2 + bytes([8, 2, 0, 0, 0])
    data = b"IDAT" + zlib.compress(b"\0" * 1000)
    chunks = b"".join(
        (len(chunk) - 4).to_bytes(4, "big") + chunk + zlib.crc32(chunk).to_bytes(4, "big")
        for chunk in (header, data, b"IEND")
    )
    answer = await sent(http, user, b"\x89PNG\r\n\x1a\n" + chunks)
    assert texts_of(answer, 400)[0] == "Image decode error"


async def test_logos(http: httpx.AsyncClient) -> None:
    user = await made(http)
    acme = await organization(http)
    path = f"/organizations/{acme['id']}/logo"
    answer = await http.put(
        path, files={"file": ("l.png", picture(mode="RGBA"))}, data={"uploader_user_id": user["id"]}
    )
    with_logo = good(answer)
    assert (with_logo["has_image"], with_logo["logo_url"]) == (True, with_logo["image_url"])
    address = with_logo["image_url"].replace("/clerk/", "/")
    assert (await http.get(address)).headers["content-type"] == "image/webp"
    unknown = await http.put(path, files={"file": ("l.png", picture())}, data={"uploader_user_id": "user_x"})
    assert errors_of(unknown, 404) == [("resource_not_found", None)]
    without = good(await http.delete(path))
    assert (without["has_image"], "logo_url" in without) == (False, False)
    assert (await http.get(address)).status_code == 404


async def test_whoever_has_no_picture_has_letters(http: httpx.AsyncClient) -> None:
    user = await made(http, first_name="<b>", last_name="Æ & co")
    drawn = await http.get(user["image_url"].replace("/clerk/", "/"))
    assert (drawn.status_code, drawn.headers["content-type"]) == (200, "image/svg+xml")
    assert "&lt;Æ" in drawn.text
    assert "sandbox" in drawn.headers["content-security-policy"]
    for name in ("x", "eyJ0eXBlIjoieCJ9", "img_x", "%ff"):
        assert (await http.get(f"{PUBLIC_URL}images/{name}")).status_code == 404
