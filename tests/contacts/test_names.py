"""How people are called."""

from __future__ import annotations

import pytest

from contacts import names


@pytest.mark.parametrize(
    ("name", "honorific", "called"),
    [
        ("陳美玲", "小姐", "陳美玲小姐"),
        ("山田 花子", "様", "山田 花子 様"),
        ("山田花子", "様", "山田花子様"),
        ("Mei Chen", "Ms", "Ms Mei Chen"),
        ("Mei Chen", "様", "Mei Chen 様"),
        ("陳美玲", "", "陳美玲"),
        ("", "様", ""),
    ],
)
def test_the_form_of_address_stands_where_its_language_has_it(name: str, honorific: str, called: str) -> None:
    assert names.addressed(name, honorific) == called


def test_a_language_offers_its_own_forms_and_an_unknown_one_all() -> None:
    assert "様" in names.offered("ja")
    assert "様" not in names.offered("zh-TW")
    assert {"様", "小姐", "Ms"} <= set(names.offered("de"))
