"""The head of a mail: what may stand in it, and what is refused before anything is stored."""

from __future__ import annotations

import pytest

from conversations.channels.email_heads import MOST_COPIES, BadHead, MailHead, checked, is_copy, stored

MEI = "mei@customer.example"


def refusal(head: MailHead) -> tuple[str, int | None]:
    with pytest.raises(BadHead) as error:
        checked(head, to=MEI)
    return error.value.code, error.value.limit


def test_addresses_stand_once_in_lower_case_and_the_customers_own_is_left_out() -> None:
    head = MailHead(
        subject="  Your order ",
        cc=("Ken@Customer.example", MEI.upper(), "ken@customer.example"),
        bcc=("ken@customer.example", "boss@shop.example"),
    )
    assert checked(head, to=MEI) == MailHead(
        subject="Your order", cc=("ken@customer.example",), bcc=("boss@shop.example",)
    )


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ken",
        "ken@localhost",
        "a@b@c.example",
        "Ken <ken@customer.example>",
        "ken@customer.example, eve@evil.example",
        "名@customer.example",
        "ken@customer.example\r\nBcc: eve@evil.example",
        "ken@customer.example\n",
        "ken@customer.example\x00",
        "=?utf-8?q?a=0abcc=3a?=@customer.example",
        f"{'a' * 65}@customer.example",
        f"ken@{'a' * 64}.example",
    ],
)
@pytest.mark.parametrize("field", ["cc", "bcc"])
def test_what_is_no_address_is_refused(field: str, address: str) -> None:
    assert refusal(MailHead(**{field: (address,)})) == ("bad_address", None)


def test_a_domain_in_another_script_is_an_address() -> None:
    assert checked(MailHead(cc=("ken@商店.example",)), to=MEI).cc == ("ken@商店.example",)


def test_twenty_people_get_a_copy_and_no_more() -> None:
    people = tuple(f"p{number}@b.example" for number in range(MOST_COPIES + 1))
    half = MOST_COPIES // 2
    assert len(checked(MailHead(cc=people[:half], bcc=people[half:-1]), to=MEI).bcc) == half
    assert refusal(MailHead(cc=people[:half], bcc=people[half:])) == ("too_many_addresses", MOST_COPIES)


@pytest.mark.parametrize(
    "sign", ["\r", "\n", "\r\n", "\x00", "\x1b", "\x7f", "\x85", "\u2028", "\u2029", "\ud800"]
)
def test_a_subject_is_one_line_of_signs_that_can_be_read(sign: str) -> None:
    assert refusal(MailHead(subject=f"Order{sign}Bcc: eve@evil.example")) == ("bad_subject", None)
    assert checked(MailHead(subject="訂單 711: 已寄出 🍎"), to=MEI).subject == "訂單 711: 已寄出 🍎"


def test_a_subject_has_two_hundred_signs_at_most() -> None:
    assert refusal(MailHead(subject="x" * 201)) == ("subject_too_long", 200)
    assert len(checked(MailHead(subject="x" * 200), to=MEI).subject) == 200


def test_what_is_stored_is_read_again() -> None:
    head = MailHead(subject="Order", cc=("ken@customer.example",), bcc=("boss@shop.example",))
    assert stored(head.details) == head and MailHead().details == {} and stored({}) == MailHead()


def test_a_copy_is_known_in_either_spelling_of_its_domain() -> None:
    details = MailHead(cc=("ken@商店.example",), bcc=("boss@shop.example",)).details
    assert is_copy(details, "ken@xn--czrs0t.example") and is_copy(details, "Boss@shop.example")
    assert not is_copy(details, MEI) and not is_copy(details, "") and not is_copy({}, "")
