"""What cameras and programs write into pictures beside the picture: taken out of what we send, loss-free. Pure.

The place where a picture was taken is nobody's business but the agent's. How the camera was held is kept, as the
only thing; colour profiles stay. Formats: JPEG (ITU T.81, Exif 2.32) and PNG (W3C PNG, third edition).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
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
_SEGMENT: Final = re.compile(rb"\xff{1,64}[^\x00\xff]", re.DOTALL)  # FF may be repeated
_MARKER: Final = re.compile(rb"\xff[^\x00\xd0-\xd7]", re.DOTALL)  # FF00 and restarts are data
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
    except Unreadable:
        return content
    return content


def segments(content: bytes) -> Iterator[tuple[int, int, int]]:
    """The segments of a JPEG behind its start: marker, where it begins and where it ends. That of a scan holds the
    coded picture data too, that of the end is the last. Raises Unreadable, also where there are too many."""
    if content[:2] != bytes((0xFF, _START)):
        raise Unreadable("no JPEG")
    place = 2
    for _ in range(MOST_SEGMENTS):
        found = _SEGMENT.match(content, place)
        if found is None:
            raise Unreadable("no marker where one should stand")
        begin, marker = found.end() - 2, content[found.end() - 1]
        if marker == _END:
            yield marker, begin, begin + 2  # what comes behind it are further pictures
            return
        length = int.from_bytes(content[begin + 2 : begin + 4], "big")
        place = begin + 2 + length
        if length < 2 or place > len(content):
            raise Unreadable("cut off")
        if marker == _SCAN:
            following = _MARKER.search(content, place)
            if following is None:
                raise Unreadable("no end")
            place = following.start()
        yield marker, begin, place
    raise Unreadable("too many segments")


def scans_in(content: bytes) -> int:
    """How many passes over its picture a JPEG holds. Raises Unreadable."""
    return sum(marker == _SCAN for marker, _begin, _end in segments(content))


def _jpeg(content: bytes) -> bytes:
    kept = bytearray()
    for marker, begin, end in segments(content):
        if not _is_metadata(marker, content[begin + 4 : begin + 16]):
            kept += content[begin:end]
    return content[:2] + _how_it_was_held(content) + bytes(kept)


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
