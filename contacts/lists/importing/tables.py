"""Reading tables that people upload: CSV in the encodings of our customers, XLSX row by row. Everything is bounded."""

from __future__ import annotations

import codecs
import csv
import io
import itertools
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import IO, Any

import openpyxl

from contacts.lists.writing_tables import meant

MOST_BYTES = 20_000_000
MOST_ROWS = 200_000
MOST_COLUMNS = 100
LONGEST_CELL = 5_000
MOST_UNPACKED = 200_000_000  # bytes of an XLSX file's parts together
MOST_PARTS = 500
LAST_ROW = (
    1_048_576  # of a sheet, says Excel; without a bound a row's number alone could be a billion empty rows
)
STEEPEST = 200  # how many bytes may come out of one

CSV, XLSX = "csv", "xlsx"
# utf-8 tells by itself that it is meant; the others take almost anything, so the likelier is tried by its own signs
ENCODINGS = ("utf-8-sig", "utf-8", "cp932", "cp950")
NAMES = {
    "utf-8-sig": "UTF-8",
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "cp932": "Shift_JIS (CP932)",
    "cp950": "Big5 (CP950)",
    "big5": "Big5",
    "shift_jis": "Shift_JIS",
}
_DELIMITERS = ",;\t|"

Cells = list[str]


class BadTable(ValueError):
    """The file cannot be imported. Codes: empty, too_large, too_many_rows, too_many_columns, cell_too_long,
    unreadable, unknown_encoding, file_gone."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Form:
    """How a file is to be read. encoding, delimiter: of CSV."""

    format: str
    encoding: str = ""
    delimiter: str = ""


def recognise(content: IO[bytes]) -> Form:
    """How the file is to be read. Raises BadTable."""
    size = content.seek(0, io.SEEK_END)
    if size > MOST_BYTES:
        raise BadTable("too_large")
    if not size:
        raise BadTable("empty")
    content.seek(0)
    if content.read(4) == b"PK\x03\x04":
        _check_archive(content)
        return Form(XLSX)
    content.seek(0)
    whole = content.read()
    encoding = encoding_of(whole)
    return Form(CSV, encoding, _delimiter_of(whole[:20_000].decode(encoding, "ignore")))


def encoding_of(whole: bytes) -> str:
    """The encoding of a text, of those that our customers' programs write. Raises BadTable."""
    if whole.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if whole.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\x00" in whole:
        raise BadTable("unreadable")
    fitting = [name for name in ENCODINGS[1:] if _fits(whole, name)]
    if not fitting:
        raise BadTable("unknown_encoding")
    if fitting[0] == "utf-8" or len(fitting) == 1:
        return fitting[0]
    return max(fitting, key=lambda name: _likeliness(whole[:200_000].decode(name, "ignore"), name))


def rows(content: IO[bytes], form: Form) -> Iterator[Cells]:
    """The rows with anything in them, the heading first. Raises BadTable."""
    content.seek(0)
    try:
        found = _of_workbook(content) if form.format == XLSX else _of_text(content, form)
        for number, cells in enumerate(found):
            if number > MOST_ROWS:
                raise BadTable("too_many_rows")
            yield cells
    except (csv.Error, UnicodeError) as error:
        raise BadTable("unreadable") from error


def part(content: IO[bytes], form: Form, start: int, count: int) -> list[Cells]:
    """`count` rows below the heading, from the one with the number `start` (0 is the first)."""
    return list(itertools.islice(rows(content, form), start + 1, start + 1 + count))


def _of_text(content: IO[bytes], form: Form) -> Iterator[Cells]:
    text = io.TextIOWrapper(content, encoding=form.encoding, newline="")
    try:
        for cells in csv.reader(text, delimiter=form.delimiter or ","):
            if any(cell.strip() for cell in cells):
                yield _bounded(cells)
    finally:
        text.detach()


def _of_workbook(content: IO[bytes]) -> Iterator[Cells]:
    for cells in _sheet(content):
        if cells.count(None) == len(cells):
            continue
        texts = [_written(cell) for cell in cells]
        while texts and not texts[-1].strip():
            texts.pop()
        if texts:
            yield _bounded(texts)


def _sheet(content: IO[bytes]) -> Iterator[tuple[Any, ...]]:
    """The rows of the first sheet, empty ones among them. Of too many columns one is kept, to tell."""
    try:
        with closing(
            openpyxl.load_workbook(content, read_only=True, data_only=True, keep_links=False)
        ) as book:
            if not book.worksheets:
                raise BadTable("empty")
            yield from book.worksheets[0].iter_rows(
                values_only=True, max_col=MOST_COLUMNS + 1, max_row=LAST_ROW
            )
    except BadTable:
        raise
    except Exception as error:  # whatever a strange part makes the reader raise
        raise BadTable("unreadable") from error


def _bounded(cells: Cells) -> Cells:
    if len(cells) > MOST_COLUMNS:
        raise BadTable("too_many_columns")
    if any(len(cell) > LONGEST_CELL for cell in cells):
        raise BadTable("cell_too_long")
    if any("\x00" in cell for cell in cells):
        raise BadTable("unreadable")
    return [meant(cell.strip()) for cell in cells]


def _written(cell: Any) -> str:
    """A cell as people would have typed it."""
    match cell:
        case None:
            return ""
        case bool():
            return "true" if cell else "false"
        case float() if cell.is_integer():
            return str(int(cell))
        case datetime():
            return cell.date().isoformat() if cell.time() == time() else cell.isoformat(timespec="seconds")
        case date():
            return cell.isoformat()
    return str(cell)


def _check_archive(content: IO[bytes]) -> None:
    """A small file that unpacks to a huge one is refused before anything is unpacked."""
    try:
        parts = zipfile.ZipFile(content).infolist()
    except zipfile.BadZipFile:
        raise BadTable("unreadable") from None
    if len(parts) > MOST_PARTS or sum(each.file_size for each in parts) > MOST_UNPACKED:
        raise BadTable("too_large")
    if any(each.file_size > STEEPEST * max(each.compress_size, 1) for each in parts):
        raise BadTable("too_large")


def _fits(whole: bytes, encoding: str) -> bool:
    try:
        whole.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _likeliness(text: str, encoding: str) -> float:
    """The share of signs that a text in this encoding is full of: kana and the common ones for Japanese, common
    Chinese characters for Big5. Half-width kana and rare characters are what wrong readings are made of."""
    others = [sign for sign in text if not sign.isascii()]
    good = sum(_is_usual(sign, encoding) for sign in others)
    bad = sum("\uff61" <= sign <= "\uff9f" or "\ue000" <= sign <= "\uf8ff" for sign in others)
    return (good - 2 * bad) / max(len(others), 1)


def _is_usual(sign: str, encoding: str) -> bool:
    if encoding == "cp932":
        return "\u3040" <= sign <= "\u30ff" or _level_one(sign, "shift_jis", 0x88, 0x98)
    return _level_one(sign, "big5", 0xA1, 0xC6)


def _level_one(sign: str, encoding: str, first: int, last: int) -> bool:
    """Whether the encoding's own table has the character among its frequent ones."""
    try:
        lead = sign.encode(encoding)[0]
    except UnicodeEncodeError:
        return False
    return first <= lead <= last


def _delimiter_of(beginning: str) -> str:
    """What stands between the cells of the heading."""
    heading = beginning.lstrip("\ufeff").splitlines()[0] if beginning.strip("\ufeff") else ""
    return max(_DELIMITERS, key=heading.count)
