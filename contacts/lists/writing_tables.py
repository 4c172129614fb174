"""Tables that people open with a spreadsheet: CSV and XLSX in which nothing is taken for a formula."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterable, Sequence
from typing import IO

import openpyxl

BEGINNINGS = frozenset(
    "=+-@＝＋－＠"
)  # the full-width ones begin a formula where East Asian Excel reads them
BREAKS = ("\t", "\r", "\n")
BOM = "\ufeff"  # without it Excel reads a CSV file in the machine's own encoding
LONGEST_XLSX_CELL = 32_767


def harmless(text: str) -> str:
    """The text, with an apostrophe before what a spreadsheet would take for a formula."""
    first = next((sign for sign in text if sign.isprintable() and not sign.isspace()), "")
    return f"'{text}" if first in BEGINNINGS or text.startswith(BREAKS) else text


def meant(text: str) -> str:
    """What a cell says without the apostrophe that `harmless` gave it, so that our own tables can be read again."""
    return text[1:] if text.startswith("'") and harmless(text[1:]) != text[1:] else text


def write_csv(rows: Iterable[Sequence[str]], to: IO[bytes]) -> None:
    """The rows as CSV in UTF-8 with its mark."""
    text = io.TextIOWrapper(to, encoding="utf-8", newline="", errors="replace")
    text.write(BOM)
    writer = csv.writer(text)
    for row in rows:
        writer.writerow([harmless(cell) for cell in row])
    text.flush()
    text.detach()


def write_xlsx(rows: Iterable[Sequence[str]], to: IO[bytes], *, title: str) -> None:
    """The rows as a workbook with one sheet; every cell is a text. Never more than a row is held in memory."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(title[:31])
    for row in rows:
        sheet.append([harmless(_plain(cell)) for cell in row])
    with tempfile.NamedTemporaryFile() as file:
        book.save(file)
        file.seek(0)
        while chunk := file.read(65_536):
            to.write(chunk)


def _plain(text: str) -> str:
    """What a workbook's cell can hold."""
    return "".join(sign for sign in text if sign.isprintable() or sign in "\n\t")[:LONGEST_XLSX_CELL]
