"""The composer counts the parts of a text message as the server does."""

from __future__ import annotations

import pytest

from conversations.channels import sms_segments
from tests.browser.conftest import Somebody
from tests.browser.house import House

pytestmark = pytest.mark.browser

TEXTS = [
    "",
    "a",
    "a" * 160,
    "a" * 161,
    "€" * 81,
    "a" * 152 + "€" + "a" * 152,
    "您" * 70,
    "您" * 71,
    "🍎" * 35,
    "您" * 66 + "🍎" + "您" * 66,
    "\f^{}\\[~]|€\n\r" * 14,
    "£¥èéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà" * 5,
    "Ĳ" * 71,
]


def test_both_count_the_same(house: House, somebody: Somebody) -> None:
    page = somebody().new_page()
    page.goto(house.url("/account/login/", ""))
    counted = page.evaluate(
        "async (texts) => texts.map((await import('/static/desk/segments.js')).segmentsOf)", TEXTS
    )
    assert counted == [sms_segments.count(text).count for text in TEXTS]
    assert len(set(counted)) > 3
