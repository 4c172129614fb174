"""Each kind of channel of the demo, there and back: a phone writes, the desk sees it, the answer is on the phone."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SignIn
from tests.browser.house import House
from tests.browser.phones import Phone
from tests.browser.test_main_job import answer, bubble, open_row

pytestmark = pytest.mark.browser

CHANNELS = [
    ("pine", "grace@pine.test", ("instagram", "whatsapp", "telegram", "sms", "email", "api")),
    ("shanhai", "yijun@shanhai.test", ("wechat",)),
]


@pytest.mark.parametrize("brand, email, kinds", CHANNELS, ids=["pine", "shanhai"])
def test_every_channel_of_the_demo_carries_a_word_there_and_back(
    house: House, sign_in: SignIn, brand: str, email: str, kinds: tuple[str, ...]
) -> None:
    desk = sign_in(brand, email)
    for kind in kinds:
        phone = Phone.of_stranger(house, brand, kind, f"Robin {kind}")
        phone.write(f"Do you hear me on {kind}?")
        desk.mouse.move(900, 300)  # with the pointer over it the list would not move
        open_row(desk, f"Do you hear me on {kind}?")
        answer(desk, f"Loud and clear on {kind}.")
        expect(bubble(desk, f"Loud and clear on {kind}.")).not_to_have_attribute("data-status", "pending")
        assert _arrives(phone, f"Loud and clear on {kind}."), (kind, phone.texts())


def _arrives(phone: Phone, text: str) -> bool:
    """Whether the phone shows the text within ten seconds; a mail quotes what it answers, so it may hold more."""
    for _try in range(50):
        if any(text in each for each in phone.texts()):
            return True
        time.sleep(0.2)
    return False
