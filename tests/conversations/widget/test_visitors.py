"""The token that a visitor shows."""

from __future__ import annotations

import base64
import uuid

import pytest
from django.test import override_settings

from conversations.widget import visitors
from conversations.widget.identity import Person
from conversations.widget.visitors import LIFE_SECONDS, NotAVisitor, Visitor

TENANT, OTHER_TENANT = uuid.uuid4(), uuid.uuid4()
NOW = 1_800_000_000.0


@pytest.fixture
def visitor() -> Visitor:
    return Visitor(inbox_id=uuid.uuid4(), id=uuid.uuid4(), issued_at=int(NOW))


def test_a_token_names_its_visitor(visitor: Visitor) -> None:
    token = visitors.issue(visitor, TENANT, now=NOW)
    assert visitors.read(token, TENANT, now=NOW) == visitor


def test_a_token_shows_neither_a_name_nor_a_secret(visitor: Visitor, settings: object) -> None:
    token = visitors.issue(visitor, TENANT, now=NOW)
    assert str(visitor.id) not in token
    assert len(token) < 120


@pytest.mark.parametrize("sign", ["a", "美", "\U00020000"])
def test_a_person_with_the_longest_name_is_read_again(visitor: Visitor, sign: str) -> None:
    person = Person(sign * 200, sign * 200, f"{sign * 242}@shop.example")
    known = visitors.as_person(visitor.inbox_id, person)
    assert visitors.read(visitors.issue(known, TENANT), TENANT).person == person


def test_a_token_of_one_brand_is_nothing_to_another(visitor: Visitor) -> None:
    token = visitors.issue(visitor, TENANT, now=NOW)
    with pytest.raises(NotAVisitor):
        visitors.read(token, OTHER_TENANT, now=NOW)


def test_every_changed_byte_is_noticed(visitor: Visitor) -> None:
    raw = base64.urlsafe_b64decode(visitors.issue(visitor, TENANT, now=NOW) + "==")
    for position in range(len(raw)):
        changed = bytearray(raw)
        changed[position] ^= 1
        with pytest.raises(NotAVisitor):
            visitors.read(base64.urlsafe_b64encode(bytes(changed)).decode().rstrip("="), TENANT, now=NOW)


@pytest.mark.parametrize(
    "age, is_good", [(0, True), (LIFE_SECONDS, True), (LIFE_SECONDS + 1, False), (-3600, False)]
)
def test_a_token_lives_thirty_days(visitor: Visitor, age: int, is_good: bool) -> None:
    token = visitors.issue(visitor, TENANT, now=NOW - age)
    if is_good:
        assert visitors.read(token, TENANT, now=NOW).id == visitor.id
    else:
        with pytest.raises(NotAVisitor):
            visitors.read(token, TENANT, now=NOW)


def test_a_token_is_renewed_after_a_day(visitor: Visitor) -> None:
    assert not visitor.needs_renewal(NOW + 3600)
    assert visitor.needs_renewal(NOW + 25 * 3600)


@pytest.mark.parametrize("token", ["", "x", "A" * 97, "A" * 100_000, "ü" * 20, "\x00", "=" * 8, "AQ=="])
def test_nonsense_is_no_token(token: str) -> None:
    with pytest.raises(NotAVisitor):
        visitors.read(token, TENANT, now=NOW)


def test_the_previous_secret_key_is_good_while_it_is_listed(visitor: Visitor) -> None:
    with override_settings(SECRET_KEY="the key of last year"):
        token = visitors.issue(visitor, TENANT, now=NOW)
    with override_settings(SECRET_KEY="new", SECRET_KEY_FALLBACKS=["the key of last year"]):
        assert visitors.read(token, TENANT, now=NOW) == visitor
    with override_settings(SECRET_KEY="new", SECRET_KEY_FALLBACKS=[]), pytest.raises(NotAVisitor):
        visitors.read(token, TENANT, now=NOW)


@pytest.mark.parametrize(
    "header, token",
    [("Visitor abc", "abc"), ("visitor  abc ", "abc"), ("Bearer abc", ""), ("abc", ""), ("", "")],
)
def test_the_token_stands_in_the_authorization_header(header: str, token: str) -> None:
    assert visitors.token_of(header) == token
