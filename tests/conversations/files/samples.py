"""Small real files, made by the libraries that write such files."""

from __future__ import annotations

import wave
from io import BytesIO
from typing import Any

from PIL import Image


def a_picture(format: str = "PNG", size: tuple[int, int] = (40, 30), **given: Any) -> bytes:
    """A picture in one colour. given: passed on to Pillow (exif, …)."""
    written = BytesIO()
    Image.new(given.pop("mode", "RGB"), size, given.pop("colour", "teal")).save(written, format, **given)
    return written.getvalue()


def a_turned_picture(size: tuple[int, int] = (40, 30)) -> bytes:
    """A JPEG that says: taken with the camera on its side, in Taipei."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[1] = "N"
    exif[0x010F] = "Secret Camera"
    return a_picture("JPEG", size, exif=exif)


def a_sound(seconds: float = 0.1) -> bytes:
    """A silent WAV."""
    written = BytesIO()
    with wave.open(written, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(8000)
        sound.writeframes(b"\x80" * int(8000 * seconds))
    return written.getvalue()


def a_film() -> bytes:
    """The beginning of an MP4."""
    return b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + b"\x00" * 100
