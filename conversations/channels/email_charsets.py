"""Bytes of mails as text: charsets that are named wrongly, header words, parameters. Never an error.

A charset is believed when it decodes the bytes without a fault. Otherwise UTF-8 is tried, then those that the
mails of East Asia are really written in, and at last every fault becomes U+FFFD. Only charsets of text are
known here: a name cannot call up a codec that unpacks, or that is slow on purpose.
"""

from __future__ import annotations

import base64
import binascii
import quopri
import re
from urllib.parse import unquote_to_bytes

HEADER_LENGTH = 8_000  # characters of one header field that are read
PARAMETER_LENGTH = 4_000

_POISON = re.compile("[\x00\ud800-\udfff]")
_WORD = re.compile(r"=\?([^?\s*]{1,60})(?:\*[^?\s]{0,20})?\?([bBqQ])\?([^?\s]*)\?=")
_PARAMETER = re.compile(r';\s*([A-Za-z][\w.-]{0,40})(\*\d{0,3})?(\*)?\s*=\s*("(?:[^"\\]|\\.)*"|[^;\s"]*)')
_FOLD = re.compile(r"\r?\n[ \t]?")

_GB, _BIG5, _JAPANESE, _KOREAN, _WESTERN = "gb18030", "big5hkscs", "cp932", "cp949", "cp1252"
_ISO_2022_JP = "iso2022_jp_ext"
# What is named, and what is meant: the wider charset that contains the one named.
_MEANT = {
    "utf8": "utf-8", "ascii": "utf-8", "usascii": "utf-8", "utf8mb4": "utf-8", "unknown8bit": "utf-8",
    "gb2312": _GB, "gbk": _GB, "gb18030": _GB, "xgbk": _GB, "cp936": _GB, "euccn": _GB, "hzgb2312": "hz",
    "big5": _BIG5, "big5hkscs": _BIG5, "cp950": _BIG5, "xbig5": _BIG5, "big5eten": _BIG5,
    "shiftjis": _JAPANESE, "sjis": _JAPANESE, "xsjis": _JAPANESE, "cp932": _JAPANESE, "mskanji": _JAPANESE,
    "windows31j": _JAPANESE, "eucjp": "euc_jp", "xeucjp": "euc_jp", "iso2022jp": _ISO_2022_JP,
    "iso2022jp1": _ISO_2022_JP, "iso2022jp2": "iso2022_jp_2", "cp50220": _ISO_2022_JP, "cp50221": _ISO_2022_JP,
    "euckr": _KOREAN, "ksc56011987": _KOREAN, "cp949": _KOREAN, "iso2022kr": "iso2022_kr",
    "iso88591": _WESTERN, "latin1": _WESTERN, "windows1252": _WESTERN, "cp1252": _WESTERN,
    "utf16": "utf-16", "utf16le": "utf-16-le", "utf16be": "utf-16-be",
    "koi8r": "koi8-r", "koi8u": "koi8-u", "tis620": "cp874", "windows874": "cp874",
    **{f"iso8859{number}": f"iso8859-{number}" for number in (2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14, 15, 16)},
    **{f"windows{number}": f"cp{number}" for number in range(1250, 1259) if number != 1252},
}  # fmt: skip
# Where the frequent characters of each lie: first bytes, lowest second byte (level 1 of each standard, and kana).
_FREQUENT: dict[str, tuple[frozenset[int], int]] = {
    _GB: (frozenset(range(0xB0, 0xD8)) | {0xA3}, 0xA1),
    _BIG5: (frozenset(range(0xA4, 0xC7)), 0x40),
    _JAPANESE: (frozenset(range(0x88, 0x98)) | {0x82, 0x83}, 0x40),
}
_LOOKED_AT = 4_000  # bytes by which a charset is guessed
_TRUST = 0.3  # how much more plausible the charset that is named counts


def decode(content: bytes, charset: str = "") -> str:
    """`content` as text that a database can keep, whatever the truth of `charset`."""
    named = _MEANT.get(re.sub(r"[^a-z0-9]", "", charset.lower()[:60]), "")
    if content.isascii() and (b"\x1b$" in content or b"\x1b(" in content):  # ISO-2022-JP, whatever is said
        named = named if named.startswith("iso2022") else _ISO_2022_JP
    for codec in (named, "utf-8") if named not in _FREQUENT else ("utf-8",):
        try:
            return safe(content.decode(codec)) if codec else _guessed(content, "")
        except UnicodeError:
            continue
    return _guessed(content, named)


def _guessed(content: bytes, named: str) -> str:
    """The most plausible reading of bytes that are no UTF-8."""
    try:
        return safe(content.decode("utf-8"))
    except UnicodeDecodeError:
        pass
    marks = {codec: _plausibility(content, codec) + _TRUST * (codec == named) for codec in _FREQUENT}
    codec = max(marks, key=lambda each: marks[each])
    if marks[codec] < _TRUST:
        codec = named or _WESTERN
    return safe(content.decode(codec, "replace"))


def _plausibility(content: bytes, codec: str) -> float:
    """Which share of the characters above ASCII are frequent ones, when `content` is read as `codec`."""
    firsts, lowest = _FREQUENT[codec]
    frequent = seen = 0
    for character in content[:_LOOKED_AT].decode(codec, "replace"):
        if character.isascii():
            continue
        seen += 1
        pair = b"" if character == "\ufffd" else character.encode(codec, "ignore")  # half of a pair has none
        frequent += len(pair) == 2 and pair[0] in firsts and pair[1] >= lowest
    return frequent / seen if seen else 0.0


def safe(text: str) -> str:
    """`text` without what a database refuses: NUL and lone surrogates become U+FFFD."""
    return _POISON.sub("\ufffd", text)


def header(value: str) -> str:
    """A header field's text, on one line: encoded words (RFC 2047) opened, raw bytes guessed.

    Words of one charset that follow each other are joined before they are decoded: mailers split characters.
    """
    value = _FOLD.sub(" ", value[:HEADER_LENGTH])
    found: list[str] = []
    pending, pending_charset, end = b"", "", 0
    for word in _WORD.finditer(value):
        between = value[end : word.start()]
        charset, content = word[1].lower(), _opened(word[2], word[3])
        if pending and (between.strip() or charset != pending_charset):
            found.append(decode(pending, pending_charset))
            pending = b""
        if between.strip() or not end:
            found.append(_raw(between))
        pending, pending_charset, end = pending + content, charset, word.end()
    if pending:
        found.append(decode(pending, pending_charset))
    found.append(_raw(value[end:]))
    return re.sub(r"[\s\ufffe\uffff]+", " ", "".join(found)).strip()


def parameters(value: str) -> dict[str, str]:
    """The parameters of a header field like Content-Type, RFC 2231 pieces joined, names in lower case."""
    pieces: dict[str, list[tuple[int, bool, str]]] = {}
    for found in _PARAMETER.finditer(_FOLD.sub(" ", value[:PARAMETER_LENGTH])):
        name, position, encoded, given = found[1].lower(), found[2] or "", found[3], found[4]
        if given.startswith('"'):
            given = re.sub(r"\\(.)", r"\1", given[1:-1])
        # "name*=…" is one whole encoded value, "name*0*=…" an encoded piece of several
        number = int(position[1:]) if len(position) > 1 else 0 if position or encoded else -1
        pieces.setdefault(name, []).append((number, bool(encoded) or position == "*", given))
    return {name: _joined(found) for name, found in pieces.items()}


def _joined(pieces: list[tuple[int, bool, str]]) -> str:
    extended = [piece for piece in pieces if piece[0] >= 0]
    pieces = sorted(extended, key=lambda piece: piece[0]) or pieces[:1]
    if not any(encoded for _, encoded, _ in pieces):
        return header("".join(text for _, _, text in pieces))
    charset, content = "", b""
    for place, (_, encoded, text) in enumerate(pieces):
        if place == 0 and encoded and text.count("'") >= 2:
            charset, _language, text = text.split("'", 2)
        raw = text.encode("utf-8", "surrogateescape")
        content += unquote_to_bytes(raw) if encoded else raw
    return decode(content, charset)


def _opened(encoding: str, word: str) -> bytes:
    content = word.encode("ascii", "surrogateescape")
    if encoding in "bB":
        try:
            return base64.b64decode(content + b"=" * (-len(content) % 4))
        except (binascii.Error, ValueError):
            return content
    return quopri.decodestring(content, header=True)


def _raw(text: str) -> str:
    """Text that stood in a header as it is: its bytes above ASCII came through as lone surrogates."""
    return safe(text) if text.isascii() else decode(text.encode("utf-8", "surrogateescape"))
