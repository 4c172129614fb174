"""What simulated customers send: one picture, one sound, one paper, one place, made here."""

from __future__ import annotations

import base64
import math
import struct
import zlib
from dataclasses import dataclass
from functools import cache

PLACE = {
    "title": "台北101",
    "address": "台北市信義區信義路五段7號",
    "latitude": 25.0339,
    "longitude": 121.5645,
}

_MOST_SHOWN_BYTES = 300_000
_SIDE = 160  # pixels
_RATE = 8000  # samples a second
_PAGE = b"""%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 100]>>endobj
trailer<</Root 1 0 R>>
%%EOF
"""


@dataclass(frozen=True, slots=True)
class Sample:
    """A file that a customer sends."""

    name: str
    mime: str
    content: bytes

    @property
    def is_small(self) -> bool:
        """Whether a page may carry it inside itself."""
        return len(self.content) <= _MOST_SHOWN_BYTES

    @property
    def data_url(self) -> str:
        """The file as an address that a page shows without asking anybody."""
        return f"data:{self.mime};base64,{base64.b64encode(self.content).decode()}"


@cache
def of(kind: str) -> Sample | None:
    """The file that stands for `kind` (image, audio, file); None for what is no file."""
    if kind == "image":
        return Sample("picture.png", "image/png", _picture())
    if kind == "audio":
        return Sample("voice.wav", "audio/wav", _sound())
    if kind == "file":
        return Sample("receipt.pdf", "application/pdf", _PAGE)
    return None


def behind(kind: str) -> Sample | None:
    """The file that a platform hands out for a message of `kind`, where a sticker is a picture too."""
    return of("image" if kind == "sticker" else kind)


def _picture() -> bytes:
    """A PNG: a green hill below an evening sky."""
    rows = []
    for y in range(_SIDE):
        row = bytearray(b"\0")
        for x in range(_SIDE):
            hill = _SIDE * (0.62 - 0.2 * math.sin(x / _SIDE * math.pi))
            row += bytes((52, 120, 70)) if y > hill else bytes((250 - y // 2, 170 - y // 3, 120))
        rows.append(bytes(row))
    header = struct.pack(">IIBBBBB", _SIDE, _SIDE, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(b"".join(rows), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in parts
    )


def _sound() -> bytes:
    """A WAV: half a second of a fading tone."""
    count = _RATE // 2
    tone = bytes(
        round(128 + 90 * (1 - n / count) * math.sin(2 * math.pi * 440 * n / _RATE)) for n in range(count)
    )
    chunk = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, _RATE, _RATE, 1, 8)
    body = b"WAVE" + chunk + b"data" + struct.pack("<I", len(tone)) + tone
    return b"RIFF" + struct.pack("<I", len(body)) + body
