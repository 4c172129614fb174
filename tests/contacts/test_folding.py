"""Folding: what people would call the same text is the same text."""

from __future__ import annotations

import pytest

from contacts.folding import fold, fold_with_places

ALIKE = [
    ("退貨", "退货"),
    ("臺灣", "台湾"),
    ("渡邊", "渡辺"),
    ("鐵道", "鉄道"),
    ("カタカナ", "かたかな"),
    ("ｶﾀｶﾅ", "かたかな"),
    ("ｶﾞｷﾞｸﾞ", "がぎぐ"),
    ("ガ", "カ\u3099"),
    ("ＡＢＣ１２３", "abc123"),
    ("Müller", "MULLER"),
    ("Straße", "strasse"),
    ("don’t", "don't"),
    ("co\u00adoperate\u200b", "cooperate"),
    ("a  \n\t b", "A B"),
    ("陳　美玲", "陈 美玲"),
]
APART = [("か", "が"), ("退貨", "换貨"), ("ー", "一"), ("l", "1")]


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_what_is_the_same_to_people_folds_alike(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), APART)
def test_what_differs_to_people_stays_apart(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@pytest.mark.parametrize("text", [text for pair in ALIKE for text in pair])
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize("text", ["我要退貨，謝謝", "ｶﾞｽﾎﾞﾝﾍﾞは？", "Straße  nach Üsküdar", "é\u0301x", " a "])
def test_places_lead_back_to_the_text(text: str) -> None:
    folded, places = fold_with_places(text)
    assert folded == fold(text)
    assert len(places) == len(folded)
    assert places == sorted(places)
    for sign, place in zip(folded, places, strict=True):
        assert sign == " " or sign in fold(text[place:])[:4]


def test_a_part_of_a_text_folds_to_a_part_of_the_folded_text() -> None:
    text = "皇后的頭髮後來乾了，臺灣的發票在裡面"
    for start in range(len(text)):
        for end in range(start + 1, len(text) + 1):
            assert fold(text[start:end]) in fold(text)
