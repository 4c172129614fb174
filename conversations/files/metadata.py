"""What cameras and programs write into pictures beside the picture: taken out of what we send, loss-free. Pure.

The place where a picture was taken is nobody's business but the agent's. How the camera was held is kept, as the
only thing; colour profiles stay. Formats: JPEG (ITU T.81, Exif 2.32) and PNG (W3C PNG, third edition).
"""

from __future__ import annotations

import re
from io import BytesIO
from typing import Final

from PIL import Image

MIMES: Final = frozenset({"image/jpeg", "image/png"})

MOST_SEGMENTS: Final = 10_000
"""Of one JPEG; real ones have some hundreds at most."""

_START, _END, _SCAN = 0xD8, 0xD9, 0xDA
_NEVER_DROPPED: Final = frozenset({0xE0, 0xEE})  # JFIF, Adobe: how the colours are meant
_COMMENT: Final = 0xFE
_PROFILE: Final = b"ICC_PROFILE\x00"
_ORIENTATION: Final = 0x0112
_NOT_FILL: Final = re.compile(rb"[^\xff]")
_MARKER: Final = re.compile(rb"\xff[^\x00\xd0-\xd7]", re.DOTALL)  # FF00 and restarts are part of the picture's data
_PNG_MARK: Final = b"\x89PNG\r\n\x1a\n"
_PNG_DROPPED: Final = frozenset({b"eXIf", b"tEXt", b"iTXt", b"zTXt", b"tIME"})


class Unreadable(ValueError):
    """The file's structure is not what its format says."""


def without(content: bytes, mime: str) -> bytes:
    """The same picture without its metadata; other files, and pictures that cannot be read, as they are."""
    try:
        if mime == "image/jpeg":
            return _jpeg(content)
        if mime == "image/png":
            return _png(content)
    except (Unreadable, IndexError):
        return content
    return content


def _jpeg(content: bytes) -> bytes:
    if content[:2] != bytes((0xFF, _START)):
        raise Unreadable("no JPEG")
    kept = bytearray(content[:2])
    kept += _how_it_was_held(content)
    place = 2
    for _ in range(MOST_SEGMENTS):
        if content[place] != 0xFF:
            raise Unreadable("no marker where one should stand")
        behind = _NOT_FILL.search(content, place)
        if behind is None:
            raise Unreadable("cut off")
        place = behind.start() - 1
        marker = content[place + 1]
        if marker == _END:
            return bytes(kept + content[place : place + 2])  # what comes behind it are further pictures
        end = place + 2 + int.from_bytes(content[place + 2 : place + 4], "big")
        if end > len(content):
            raise Unreadable("cut off")
        if marker == _SCAN:
            end = _end_of_scan(content, end)
        if not _is_metadata(marker, content[place + 4 : place + 16]):
            kept += content[place:end]
        place = end
    raise Unreadable("segments without end")


def _end_of_scan(content: bytes, place: int) -> int:
    """Where the next marker stands behind the coded picture data."""
    found = _MARKER.search(content, place)
    if found is None:
        raise Unreadable("no end")
    return found.start()


def _is_metadata(marker: int, beginning: bytes) -> bool:
    if marker == _COMMENT:
        return True
    return 0xE0 <= marker <= 0xEF and marker not in _NEVER_DROPPED and not beginning.startswith(_PROFILE)


def _how_it_was_held(content: bytes) -> bytes:
    """An Exif segment with the orientation alone; nothing for a picture that stands upright."""
    try:
        with Image.open(BytesIO(content), formats=("JPEG",)) as image:
            orientation = int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # whatever strange metadata make the reader raise: then it tells no orientation
        return b""
    if not 2 <= orientation <= 8:
        return b""
    entry = b"\x01\x12\x00\x03\x00\x00\x00\x01" + orientation.to_bytes(2, "big") + b"\x00\x00"
    exif = b"Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x01" + entry + b"\x00\x00\x00\x00"
    return b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif


def _png(content: bytes) -> bytes:
    if not content.startswith(_PNG_MARK):
        raise Unreadable("no PNG")
    kept = bytearray(_PNG_MARK)
    place = len(_PNG_MARK)
    while place < len(content):
        length = int.from_bytes(content[place : place + 4], "big")
        name, end = content[place + 4 : place + 8], place + 12 + length
        if end > len(content):
            raise Unreadable("cut off")
        if name not in _PNG_DROPPED:
            kept += content[place:end]
        place = end
        if name == b"IEND":
            return bytes(kept)
    raise Unreadable("no end")
