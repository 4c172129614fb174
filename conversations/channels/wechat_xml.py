"""The XML of an Official Account's webhooks as a plain object: bounded, and without a document type.

A document type is where XML hides its dangers (entities that unfold, entities that fetch), so the first sign of one
ends the reading.
"""

from __future__ import annotations

import re
from typing import Any, NoReturn
from xml.parsers import expat

from conversations.channels import wire
from conversations.channels.base import Unparsable

MAX_BYTES = 1_000_000
MAX_DEPTH = 16
MAX_ELEMENTS = 5_000

# What neither XML nor PostgreSQL takes.
_POISON = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")
_REPLACEMENT = "\ufffd"


def read(body: bytes) -> dict[str, Any]:
    """The children of <xml> by name: a text, an object for what has children itself, a list for what stands there
    several times. Raises Unparsable."""
    if len(body) > MAX_BYTES:
        raise Unparsable(f"{len(body)} bytes, more than {MAX_BYTES}")
    try:
        source = body.decode("utf-8-sig", "surrogatepass")
        builder = _Builder()
        builder.parser.Parse(_POISON.sub(_REPLACEMENT, source), True)
    except (UnicodeDecodeError, expat.ExpatError) as error:
        raise Unparsable(f"not XML: {error}") from error
    return builder.root()


class _Node:
    __slots__ = ("children", "name", "text")

    def __init__(self, name: str) -> None:
        self.name = name
        self.text: list[str] = []
        self.children: list[_Node] = []

    def value(self) -> Any:
        if not self.children:
            return "".join(self.text)[: wire.MAX_TEXT]
        found: dict[str, Any] = {}
        for child in self.children:
            value = child.value()
            if child.name not in found:
                found[child.name] = value
            elif isinstance(found[child.name], list):
                found[child.name].append(value)
            else:
                found[child.name] = [found[child.name], value]
        return found


class _Builder:
    """Takes the parser's events; every bound is checked before anything grows beyond it."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate("utf-8")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = self._refuse_doctype
        self._top = _Node("")
        self._open = [self._top]
        self._count = 0

    def root(self) -> dict[str, Any]:
        """The object below <xml>. Raises Unparsable for any other document."""
        [root] = self._top.children
        content = root.value()
        if root.name != "xml" or not isinstance(content, dict):
            raise Unparsable("not a webhook of an Official Account")
        return content

    def _start(self, name: str, _attributes: dict[str, str]) -> None:
        self._count += 1
        if len(self._open) > MAX_DEPTH or self._count > MAX_ELEMENTS:
            raise Unparsable(f"deeper than {MAX_DEPTH}, or more than {MAX_ELEMENTS} elements")
        node = _Node(name)
        self._open[-1].children.append(node)
        self._open.append(node)

    def _end(self, _name: str) -> None:
        self._open.pop()

    def _text(self, text: str) -> None:
        self._open[-1].text.append(text)

    def _refuse_doctype(self, *_declared: object) -> NoReturn:
        raise Unparsable("a document type is refused")
