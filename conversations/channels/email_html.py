"""The HTML of a mail: made harmless for showing, and read as text.

Size, nesting, attributes and entities are bounded before the cleaner sees them: it is fast, but not on
everything. What exceeds a bound is not shown as HTML at all.
"""

from __future__ import annotations

import html
import re

import nh3

from conversations.channels.email_text import Reading, TextWriter

MOST_CHARACTERS = 400_000
MOST_LEVELS = 200
LONGEST_TAG = 20_000  # characters between "<" and ">"
MOST_ENTITIES = 20_000
MOST_CLEAN = 200_000  # characters of cleaned HTML that are kept
MOST_TEXT = 200_000  # characters of text after which no more is read

_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*)")
_TOKEN = re.compile(r"<(/?)([a-z][a-z0-9]*)((?:\s+[^\s=>]+(?:=\"[^\"]*\")?)*)\s*/?>|([^<]+)|<")
_ATTRIBUTE = re.compile(r'\s([^\s=>]+)="([^"]*)"')
_PLAIN_TAG = re.compile(r"<[^>]{0,1000}>")

# Elements whose end may be left out: a thousand of them in a row are no nesting.
_OPEN_ENDED = frozenset({
    "p", "li", "td", "th", "tr", "dt", "dd", "option", "tbody", "thead", "br", "img", "hr", "meta",
    "link", "input", "col", "area", "base", "wbr", "source", "param", "embed",
})  # fmt: skip
_TEXT_TAGS = frozenset({
    "a", "b", "strong", "i", "em", "u", "s", "small", "big", "sub", "sup", "code", "pre",
    "blockquote", "p", "br", "div", "span", "font", "center", "h1", "h2", "h3", "h4", "h5", "h6",
    "ul", "ol", "li", "dl", "dt", "dd", "table", "thead", "tbody", "tfoot", "tr", "td", "th",
    "caption", "hr", "img",
})  # fmt: skip
_SHOWN_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "width", "height"},
    "td": {"colspan", "rowspan", "align"},
    "th": {"colspan", "rowspan", "align"},
    "ol": {"start"},
}
_READ_ATTRIBUTES = {
    "a": {"href"},
    "img": {"alt"},
    "blockquote": {"type", "class", "id"},
    "div": {"class", "id"},
    "span": {"class", "id"},
}
_GONE = {"script", "style", "title", "head", "template", "noscript", "object", "iframe", "svg", "math"}
_SCHEMES = {"http", "https", "mailto", "tel", "cid"}


def is_bounded(source: str) -> bool:
    """Whether `source` may be given to the cleaner."""
    if len(source) > MOST_CHARACTERS or source.count("&") > MOST_ENTITIES:
        return False
    if any(len(piece) - piece.find("<") > LONGEST_TAG for piece in source.split(">") if "<" in piece):
        return False
    depth = 0
    for tag in _TAG.finditer(source):
        if tag[2].lower() not in _OPEN_ENDED:
            depth = max(0, depth - 1) if tag[1] else depth + 1
            if depth > MOST_LEVELS:
                return False
    return True


def clean(source: str) -> str:
    """`source` without anything that runs, styles, posts or frames; "" when it exceeds a bound.

    Addresses of pictures stay: whoever shows the mail decides whether they are loaded.
    """
    if not is_bounded(source):
        return ""
    cleaned = nh3.clean(
        source,
        tags=set(_TEXT_TAGS),
        clean_content_tags=set(_GONE),
        attributes=_SHOWN_ATTRIBUTES,
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer nofollow",
    )
    return cleaned if len(cleaned) <= MOST_CLEAN else ""


def as_text(source: str) -> Reading:
    """`source` as text: paragraphs, lists, quotes with ">", addresses behind links that do not show them."""
    if not is_bounded(source):
        return Reading(html.unescape(_PLAIN_TAG.sub(" ", source[:MOST_CHARACTERS])).strip())
    cleaned = nh3.clean(
        source,
        tags=set(_TEXT_TAGS),
        clean_content_tags=set(_GONE),
        attributes=_READ_ATTRIBUTES,
        url_schemes=_SCHEMES,
        link_rel=None,
    )
    writer = TextWriter()
    for token in _TOKEN.finditer(cleaned):
        if writer.size > MOST_TEXT:
            break
        if token[4] is not None:
            writer.say(html.unescape(token[4]))
        elif token[2] is None:
            writer.say("<")
        elif token[1]:
            writer.close(token[2])
        else:
            writer.open(token[2], dict(_ATTRIBUTE.findall(token[3])))
    return writer.reading()
