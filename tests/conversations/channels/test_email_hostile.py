"""Mails that were made to break whoever reads them. Each is read into one item, and its work is bounded.

What is bounded is counted, not timed: how much the parser and the cleaner are given.
"""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from conversations.channels import email_html, email_mime, wire
from conversations.channels.email import Email
from conversations.channels.items import IncomingMessage, Item
from tests.conversations.channels.contract import require_well_formed

CHANNEL = Email()
HEAD = b"Message-ID: <h@b.example>\r\nFrom: a@b.example\r\nSubject: x\r\n"


def nested(depth: int, kind: bytes = b"multipart/mixed") -> bytes:
    lines = [
        b"Content-Type: %s; boundary=b%d\r\n\r\n--b%d\r\n" % (kind, level, level) for level in range(depth)
    ]
    return HEAD + b"".join(lines) + b"\r\ndeep"


def page(source: str) -> bytes:
    return HEAD + b"Content-Type: text/html; charset=utf-8\r\n\r\n" + source.encode()


LARGE = {
    "10 MB of header": HEAD + b"X-Long: " + b"a" * 10_000_000 + b"\r\n\r\nwords",
    "10 MB of folded header": HEAD + b"X-Long: a\r\n" + b" a\r\n" * 2_500_000 + b"\r\nwords",
    "100,000 fields": HEAD + b"".join(b"X-%d: a\r\n" % each for each in range(100_000)) + b"\r\nwords",
    "a subject of 5 MB": HEAD.replace(b": x", b": " + b"=?utf-8?B?5oKo?= " * 300_000) + b"\r\nwords",
    "a subject of broken words": HEAD.replace(b": x", b": " + b"=?" * 500_000) + b"\r\nwords",
    "addresses without end": HEAD + b"To: " + b"<a@b.example>, " * 300_000 + b"\r\n\r\nwords",
    "comments in comments": HEAD.replace(b"a@b.example", b"(" * 100_000 + b"a@b.example") + b"\r\nwords",
    "quotes without end": HEAD + b'To: "' + b'\\"' * 500_000 + b"\r\n\r\nwords",
    "references without end": HEAD + b"References: " + b"<a@b> " * 500_000 + b"\r\n\r\nwords",
    "1,000 levels": nested(1_000),
    "100 levels": nested(100),
    "1,000 mails in mails": HEAD + b"Content-Type: message/rfc822\r\n\r\n" * 1_000 + b"\r\nwords",
    "a million parts": HEAD
    + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    + b"--b\r\n\r\na\r\n" * 1_000_000,
    "5,000 parts": HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\na\r\n" * 5_000,
    "lines times levels": nested(90) + b"\r\na" * 2_000_000,
    "a boundary of 1 MB": HEAD
    + b"Content-Type: multipart/mixed; boundary="
    + b"b" * 1_000_000
    + b"\r\n\r\nwords",
    "parameters without end": HEAD
    + b"Content-Type: text/plain"
    + b"; a*0*=utf-8''%41" * 100_000
    + b"\r\n\r\nwords",
    "20 MB of quoted-printable": HEAD
    + b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    + b"=41" * 6_000_000,
    "base64 that is none": HEAD + b"Content-Transfer-Encoding: base64\r\n\r\n" + b"\xff=\x00A" * 2_000_000,
    "uuencode of nothing": HEAD
    + b"Content-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 a\r\n"
    + b"M" * 1_000_000,
    "deep page": page("<div>" * 300_000),
    "attributes": page("<a " + " ".join(f"a{each}=1" for each in range(50_000)) + ">x</a>"),
    "entities": page("&" * 400_000),
    "open tags": page("<" * 400_000),
    "formatting": page("".join(f"<font color={each}>" for each in range(190)) + "<p>a" * 80_000),
    "quotes in quotes": page("<blockquote>a" * 199 + "<br>b" * 60_000),
    "a text of colons": HEAD + b"\r\n" + ("2026年11月2日 於 " * 20 + ":\r\n").encode() * 20_000,
    "a text of quotes": HEAD + b"\r\n" + b"> On x wrote:\r\n" * 200_000,
    "21 MB": HEAD + b"\r\n" + b"a" * 21_000_000,
}


def read(content: bytes) -> Item:
    element: dict[str, Any] = {"mime_base64": base64.b64encode(content).decode()}
    [item] = CHANNEL.parse_element("", element)
    require_well_formed([item])
    kept = json.dumps({name: getattr(item, name, None) for name in ("text", "details")}, ensure_ascii=False)
    assert "\x00" not in kept and kept.encode("utf-8")
    return item


@pytest.mark.parametrize("content", LARGE.values(), ids=LARGE.keys())
def test_a_mail_without_bounds_becomes_a_bounded_message(content: bytes) -> None:
    item = read(content)
    assert isinstance(item, IncomingMessage)
    assert len(item.text) <= wire.MAX_TEXT and len(item.attachments) <= email_mime.MOST_PARTS
    assert len(json.dumps(item.details)) < 1_000_000 and len(item.answers) <= 30


def test_the_parser_is_given_bounded_work(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[int] = []
    genuine = email_mime.BytesParser.parsebytes

    def counting(self: Any, text: bytes, *more: Any) -> Any:
        containers = len(email_mime._CONTAINER.findall(text))
        given.append(max(containers * text.count(b"\n") // 10, containers * 1000, text.count(b"\n--")))
        return genuine(self, text, *more)

    monkeypatch.setattr(email_mime.BytesParser, "parsebytes", counting)
    for name in (
        "1,000 levels",
        "1,000 mails in mails",
        "a million parts",
        "lines times levels",
        "100 levels",
    ):
        read(LARGE[name])
    assert len(given) == 1  # the hundred levels; the others are shown as one text
    assert read(LARGE["1,000 levels"]).details["is_unreadable"] is True  # type: ignore[attr-defined]


def test_the_cleaner_is_given_bounded_work(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[str] = []
    genuine = email_html.nh3.clean
    monkeypatch.setattr(
        email_html.nh3, "clean", lambda source, **more: given.append(source) or genuine(source, **more)
    )
    for name in ("deep page", "attributes", "entities"):
        assert "html" not in read(LARGE[name]).details  # type: ignore[attr-defined]
    assert given == []
    read(page("<p>words</p>"))
    assert given


def damaged() -> Iterator[bytes]:
    """Three hundred mails, each a good one with something torn, doubled or turned over."""
    dice = random.Random(711)
    good = [
        nested(3) + b"\r\n--b2--\r\n",
        HEAD + b"Content-Type: text/plain; charset=%s\r\n\r\n\xb1z\xa6n\x00\xed\xa0\x80",
        HEAD + b"Content-Disposition: attachment; filename*0*=big5''%B1; filename*1=\"x\"\r\n\r\nx",
        HEAD + b"Date: Mon, 99 Foo 99999 99:99:99 +9999\r\nReceived: x; " + b"9" * 50 + b"\r\n\r\nwords",
        page("<p>a<b>c</p><a href='java\nscript:x'>y</a><img src=cid:1><div class=gmail_quote>z"),
        HEAD + b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: message/delivery-status\r\n\r\nA: b\r\n\r\nAction: failed\r\nStatus: 5.1.1\r\n--b--",
    ]
    charsets = [
        b"utf-7",
        b"unicode_escape",
        b"zlib",
        b"idna",
        b"punycode",
        b"rot13",
        b"hex",
        b"\xff",
        b"undefined",
        b"",
    ]
    for number in range(300):
        mail = bytearray(good[number % len(good)].replace(b"%s", charsets[number % len(charsets)]))
        for _ in range(dice.randrange(1, 12)):
            at = dice.randrange(len(mail))
            act = dice.randrange(4)
            if act == 0:
                del mail[at : at + dice.randrange(1, 40)]
            elif act == 1:
                mail[at:at] = bytes(dice.randrange(256) for _ in range(dice.randrange(1, 20)))
            elif act == 2:
                mail[at:at] = mail[at : at + dice.randrange(1, 200)] * dice.randrange(1, 5)
            else:
                mail[at:at] = dice.choice(
                    [b"\r\n", b"\n\n", b"\x00", b"--b", b": ", b"<", b"=?", b"\xff\xfe", b"\x1b$B"]
                )
            mail = mail or bytearray(b"x")
        yield bytes(mail)


def test_three_hundred_damaged_mails_are_read_and_good_ones_between_them_are_whole() -> None:
    for number, content in enumerate(damaged()):
        elements = [
            {"mime_base64": base64.b64encode(content).decode()},
            {"mime": f"Message-ID: <good-{number}@b.example>\nFrom: a@b.example\n\ngood {number}"},
        ]
        items = CHANNEL.parse(json.dumps({"mails": elements}).encode())
        require_well_formed(items)
        assert isinstance(items[1], IncomingMessage) and items[1].text == f"good {number}"
        assert CHANNEL.parse_element("", items[0].raw) == [items[0]]
        json.dumps([item.raw for item in items])
