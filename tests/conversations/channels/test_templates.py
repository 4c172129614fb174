"""Gaps of a template: found, filled, refused when the values do not fit, and shown."""

import pytest

from conversations.channels import templates
from conversations.channels.templates import BadFilling, PlatformTemplate, TemplateButton

ORDER = PlatformTemplate(
    external_id="1",
    name="order_update",
    language="zh_TW",
    header_kind="text",
    header="訂單 {{1}}",
    body="您好 {{2}}，訂單 {{ 1 }} 已寄出。{{2}}",
    footer="山海",
    buttons=(
        TemplateButton("quick_reply", "好"),
        TemplateButton("url", "查看", "https://s.test/{{1}}"),
    ),
)
VALUES = {"header.1": "A-1021", "body.1": "A-1021", "body.2": "陳美玲", "button.1.1": "a1021"}


def test_gaps_are_found_in_the_order_of_their_numbers() -> None:
    assert templates.gaps(ORDER) == ["header.1", "body.1", "body.2", "button.1.1"]


def test_a_filled_template_has_its_values_part_by_part() -> None:
    filled = templates.fill(ORDER, VALUES)
    assert (filled.name, filled.language) == ("order_update", "zh_TW")
    assert filled.parts == {
        "header": ("A-1021",),
        "body": ("A-1021", "陳美玲"),
        "button:1": ("a1021",),
    }


def test_named_gaps_stand_by_their_names() -> None:
    named = PlatformTemplate(external_id="2", name="n", language="en", body="{{who}} owes {{sum}}")
    filled = templates.fill(named, {"body.who": "Mei", "body.sum": "5"})
    assert filled.parts == {"body:who": ("Mei",), "body:sum": ("5",)}


@pytest.mark.parametrize(
    "gap, value, code",
    [
        ("body.1", "", "missing"),
        ("body.1", " ", "missing"),
        ("body.1", "x" * 1025, "too_long"),
        ("body.1", "two\nlines", "line_break"),
        ("body.1", "a     b", "line_break"),
        ("body.9", "x", "unknown"),
    ],
)
def test_values_that_do_not_fit_are_refused_by_name(gap: str, value: str, code: str) -> None:
    with pytest.raises(BadFilling) as refusal:
        templates.fill(ORDER, {**VALUES, gap: value})
    assert (refusal.value.gap, refusal.value.code) == (gap, code)


def test_a_preview_shows_values_and_leaves_open_gaps_as_they_are() -> None:
    assert templates.preview(ORDER, {"body.2": "陳美玲"}) == (
        "訂單 {{1}}\n\n您好 陳美玲，訂單 {{ 1 }} 已寄出。陳美玲\n\n山海"
    )
