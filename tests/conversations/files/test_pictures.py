from __future__ import annotations

import struct
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from threading import Lock

import pytest
from PIL import Image

from conversations.files import metadata, pictures
from tests.conversations.files.samples import a_film, a_picture, a_turned_picture


def thumbnail_of(content: bytes, mime: str) -> Image.Image:
    found = pictures.look(BytesIO(content), mime)
    assert found is not None
    return Image.open(BytesIO(found.thumbnail))


@pytest.mark.parametrize("format", pictures.FORMATS)
def test_a_picture_is_measured_and_made_small(format: str) -> None:
    found = pictures.look(BytesIO(a_picture(format, (1600, 1200))), f"image/{format.lower()}")
    assert found is not None
    assert (found.width, found.height) == (1600, 1200)
    small = Image.open(BytesIO(found.thumbnail))
    assert (small.format, small.size) == ("JPEG", (480, 360))


def test_a_small_picture_is_not_blown_up() -> None:
    assert thumbnail_of(a_picture("PNG", (40, 30)), "image/png").size == (40, 30)


def test_a_turned_picture_stands_upright_and_tells_nothing_of_the_camera() -> None:
    content = a_turned_picture((800, 400))
    assert b"Secret Camera" in content
    found = pictures.look(BytesIO(content), "image/jpeg")
    assert found is not None
    assert (found.width, found.height) == (400, 800)
    small = Image.open(BytesIO(found.thumbnail))
    assert small.size == (240, 480)
    assert not small.getexif()
    assert b"Secret Camera" not in found.thumbnail


def test_what_is_transparent_becomes_white() -> None:
    small = thumbnail_of(a_picture("PNG", mode="RGBA", colour=(0, 0, 0, 0)), "image/png")
    assert small.getpixel((5, 5)) == (255, 255, 255)


def test_a_picture_that_unfolds_without_end_is_not_decoded() -> None:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    size = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    bomb = (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    )
    assert pictures.look(BytesIO(bomb), "image/png") is None


@pytest.mark.parametrize("passes", [0, pictures.MOST_SCANS])
def test_a_jpeg_of_passes_without_end_is_not_decoded(passes: int) -> None:
    written = BytesIO()
    Image.radial_gradient("L").save(written, "JPEG", progressive=True)
    content = written.getvalue()
    last = max(begin for marker, begin, _end in metadata.segments(content) if marker == 0xDA)
    more = content[:-2] + content[last:-2] * passes + content[-2:]
    Image.open(BytesIO(more)).load()
    found = pictures.look(BytesIO(more), "image/jpeg")
    assert (found is None) is bool(passes)


def test_a_photo_with_a_film_behind_it_has_a_small_picture() -> None:
    found = pictures.look(BytesIO(a_picture("JPEG") + a_film() + b"\xff\xda" * 1000), "image/jpeg")
    assert found is not None


def test_only_so_many_pictures_are_unfolded_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    under_way, most, counting = 0, 0, Lock()

    def look(*_given: object) -> None:
        nonlocal under_way, most
        with counting:
            under_way += 1
            most = max(most, under_way)
        time.sleep(0.02)
        with counting:
            under_way -= 1

    monkeypatch.setattr(pictures, "_look", look)
    with ThreadPoolExecutor(8) as threads:
        for _ in range(16):
            threads.submit(pictures.look, BytesIO(), "image/png")
    assert most == pictures.AT_ONCE


@pytest.mark.parametrize(
    ("content", "mime"),
    [
        (a_picture("PNG")[:40], "image/png"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (a_film(), "image/jpeg"),
        (a_film(), "video/mp4"),
        (a_picture("TIFF"), "image/tiff"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "image/png"),
    ],
    ids=["cut", "head only", "film as picture", "film", "format of old", "program"],
)
def test_broken_and_other_files_have_no_small_picture(content: bytes, mime: str) -> None:
    assert pictures.look(BytesIO(content), mime) is None
