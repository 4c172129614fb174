"""Terms of a text, and the questions that find them."""

from __future__ import annotations

import pytest
from django.db import connection

from contacts import bigrams
from contacts.folding import fold

TERMS = [
    ("退貨", ["退货", "货"]),
    ("我要退貨", ["我要", "要退", "退货", "货"]),
    ("カナ", ["かな", "な"]),
    ("雨", ["雨"]),
    ("iPhone退貨", ["iphone", "退货", "货"]),
    ("Hello, World!", ["hello", "world"]),
    ("😀", ["😀"]),
    ("?! …", []),
    ("12345", ["#12345", "#2345", "12345"]),
]
FOUND = [
    ("我想退貨可以嗎", "退货"),
    ("我想退货可以吗", "退貨"),
    ("ｷｬﾝｾﾙしたい", "キャンセル"),
    ("きゃんせるしたい", "キャンセル"),
    ("退款", "款"),
    ("退款", "退"),
    ("delivery is late", "deli"),
    ("mail mei.chen@example.com please", "mei.chen@example.com"),
    ("call +886 912-345-678", "345678"),
    ("call +886 912-345-678", "0912345678"),
    ("call 0912-345-678", "+886912345678"),
    ("call 0912 345 678", "0912-345-678"),
    ("order KT20260712-003", "0712003"),
    ("order A-7", "A-7"),
    ("it's o'clock", "o'clock"),
    (r"back\slash", r"back\slash"),
    ("a quoted 'word' here", "word"),
    ("สวัสดีครับ", "ดีครับ"),
    ("한국어 문의", "국어"),
    ("ok 😀😀", "😀"),
]
NOT_FOUND = [
    ("退一件貨", "退貨"),
    ("我要貨退", "退貨"),
    ("late delivery", "livery"),
    ("call 0912-345-678", "912345679"),
    ("かき", "かぎ"),
]


@pytest.mark.parametrize(("text", "expected"), TERMS)
def test_a_text_is_cut_into_terms(text: str, expected: list[str]) -> None:
    assert bigrams.terms(fold(text)) == expected


@pytest.mark.parametrize(("text", "wanted"), FOUND)
@pytest.mark.django_db
def test_what_stands_in_a_text_is_found(text: str, wanted: str) -> None:
    assert _finds(text, wanted)


@pytest.mark.parametrize(("text", "wanted"), NOT_FOUND)
@pytest.mark.django_db
def test_what_does_not_stand_in_a_text_is_not_found(text: str, wanted: str) -> None:
    assert not _finds(text, wanted)


@pytest.mark.django_db
def test_the_terms_of_a_longer_word_ask_for_a_look_at_the_text() -> None:
    """Its pairs stand in the text, the word does not."""
    needle = bigrams.needle("退貨單")
    assert needle is not None
    assert not needle.is_exact
    assert _matches("退貨 又 貨單", needle)
    assert not _finds("退貨 又 貨單", "退貨單")
    assert _finds("一張退貨單在此", "退貨單")


@pytest.mark.parametrize("wanted", ["退貨", "退", "deli", "0912-345-678", "ab"])
def test_a_short_word_is_answered_by_its_terms_alone(wanted: str) -> None:
    needle = bigrams.needle(wanted)
    assert needle is not None
    assert needle.is_exact


@pytest.mark.parametrize("wanted", ["", " ", "?!", "……", "()"])
def test_signs_alone_are_nothing_to_ask_for(wanted: str) -> None:
    assert bigrams.needle(wanted) is None


def test_a_long_text_has_a_bounded_number_of_terms() -> None:
    signs = "".join(chr(0x4E00 + number) for number in range(19_000))
    assert len(bigrams.terms(signs)) == bigrams.MOST_TERMS
    assert bigrams.terms(" " * bigrams.LONGEST_TEXT + "late") == []


def _finds(text: str, wanted: str) -> bool:
    needle = bigrams.needle(wanted)
    assert needle is not None
    return _matches(text, needle) and (needle.is_exact or needle.folded in fold(text))


def _matches(text: str, needle: bigrams.Needle) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT array_to_tsvector(%s::text[]) @@ %s::tsquery",
            [bigrams.terms(fold(text)), bigrams.tsquery([needle])],
        )
        return bool(cursor.fetchone()[0])
