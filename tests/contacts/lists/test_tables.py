"""Tables that people upload: encodings, formats, bounds."""

from __future__ import annotations

import io
import zipfile

import openpyxl
import pytest

from contacts.lists import writing_tables
from contacts.lists.importing import tables
from contacts.lists.importing.tables import BadTable

CHINESE = "姓名,電話,備註\n陳美玲,0912345678,喜歡喝茶的客人住在臺北\n王小明,0922333444,常常詢問送貨時間\n"
JAPANESE = (
    "氏名,電話,備考\n山田太郎,0312345678,お茶が好きなお客様です\n佐藤花子,0398765432,配送の日時をよく聞く\n"
)


@pytest.mark.parametrize(
    ("text", "written", "told"),
    [
        (CHINESE, "utf-8", "utf-8"),
        (CHINESE, "utf-8-sig", "utf-8-sig"),
        (CHINESE, "cp950", "cp950"),
        (JAPANESE, "cp932", "cp932"),
        (JAPANESE, "utf-16", "utf-16"),
        ("Name;E-mail\nBea;bea@shop.example\n", "ascii", "utf-8"),
    ],
)
def test_the_encoding_is_told_and_the_rows_are_read(text: str, written: str, told: str) -> None:
    content = io.BytesIO(text.encode(written))
    form = tables.recognise(content)
    assert form.encoding == told
    read = list(tables.rows(content, form))
    assert read == [line.split(form.delimiter) for line in text.splitlines()]


def workbook(*rows: list[object]) -> io.BytesIO:
    book, content = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(content)
    return content


def test_a_workbook_is_read_as_people_see_it() -> None:
    content = workbook(["Name", "Phone", "Member"], [], ["Mei", 886912345678.0, True], ["Bea", 1.5, None])
    form = tables.recognise(content)
    assert (form.format, list(tables.rows(content, form))) == (
        "xlsx",
        [["Name", "Phone", "Member"], ["Mei", "886912345678", "true"], ["Bea", "1.5"]],
    )
    assert tables.part(content, form, 1, 5) == [["Bea", "1.5"]]


@pytest.mark.parametrize("write", ["csv", "xlsx"])
def test_a_table_that_we_wrote_is_read_as_it_was(write: str) -> None:
    rows = [["Name", "Phone", "Points"], ["=Mei", "+886912345678", "-5"], ["O'Hara", "'tis", "'"]]
    content = io.BytesIO()
    if write == "csv":
        writing_tables.write_csv(rows, content)
    else:
        writing_tables.write_xlsx(rows, content, title="Contacts")
    assert list(tables.rows(content, tables.recognise(content))) == rows


def bomb() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 30_000_000)
    return content.getvalue()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"a\x00b,c\n", "unreadable"),
        (b"\x81\x20\xff\xfe\xfd,\xff\n", "unknown_encoding"),
        (b"PK\x03\x04 not an archive", "unreadable"),
        (bomb(), "too_large"),
        (b"x" * (tables.MOST_BYTES + 1), "too_large"),
        (",".join(["x"] * 101).encode(), "too_many_columns"),
        (b"Name\n" + b"x" * 5_001, "cell_too_long"),
        (b'Name\n"' + b"x" * 140_000, "unreadable"),
    ],
)
def test_what_is_too_much_or_no_table_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(BadTable) as refusal:
        file = io.BytesIO(content)
        list(tables.rows(file, tables.recognise(file)))
    assert refusal.value.code == code


def test_one_row_too_many_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MOST_ROWS", 2)
    for lines, is_refused in ((3, False), (4, True)):
        file = io.BytesIO(b"x\n" * lines)
        try:
            found = len(list(tables.rows(file, tables.recognise(file))))
        except BadTable as error:
            assert is_refused and error.code == "too_many_rows"
        else:
            assert not is_refused and found == 3


@pytest.mark.parametrize("text", ["=1+1", "+886", "-1", "@SUM(A1)", "\tx", "\rx", " =1"])
def test_nothing_that_is_written_is_a_formula(text: str) -> None:
    written = io.BytesIO()
    writing_tables.write_csv([[text]], written)
    assert "'" + text in written.getvalue().decode("utf-8-sig")
    book = io.BytesIO()
    writing_tables.write_xlsx([[text, "Mei"]], book, title="Contacts")
    [cells] = openpyxl.load_workbook(book).active.iter_rows(values_only=True)
    assert cells[0].startswith("'") and cells[1] == "Mei"
