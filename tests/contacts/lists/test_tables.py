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


SHEET = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData></worksheet>'
SECRET = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
LAUGHS = "".join(f'<!ENTITY a{n + 1} "{f"&a{n};" * 10}">' for n in range(9))


def strange(name: str, content: str) -> io.BytesIO:
    """A workbook of which one part is not what it should be."""
    strange = io.BytesIO()
    with zipfile.ZipFile(workbook(["Name"])) as good, zipfile.ZipFile(strange, "w") as archive:
        for each in good.namelist():
            archive.writestr(each, content if each == name else good.read(each))
    return strange


@pytest.mark.parametrize("name", ["xl/workbook.xml", "xl/styles.xml", "[Content_Types].xml"])
@pytest.mark.parametrize("content", ["", "<a", "<a/>", '<?xml version="1.0" encoding="none"?><a/>'])
def test_a_workbook_with_a_broken_part_is_refused_or_empty(name: str, content: str) -> None:
    file = strange(name, content)
    with pytest.raises(BadTable):
        assert list(tables.rows(file, tables.recognise(file))) != []
        raise BadTable("read all the same")


@pytest.mark.parametrize(
    "sheet",
    [
        "<worksheet",
        SHEET.format('<row r="x"><c r="A1"><v>1</v></c></row>'),
        SHEET.format('<row r="1"><c r="!!"><v>1</v></c></row>'),
        SHEET.format('<row r="1"><c r="ZZZZ1"><v>1</v></c></row>'),
        SHEET.format('<row r="1"><c r="A1"><v>one</v></c></row>'),
        SHEET.format(f'<row r="1"><c r="A1"><v>{"9" * 6_000}</v></c></row>'),
        SHEET.format('<row r="1"><c r="A1" t="s"><v>99999</v></c></row>'),
        SHEET.format('<row r="1"><c r="A1" t="b"><v>maybe</v></c></row>'),
        SHEET.format('<row r="1"><c r="A1" t="d"><v>9999999-99-99</v></c></row>'),
        SECRET + SHEET.format('<row r="1"><c r="A1" t="inlineStr"><is><t>&a;</t></is></c></row>'),
        f'<!DOCTYPE x [<!ENTITY a0 "aaaaaaaaaa">{LAUGHS}]>'
        + SHEET.format('<row r="1"><c r="A1" t="inlineStr"><is><t>&a9;</t></is></c></row>'),
    ],
    ids=lambda sheet: sheet[-60:],
)
def test_a_sheet_that_makes_no_sense_is_refused(sheet: str) -> None:
    file = strange("xl/worksheets/sheet1.xml", sheet)
    with pytest.raises(BadTable, match="unreadable"):
        list(tables.rows(file, tables.recognise(file)))


@pytest.mark.parametrize(("number", "found"), [(900_000, [["Mei"]]), (3_000_000_000_000, [])])
def test_a_row_far_below_is_reached_and_one_below_every_sheet_does_not_exist(
    number: int, found: list[object]
) -> None:
    row = f'<row r="{number}"><c r="A{number}" t="inlineStr"><is><t>Mei</t></is></c></row>'
    file = strange("xl/worksheets/sheet1.xml", SHEET.format(row))
    assert list(tables.rows(file, tables.recognise(file))) == found


def test_a_row_of_zeros_is_a_row() -> None:
    file = workbook(["Points", "Left"], [0, 0], [None, None])
    assert list(tables.rows(file, tables.recognise(file))) == [["Points", "Left"], ["0", "0"]]


@pytest.mark.parametrize("text", ["Na\x00me\nMei\n", "Name\nM\x00ei\n"])
def test_nul_is_refused_in_every_encoding(text: str) -> None:
    file = io.BytesIO(text.encode("utf-16"))
    with pytest.raises(BadTable, match="unreadable"):
        list(tables.rows(file, tables.recognise(file)))


@pytest.mark.parametrize("text", ["\u200b=1+1", "\u202e@SUM(A1)", "\ufeff=1", "\x07=1"])
def test_what_nobody_sees_hides_no_formula(text: str) -> None:
    book, plain = io.BytesIO(), io.BytesIO()
    writing_tables.write_xlsx([[text]], book, title="Contacts")
    writing_tables.write_csv([[text]], plain)
    cell = openpyxl.load_workbook(book).active["A1"]
    assert (cell.data_type, cell.value[0]) == ("s", "'")
    assert "'" + text in plain.getvalue().decode("utf-8-sig")


@pytest.mark.parametrize(
    "text", ["=1+1", "+886", "-1", "@SUM(A1)", "\tx", "\rx", "\nx", " =1", "＝1+1", "　＠x"]
)
def test_nothing_that_is_written_is_a_formula(text: str) -> None:
    written = io.BytesIO()
    writing_tables.write_csv([[text]], written)
    assert "'" + text in written.getvalue().decode("utf-8-sig")
    book = io.BytesIO()
    writing_tables.write_xlsx([[text, "Mei"]], book, title="Contacts")
    [cells] = openpyxl.load_workbook(book).active.iter_rows(values_only=True)
    assert cells[0][0] in "'x" and cells[1] == "Mei"
