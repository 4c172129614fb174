"""What the search box is read as."""

from __future__ import annotations

import pytest

from conversations.search import box
from conversations.search.box import Refused


@pytest.mark.parametrize(
    ("text", "words", "operators"),
    [
        ("退貨", ["退货"], []),
        ("late  delivery", ["late", "delivery"], []),
        ('"late delivery" now', ["late delivery", "now"], []),
        ("“late delivery”", ["late delivery"], []),
        ('"late deliv', ["late deliv"], []),
        ("label:vip late", ["late"], [("label", "vip")]),
        ("標籤 label：重要", ["标签"], [("label", "重要")]),
        ('in:"Main shop" is:open', [], [("in", "Main shop"), ("is", "open")]),
        ("ASSIGNEE:me", [], [("assignee", "me")]),
        ("at 10:30", ["at", "10:30"], []),
        ("https://example.com/a", ["https://example.com/a"], []),
        ("re:hello", ["re:hello"], []),
        ("late late", ["late"], []),
        ("?! late", ["late"], []),
        ("", [], []),
    ],
)
def test_a_box_is_read(text: str, words: list[str], operators: list[tuple[str, str]]) -> None:
    found = box.read(text)
    assert [needle.folded for needle in found.needles] == words
    assert list(found.operators) == operators


@pytest.mark.parametrize(
    ("text", "code", "operator", "value"),
    [
        ("label:", "no_value", "label", ""),
        ("label: vip", "no_value", "label", ""),
        ('in:""', "no_value", "in", ""),
        ("lable:vip", "no_operator", "lable", "label"),
        ("asignee:me", "no_operator", "asignee", "assignee"),
        ("x" * 501, "too_long", "", ""),
    ],
)
def test_what_means_nothing_is_refused_and_said(text: str, code: str, operator: str, value: str) -> None:
    with pytest.raises(Refused) as refused:
        box.read(text)
    assert (refused.value.code, refused.value.operator, refused.value.value) == (code, operator, value)


def test_a_box_with_many_words_is_bounded() -> None:
    assert len(box.read(" ".join(f"word{number}" for number in range(60))).needles) == box.MOST_WORDS
