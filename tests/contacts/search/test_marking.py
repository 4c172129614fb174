"""Where in a text the words stand that were sought."""

from __future__ import annotations

import pytest

from contacts import bigrams
from contacts.search.marking import WIDTH, excerpt, holds


def marked(text: str, *words: str) -> str:
    needles = [needle for word in words if (needle := bigrams.needle(word)) is not None]
    return "".join(f"[{piece}]" if is_hit else piece for piece, is_hit in excerpt(text, needles).pieces())


@pytest.mark.parametrize(
    ("text", "words", "expected"),
    [
        ("我要退貨，謝謝", ["退货"], "我要[退貨]，謝謝"),
        ("ｷｬﾝｾﾙできますか", ["キャンセル"], "[ｷｬﾝｾﾙ]できますか"),
        ("ｶﾞｽ 漏れ", ["ガス"], "[ｶﾞｽ] 漏れ"),
        ("Call 0912-345-678 now", ["345678"], "Call 0912-[345-678] now"),
        ("Straße und STRASSE", ["strasse"], "[Straße] und [STRASSE]"),
        ("Straße", ["strass"], "[Straß]e"),
        ("one two three", ["two", "three"], "one [two] [three]"),
        ("aaa", ["aa", "aaa"], "[aaa]"),
        ("<b>退貨</b>", ["退貨"], "<b>[退貨]</b>"),
        ("line one\n\n  line two", ["one line"], "line [one line] two"),
        ("nothing here", ["退貨"], "nothing here"),
    ],
)
def test_the_words_are_marked_where_they_stand(text: str, words: list[str], expected: str) -> None:
    assert marked(text, *words) == expected


def test_of_a_long_text_the_part_around_the_first_hit_is_shown() -> None:
    text = "前" * 1000 + "退貨" + "後" * 1000
    needle = bigrams.needle("退貨")
    assert needle is not None
    shown = excerpt(text, [needle])
    assert len(shown.text) == WIDTH + 2
    assert [piece for piece, is_hit in shown.pieces() if is_hit] == ["退貨"]
    assert shown.text[0] == shown.text[-1] == "…"


@pytest.mark.parametrize("before", [0, 799, 800, 999, 1000, 5000])
def test_a_hit_is_found_wherever_it_stands_in_a_long_text(before: int) -> None:
    assert "[退貨]" in marked("前" * before + "退貨" + "後" * 3000, "退貨")


def test_a_hit_near_the_end_is_shown_with_as_much_before_it_as_there_is_room_for() -> None:
    assert marked("x" * 500 + " 退貨", "退貨") == "…" + "x" * (WIDTH - 3) + " [退貨]"


def test_whether_a_text_holds_a_word() -> None:
    needle = bigrams.needle("退貨")
    assert needle is not None
    assert holds("退货单", [needle])
    assert not holds("退款", [needle])
