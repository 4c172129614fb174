"""Message catalogs without the gettext tools: find the strings, keep the .po files, compile them.

Strings are found in Python by reading its syntax tree, in templates by walking what Django's parser makes of them.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import polib
from django.template import Engine
from django.template.base import Node, Variable
from django.template.base import Template as ParsedTemplate
from django.templatetags.i18n import BlockTranslateNode, TranslateNode

PYTHON_FOLDERS = ("config", "tenants", "contacts", "conversations", "reporting")
NOT_OURS = {"migrations"}
PYTHON_CALLS = {
    "_": ("msgid",),
    "gettext": ("msgid",),
    "gettext_lazy": ("msgid",),
    "gettext_noop": ("msgid",),
    "ngettext": ("msgid", "msgid_plural"),
    "ngettext_lazy": ("msgid", "msgid_plural"),
    "pgettext": ("msgctxt", "msgid"),
    "pgettext_lazy": ("msgctxt", "msgid"),
}
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|\{(\w*)\}")
CHILDREN = ("nodelist", "nodelist_true", "nodelist_false", "nodelist_loop", "nodelist_empty")


@dataclass(frozen=True, slots=True)
class Found:
    """One string to be translated, and the file that shows it."""

    msgid: str
    file: str
    msgid_plural: str = ""
    msgctxt: str = ""


class Unreadable(ValueError):
    """A string to be translated is put together at run time: no catalog can hold it."""


def find(root: Path) -> list[Found]:
    """Every string of the product's own code and templates below `root`. Raises Unreadable."""
    found: list[Found] = []
    for folder in PYTHON_FOLDERS:
        for path in sorted((root / folder).rglob("*.py")):
            if not NOT_OURS & set(path.relative_to(root).parts):
                found.extend(in_python(path.read_text(), str(path.relative_to(root))))
    engine = _engine(root)
    for path in sorted((root / "templates").rglob("*.html")) + sorted((root / "templates").rglob("*.txt")):
        found.extend(in_template(path.read_text(), str(path.relative_to(root)), engine))
    return found


def in_python(source: str, name: str) -> Iterator[Found]:
    """The strings of one Python module. Raises Unreadable for an argument that is no literal."""
    for node in ast.walk(ast.parse(source, name)):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        wanted = PYTHON_CALLS.get(called)
        if wanted is None or len(node.args) < len(wanted):
            continue
        parts = [part.value for part in node.args[: len(wanted)] if isinstance(part, ast.Constant)]
        strings = [part for part in parts if isinstance(part, str)]
        if len(strings) == len(wanted):
            yield Found(file=name, **dict(zip(wanted, strings, strict=True)))
        elif any(isinstance(part, ast.JoinedStr | ast.BinOp) for part in node.args[: len(wanted)]):
            raise Unreadable(f"{name}:{node.lineno}")


def in_template(source: str, name: str, engine: Engine) -> Iterator[Found]:
    """The strings of one template. Raises Unreadable for a name that cannot be put into a catalog."""
    parsed = ParsedTemplate(source, name=name, engine=engine)
    for node in _nodes(parsed.nodelist):
        if isinstance(node, BlockTranslateNode):
            singular, _names = node.render_token_list(node.singular)
            plural = node.render_token_list(node.plural)[0] if node.plural else ""
            yield Found(singular, name, plural, _context(node))
        elif isinstance(node, TranslateNode):
            literal = node.filter_expression.var
            text = literal.literal if isinstance(literal, Variable) else literal
            if not isinstance(text, str):
                raise Unreadable(f"{name}: {node.filter_expression}")
            yield Found(str(text).replace("%", "%%"), name, msgctxt=_context(node))


def update(catalog: polib.POFile, found: Iterable[Found]) -> polib.POFile:
    """Bring a catalog up to date: new strings without a translation, lost ones gone, the rest as they stand."""
    known = {(entry.msgctxt or "", entry.msgid): entry for entry in catalog}
    entries: dict[tuple[str, str], polib.POEntry] = {}
    for string in found:
        key = (string.msgctxt, string.msgid)
        entry = entries.get(key)
        if entry is None:
            entry = entries[key] = _entry(string, known.get(key))
        if (string.file, "") not in entry.occurrences:
            entry.occurrences.append((string.file, ""))
    catalog.clear()
    catalog.extend(
        entries[key] for key in sorted(entries, key=lambda key: (entries[key].occurrences[0][0], key))
    )
    return catalog


def compile_all(folders: Iterable[Path]) -> list[Path]:
    """Write the .mo file beside every .po file, and say which."""
    written = []
    for folder in folders:
        for path in sorted(Path(folder).rglob("*.po")):
            target = path.with_suffix(".mo")
            polib.pofile(str(path)).save_as_mofile(str(target))
            written.append(target)
    return written


def placeholders(text: str) -> set[str]:
    """The names that a string's placeholders have."""
    return {percent or brace for percent, brace in PLACEHOLDER.findall(text)}


def _entry(string: Found, known: polib.POEntry | None) -> polib.POEntry:
    entry = polib.POEntry(
        msgid=string.msgid,
        msgid_plural=string.msgid_plural,
        msgctxt=string.msgctxt or None,
        msgstr=known.msgstr if known is not None else "",
        flags=["python-format"] if "%(" in string.msgid else [],
    )
    if string.msgid_plural:
        entry.msgstr_plural = known.msgstr_plural if known is not None and known.msgstr_plural else {0: ""}
    return entry


def _context(node: BlockTranslateNode | TranslateNode) -> str:
    return str(node.message_context).strip("\"'") if node.message_context else ""


def _nodes(nodelist: Iterable[Node]) -> Iterator[Node]:
    for node in nodelist:
        yield node
        for name in CHILDREN:
            yield from _nodes(getattr(node, name, None) or ())


def _engine(root: Path) -> Engine:
    configured = Engine.get_default()
    return Engine(
        dirs=[str(root / "templates")],
        libraries=configured.libraries,
        builtins=configured.builtins,
        app_dirs=False,
    )
