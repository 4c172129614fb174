"""Small pictures of pictures: bounded, upright, and without what cameras write into them."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from threading import BoundedSemaphore
from typing import IO, Final

from PIL import Image, ImageOps

from conversations.files import metadata

FORMATS: Final = ("JPEG", "PNG", "GIF", "WEBP", "AVIF")
MOST_PIXELS: Final = 50_000_000
MOST_SCANS: Final = 100
"""Passes of a JPEG over the whole picture: encoders write about ten, and an empty one is of seventy bytes."""

AT_ONCE: Final = 2
"""Pictures of a process that are unfolded at the same time: each may need 400 MB while it is."""

EDGE: Final = 480  # pixels: sharp at 240 on a fine screen
QUALITY: Final = 80

_MIMES: Final = frozenset(f"image/{each.lower()}" for each in FORMATS)
_turns: Final = BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True, slots=True)
class Picture:
    """width, height: pixels, as shown. thumbnail: a JPEG, which every platform takes as a preview."""

    width: int
    height: int
    thumbnail: bytes


def look(content: IO[bytes], mime: str) -> Picture | None:
    """What a picture measures, and its small picture; None for what is none, is broken, or unfolds too far."""
    if mime not in _MIMES:
        return None
    try:
        with _turns:
            return _look(content, mime)
    except Exception:  # whatever a strange file makes the decoder raise: it stays a file without a picture
        return None


def _look(content: IO[bytes], mime: str) -> Picture | None:
    if mime == "image/jpeg" and metadata.scans_in(content.read()) > MOST_SCANS:
        return None
    content.seek(0)
    with Image.open(content, formats=FORMATS) as image:
        if image.width * image.height > MOST_PIXELS or not image.width or not image.height:
            return None
        width, height = image.size
        if image.getexif().get(0x0112, 1) >= 5:  # EXIF orientation: turned by a quarter
            width, height = height, width
        image.draft("RGB", (EDGE * 2, EDGE * 2))  # a JPEG is decoded at a fraction of its size
        ImageOps.exif_transpose(image, in_place=True)
        image.thumbnail((EDGE, EDGE))
        return Picture(width, height, _written(image))


def _written(image: Image.Image) -> bytes:
    """A fresh picture on white: nothing of the file's metadata comes along."""
    opaque = Image.new("RGB", image.size, "white")
    layered = image.convert("RGBA")
    opaque.paste(layered, mask=layered.getchannel("A"))
    written = BytesIO()
    opaque.save(written, "JPEG", quality=QUALITY)
    return written.getvalue()
