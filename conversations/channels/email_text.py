"""A cleaned document written down as text: paragraphs, lists, quotes with ">", addresses behind links.

Where a mail's own marks say that the answered mail begins, the place is noted.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field

MOST_MARKS = 10  # ">" before a quoted line

_BLANK_LINE = re.compile(r"[> ]*\Z")
_BLOCKS = frozenset({
    "p", "div", "blockquote", "ul", "ol", "dl", "table", "tr", "h1", "h2", "h3", "h4", "h5", "h6",
    "pre", "hr", "li", "dt", "dd", "caption", "center",
})  # fmt: skip
_SPACED = frozenset(["p", "blockquote", "ul", "ol", "table", "h1", "h2", "h3", "h4", "h5", "h6", "pre"])
_QUOTE_CLASSES = frozenset(
    ["gmail_quote", "gmail_quote_container", "yahoo_quoted", "moz-cite-prefix", "protonmail_quote"]
)
_QUOTE_IDS = frozenset(
    ["divrplyfwdmsg", "appendonsend", "olk_src_body_section", "mail-editor-reference-message-container"]
)


@dataclass(frozen=True, slots=True)
class Reading:
    """A mail's HTML as text. quoted_from: where in the text the answered mail begins, to the end of it."""

    text: str
    quoted_from: int | None = None


@dataclass(slots=True)
class TextWriter:
    """Lines of text from a cleaned document, whose elements are balanced."""

    lines: list[str] = field(default_factory=lambda: [""])
    size: int = 0  # characters said, and lines begun
    quotes: int = 0
    verbatim: int = 0
    quoted_line: int | None = None
    words_after_quote: bool = False
    quote_elements: list[tuple[str, int]] = field(default_factory=list)  # open ones: tag, how deep inside
    links: list[tuple[str, int, int]] = field(default_factory=list)  # address, where its words begin
    quote_is_open_ended: bool = False

    def open(self, tag: str, attributes: dict[str, str]) -> None:
        self._note_quote(tag, attributes)
        if self.quote_elements and tag == self.quote_elements[-1][0]:
            self.quote_elements[-1] = (tag, self.quote_elements[-1][1] + 1)
        if tag in _BLOCKS:
            self._begin_line(spaced=tag in _SPACED)
        if tag == "br":
            self._new_line()
        elif tag == "blockquote":
            self.quotes += 1
            self._mark()
        elif tag == "pre":
            self.verbatim += 1
        elif tag == "li":
            self.lines[-1] += "- "
        elif tag in {"td", "th"} and not _is_blank(self.lines[-1]):
            self.lines[-1] += "  "
        elif tag == "img" and attributes.get("alt", "").strip():
            self.say(f"[{html.unescape(attributes['alt']).strip()}]")
        elif tag == "a":
            address = html.unescape(attributes.get("href", ""))
            self.links.append((address, len(self.lines) - 1, len(self.lines[-1])))

    def close(self, tag: str) -> None:
        if tag == "a" and self.links:
            self._write_address(*self.links.pop())
        elif tag == "blockquote":
            self.quotes = max(0, self.quotes - 1)
        elif tag == "pre":
            self.verbatim = max(0, self.verbatim - 1)
        if tag in _BLOCKS:
            self._begin_line(spaced=tag in _SPACED)
        if self.quote_elements and tag == self.quote_elements[-1][0]:
            depth = self.quote_elements[-1][1] - 1
            self.quote_elements[-1] = (tag, depth)
            if depth == 0:
                self.quote_elements.pop()

    def say(self, text: str) -> None:
        self.size += len(text)
        if self.verbatim:
            first, *others = text.split("\n")
            self.lines[-1] += first
            for line in others:
                self._new_line()
                self.lines[-1] += line
        else:
            words = re.sub(r"[ \t\r\n\f]+", " ", text)
            if _is_blank(self.lines[-1]):
                words = words.lstrip(" ")
            self.lines[-1] += words
        is_new = self.quoted_line is not None and not self.quote_elements and not self.quote_is_open_ended
        self.words_after_quote |= is_new and bool(text.strip())

    def reading(self) -> Reading:
        """The text, blank lines in a row made one."""
        kept: list[str] = []
        quoted_from: int | None = None
        for number, line in enumerate(self.lines):
            if number == self.quoted_line and not self.words_after_quote:
                quoted_from = sum(len(each) + 1 for each in kept)
            line = line.replace("\xa0", " ").rstrip()
            if line or (kept and kept[-1]):
                kept.append(line)
        text = "\n".join(kept)
        begun = len(text) - len(text.lstrip())
        return Reading(text.strip(), None if quoted_from is None else max(0, quoted_from - begun))

    def _note_quote(self, tag: str, attributes: dict[str, str]) -> None:
        classes = set(attributes.get("class", "").lower().split())
        own_id = attributes.get("id", "").lower().removeprefix("x_")
        is_cited = tag == "blockquote" and attributes.get("type", "").lower() == "cite"
        if not (classes & _QUOTE_CLASSES or own_id in _QUOTE_IDS or is_cited):
            return
        if self.quoted_line is None:
            self._begin_line(spaced=False)
            self.quoted_line = len(self.lines) - 1
        if own_id in _QUOTE_IDS or "moz-cite-prefix" in classes:
            self.quote_is_open_ended = own_id in _QUOTE_IDS  # the quote follows beside it
        if not self.quote_elements:
            self.quote_elements.append((tag, 0))

    def _write_address(self, address: str, line: int, column: int) -> None:
        words = (
            "\n".join([self.lines[line][column:], *self.lines[line + 1 :]]) if line < len(self.lines) else ""
        )
        shown = address.removeprefix("mailto:").removeprefix("tel:")
        if address.startswith(("https://", "http://", "mailto:")) and words.strip() and shown not in words:
            self.lines[-1] += f" <{shown[:500]}>"

    def _begin_line(self, *, spaced: bool) -> None:
        if not _is_blank(self.lines[-1]):
            self._new_line()
        if spaced and len(self.lines) > 1 and not _is_blank(self.lines[-2]):
            self._new_line()
        if _is_blank(self.lines[-1]):
            self._mark()

    def _new_line(self) -> None:
        self.size += 1 + 2 * min(self.quotes, MOST_MARKS)
        self.lines.append("")
        self._mark()

    def _mark(self) -> None:
        if _is_blank(self.lines[-1]):
            self.lines[-1] = "> " * min(self.quotes, MOST_MARKS)


def _is_blank(line: str) -> bool:
    return _BLANK_LINE.match(line) is not None
