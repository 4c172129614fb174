"""What a file is: told by its content, never by its name or by who sent it. Pure."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Final

import filetype

HEAD_BYTES: Final = 8192
"""How much of the beginning of a file tells its kind."""

LONGEST_NAME: Final = 150

REASONS: Final = (
    "too_large",
    "address",  # of a network that we do not ask
    "not_found",  # the platform has it no more
    "not_allowed",  # the account may not read it
    "unreachable",
    "empty",
    "storage_full",  # the brand's plan leaves no room
)
"""Why a file is refused or missing."""

SHOWN: Final = frozenset(
    {
        "image/jpeg", "image/png", "image/gif", "image/webp", "image/avif",
        "audio/mpeg", "audio/mp4", "audio/aac", "audio/ogg", "audio/wav", "audio/webm", "audio/flac",
        "video/mp4", "video/webm", "video/ogg", "video/quicktime",
    }
)  # fmt: skip
"""Types that a browser shows without running anything of what they hold; all others are only downloaded."""

_OTHER_NAMES: Final = {
    "audio/x-wav": "audio/wav",
    "audio/x-flac": "audio/flac",
    "audio/m4a": "audio/mp4",
    "video/x-m4v": "video/mp4",
    "application/x-msdownload": "application/vnd.microsoft.portable-executable",
}
_TEXTS: Final = {
    ".csv": "text/csv",
    ".ics": "text/calendar",
    ".vcf": "text/vcard",
    ".json": "application/json",
}
_ENDINGS: Final = {
    "image/jpeg": ".jpg", "image/png": ".png", "image/gif": ".gif", "image/webp": ".webp",
    "image/avif": ".avif", "image/heic": ".heic", "audio/mpeg": ".mp3", "audio/mp4": ".m4a",
    "audio/aac": ".aac", "audio/ogg": ".ogg", "audio/wav": ".wav", "audio/amr": ".amr",
    "video/mp4": ".mp4", "video/webm": ".webm", "video/quicktime": ".mov", "video/3gpp": ".3gp",
    "application/pdf": ".pdf", "application/zip": ".zip", "text/plain": ".txt", "text/csv": ".csv",
}  # fmt: skip
_CONTAINERS: Final = {"video/mp4": "audio/mp4", "video/webm": "audio/webm", "video/ogg": "audio/ogg"}
_NOT_IN_TEXT: Final = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
# Control signs, and those that turn the direction of writing so that exe.jpg reads gpj.exe.
_UNSAFE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_SEPARATORS: Final = re.compile(r"[\\/:*?\"<>|]")


def mime_of(head: bytes, name: str = "", *, is_audio: bool = False) -> str:
    """The type of a file, from its first HEAD_BYTES. name: tells one kind of text from another.

    is_audio: the sender says that it is a sound, which a container of films may as well hold.
    """
    guessed = filetype.guess(head)
    if guessed is None:
        return _kind_of_text(name) if _is_text(head) else "application/octet-stream"
    mime: str = _OTHER_NAMES.get(guessed.mime, guessed.mime)
    return _CONTAINERS.get(mime, mime) if is_audio else mime


def kind_of(mime: str) -> str:
    """What stands for it in a message: image | video | audio | file."""
    family = mime.partition("/")[0]
    return family if family in {"image", "video", "audio"} else "file"


def clean_name(name: str, mime: str) -> str:
    """A name that may be shown and downloaded under; one for its kind where none is left."""
    plain = _SEPARATORS.sub("_", _UNSAFE.sub("", name.replace("\\", "/").rpartition("/")[2])).strip(" .")
    path = PurePath(plain)
    if len(plain) > LONGEST_NAME:
        ending = path.suffix if len(path.suffix) <= 12 else ""
        plain = plain[: LONGEST_NAME - len(ending)] + ending
    return plain or f"{kind_of(mime)}{ending_of(mime)}"


def ending_of(mime: str) -> str:
    """The ending by which a type is known: ".jpg"; "" where we know none."""
    return _ENDINGS.get(mime, "")


def _is_text(head: bytes) -> bool:
    if _NOT_IN_TEXT.search(head):
        return False
    try:
        head.decode()
    except UnicodeDecodeError as error:
        return len(head) == HEAD_BYTES and error.start > HEAD_BYTES - 4  # a sign cut in two
    return bool(head)


def _kind_of_text(name: str) -> str:
    """Every other text, a page or a drawing with scripts among them, is plain text to us."""
    return _TEXTS.get(PurePath(name.lower()).suffix, "text/plain")
