from __future__ import annotations

import gzip

import pytest

from conversations.files import kinds
from tests.conversations.files.samples import a_film, a_picture, a_sound


@pytest.mark.parametrize(
    ("content", "mime", "kind"),
    [
        (a_picture("JPEG"), "image/jpeg", "image"),
        (a_picture("PNG"), "image/png", "image"),
        (a_picture("GIF"), "image/gif", "image"),
        (a_picture("WEBP"), "image/webp", "image"),
        (a_film(), "video/mp4", "video"),
        (a_sound(), "audio/wav", "audio"),
        (b"%PDF-1.7\n%\xe2\xe3", "application/pdf", "file"),
        (gzip.compress(b"a", mtime=0), "application/gzip", "file"),
        (b"MZ\x90\x00" + b"\x00" * 60, "application/vnd.microsoft.portable-executable", "file"),
        ("見積書\n".encode(), "text/plain", "file"),
        (b"\x00\x01\x02\x03 nothing known", "application/octet-stream", "file"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_content_tells_the_type(content: bytes, mime: str, kind: str) -> None:
    found = kinds.mime_of(content[: kinds.HEAD_BYTES], "holiday.jpg")
    assert (found, kinds.kind_of(found)) == (mime, kind)


@pytest.mark.parametrize(
    "content",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<!doctype html><script>alert(1)</script>",
        b"<?php system($_GET['c']);",
    ],
    ids=["drawing", "page", "program"],
)
def test_what_could_run_in_a_browser_is_plain_text_and_never_shown(content: bytes) -> None:
    found = kinds.mime_of(content, "drawing.svg")
    assert found == "text/plain"
    assert found not in kinds.SHOWN


def test_a_name_tells_one_kind_of_text_from_another_and_nothing_else() -> None:
    assert kinds.mime_of(b"a,b\n1,2\n", "list.CSV") == "text/csv"
    assert kinds.mime_of(b"\x00\x01", "list.csv") == "application/octet-stream"
    assert kinds.mime_of(a_picture("PNG"), "list.csv") == "image/png"


def test_a_sound_in_a_container_of_films_is_a_sound_when_its_sender_says_so() -> None:
    assert kinds.mime_of(a_film(), is_audio=True) == "audio/mp4"
    assert kinds.mime_of(a_picture("PNG"), is_audio=True) == "image/png"


def test_a_sign_cut_in_two_at_the_end_of_the_head_is_still_text() -> None:
    head = ("x" * (kinds.HEAD_BYTES - 1) + "茶").encode()[: kinds.HEAD_BYTES]
    assert kinds.mime_of(head) == "text/plain"
    assert kinds.mime_of(head[:-2] + b"\xff" + head[-1:] + b"y") == "application/octet-stream"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("照片.jpg", "照片.jpg"),
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\bill.pdf", "bill.pdf"),
        ("a\x00b\r\nSet-Cookie: x.txt", "abSet-Cookie_ x.txt"),
        ("exe.\u202egpj", "exe.gpj"),
        ("...", "file.txt"),
        ("", "file.txt"),
    ],
)
def test_names_are_harmless(given: str, kept: str) -> None:
    assert kinds.clean_name(given, "text/plain") == kept


def test_a_long_name_keeps_its_ending() -> None:
    name = kinds.clean_name("x" * 5000 + ".pdf", "application/pdf")
    assert len(name) == kinds.LONGEST_NAME
    assert name.endswith("x.pdf")
