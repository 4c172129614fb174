from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image, ImageCms, ImageOps, PngImagePlugin

from conversations.files import metadata
from tests.conversations.files.samples import a_film, a_picture, a_turned_picture


def pixels(content: bytes) -> bytes:
    with Image.open(BytesIO(content)) as image:
        return ImageOps.exif_transpose(image).convert("RGB").tobytes()


def a_photo(**given: object) -> bytes:
    """A JPEG with a pattern, so that a lost bit would show."""
    image = Image.radial_gradient("L").resize((64, 48)).convert("RGB")
    written = BytesIO()
    image.save(written, "JPEG", **given)
    return written.getvalue()


def test_a_photo_loses_camera_and_place_and_not_one_pixel() -> None:
    exif = Image.Exif()
    exif[0x010F] = "Secret Camera"
    exif.get_ifd(0x8825)[2] = (25.0, 2.0, 1.5)
    content = a_photo(exif=exif, comment=b"taken at home")
    cleaned = metadata.without(content, "image/jpeg")
    assert b"Secret Camera" in content and b"taken at home" in content
    assert b"Secret Camera" not in cleaned and b"taken at home" not in cleaned
    assert pixels(cleaned) == pixels(content)
    with Image.open(BytesIO(cleaned)) as image:
        assert not image.getexif()


@pytest.mark.parametrize("progressive", [False, True])
def test_every_way_of_coding_survives(progressive: bool) -> None:
    content = a_photo(progressive=progressive, restart_marker_blocks=2)
    cleaned = metadata.without(content, "image/jpeg")
    assert pixels(cleaned) == pixels(content)


def test_a_turned_photo_still_stands_upright() -> None:
    content = a_turned_picture((64, 48))
    cleaned = metadata.without(content, "image/jpeg")
    assert b"Secret Camera" not in cleaned
    with Image.open(BytesIO(cleaned)) as image:
        assert dict(image.getexif()) == {0x0112: 6}
        assert ImageOps.exif_transpose(image).size == (48, 64)
    assert pixels(cleaned) == pixels(content)


def test_a_colour_profile_stays() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    content = a_photo(icc_profile=profile)
    with Image.open(BytesIO(metadata.without(content, "image/jpeg"))) as image:
        assert image.info["icc_profile"] == profile


def test_pictures_behind_the_picture_are_left_out() -> None:
    content = a_photo()
    behind = content + a_turned_picture()
    assert metadata.without(behind, "image/jpeg") == metadata.without(content, "image/jpeg")


def test_a_drawing_loses_its_notes() -> None:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Author", "Secret Author")
    notes.add_itxt("Comment", "秘密")
    content = a_picture("PNG", pnginfo=notes, exif=Image.Exif())
    cleaned = metadata.without(content, "image/png")
    assert b"Secret Author" in content and b"Secret Author" not in cleaned
    assert pixels(cleaned) == pixels(content)


def test_a_clean_picture_stays_as_it_is() -> None:
    for format, mime in (("JPEG", "image/jpeg"), ("PNG", "image/png")):
        content = a_picture(format)
        assert metadata.without(content, mime) == content


@pytest.mark.parametrize("mime", ["image/jpeg", "image/png", "video/mp4", "image/webp"])
def test_what_is_broken_or_another_format_stays_as_it_is(mime: str) -> None:
    whole = a_photo()
    for content in (whole[:50], whole[:-2], a_picture("PNG")[:-5], a_film(), b"", b"\xff\xd8\xff"):
        assert metadata.without(content, mime) == content


@pytest.mark.parametrize(
    "padding",
    [b"\xff\xc4\x00\x02" * metadata.MOST_SEGMENTS, b"\xff" * 1000, b"\xff\xc4\x00\x00"],
    ids=["segments", "fill", "no length"],
)
def test_a_photo_stuffed_with_nothing_is_not_worked_through(padding: bytes) -> None:
    content = a_photo(comment=b"taken at home")
    stuffed = content[:2] + padding + content[2:]
    assert metadata.without(stuffed, "image/jpeg") == stuffed
    assert b"taken at home" not in metadata.without(content[:2] + b"\xff" * 20 + content[2:], "image/jpeg")
