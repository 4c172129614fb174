"""Templates of a platform: texts with gaps that it approves before they may be sent.

A gap is written {{1}}, or {{name}} where the platform knows named ones. Filling is checked here, so that what goes
out is what the platform expects.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from conversations.channels.outgoing import Template

MOST_VALUE = 1024  # characters of one value
MARKETING = "marketing"  # the category of advertising, as WhatsApp names it

_GAP = re.compile(r"\{\{\s*([A-Za-z0-9_]{1,60})\s*\}\}")
_BROKEN = re.compile(r"[\r\n\t]| {5,}")


class BadFilling(ValueError):
    """The values do not fit the gaps. `gap` names the one, as in `gaps`; `code` says what is wrong: missing,
    unknown, too_long, line_break."""

    def __init__(self, gap: str, code: str) -> None:
        super().__init__(f"{gap}: {code}")
        self.gap = gap
        self.code = code


@dataclass(frozen=True, slots=True)
class TemplateButton:
    """A button below a template. kind: quick_reply | url | phone_number | copy_code | …; url may hold a gap."""

    kind: str
    label: str
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformTemplate:
    """One template in one language, as the platform lists it.

    status: approved | pending | rejected | paused | disabled, or another word of the platform's, lower case.
    header_kind: "" | text | image | video | document | location; `header` is its text.
    """

    external_id: str
    name: str
    language: str
    category: str = ""
    status: str = ""
    reason: str = ""
    quality: str = ""
    header_kind: str = ""
    header: str = ""
    body: str = ""
    footer: str = ""
    buttons: tuple[TemplateButton, ...] = ()


def gaps(template: PlatformTemplate) -> list[str]:
    """What has to be filled in, in the order of reading: "header.1", "body.1", "body.order", "button.0.1"."""
    found = [f"header.{name}" for name in _names(template.header)]
    found += [f"body.{name}" for name in _names(template.body)]
    for index, button in enumerate(template.buttons):
        found += [f"button.{index}.{name}" for name in _names(button.url)]
    return found


def fill(template: PlatformTemplate, values: Mapping[str, str]) -> Template:
    """The template with its gaps filled, ready to be sent. Raises BadFilling."""
    wanted = gaps(template)
    for gap in values:
        if gap not in wanted:
            raise BadFilling(gap[:80], "unknown")
    parts: dict[str, tuple[str, ...]] = {}
    for gap in wanted:
        value = values.get(gap, "").strip()
        _require_sendable(gap, value)
        place, _dot, name = gap.rpartition(".")
        key = place.replace(".", ":") if name.isdigit() else f"{place.replace('.', ':')}:{name}"
        parts[key] = (*parts.get(key, ()), value)
    return Template(
        name=template.name,
        language=template.language,
        parts=parts,
        is_marketing=template.category == MARKETING,
    )


def preview(template: PlatformTemplate, values: Mapping[str, str]) -> str:
    """How it will read: header, body and footer; a gap without a value stands as it is written."""
    texts = [
        _filled(template.header, "header", values),
        _filled(template.body, "body", values),
        template.footer,
    ]
    return "\n\n".join(filter(None, texts))


def pieces(text: str, place: str) -> list[tuple[str, str]]:
    """A text of a template cut at its gaps: what stands there, and the gap's name as in `gaps` ("" for plain text)."""
    found: list[tuple[str, str]] = []
    end = 0
    for gap in _GAP.finditer(text):
        found += [(text[end : gap.start()], ""), (gap[0], f"{place}.{gap[1]}")]
        end = gap.end()
    return [piece for piece in [*found, (text[end:], "")] if piece[0]]


def _names(text: str) -> Sequence[str]:
    """The gaps of a text, each once; numbers in their order."""
    found = list(dict.fromkeys(_GAP.findall(text)))
    return sorted(found, key=int) if all(name.isdigit() for name in found) else found


def _filled(text: str, place: str, values: Mapping[str, str]) -> str:
    return _GAP.sub(lambda gap: values.get(f"{place}.{gap[1]}", "").strip() or gap[0], text)


def _require_sendable(gap: str, value: str) -> None:
    if not value:
        raise BadFilling(gap, "missing")
    if len(value) > MOST_VALUE:
        raise BadFilling(gap, "too_long")
    if _BROKEN.search(value):  # the platform refuses line breaks, tabs and more than four spaces in a value
        raise BadFilling(gap, "line_break")
