"""Array literals carry every value unchanged."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conversations.models import Conversation
from tenants.arrays import array, columns

pytestmark = pytest.mark.django_db


def back(values: list[object], kind: str) -> list[object]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT %s::{kind}[]", [array(values)])
        return cursor.fetchone()[0]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.none() | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))))
def test_any_text_comes_back_as_it_went(db: None, values: list[object]) -> None:
    assert back(values, "text") == values


@pytest.mark.parametrize(
    "text", ["NULL", "null", "", " ", "{}", '{"', "\\", '\\"', "'; DROP TABLE x; --", "%s", "a,b", "\n"]
)
def test_text_that_looks_like_syntax_is_text(text: str) -> None:
    assert back([text, None, text], "text") == [text, None, text]


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("uuid", [uuid4(), None]),
        ("timestamptz", [datetime(2026, 3, 2, 9, 0, 0, 123456, tzinfo=UTC), None]),
        ("bigint", [2**40, -1, None]),
        ("boolean", [True, False, None]),
        ("bytea", [b"\x00\xff'\"\\", b"", None]),
    ],
)
def test_other_kinds_come_back_as_they_went(kind: str, values: list[object]) -> None:
    found = back(values, kind)
    assert [bytes(value) if isinstance(value, memoryview) else value for value in found] == values


def test_rows_become_columns_and_a_choice_is_its_value() -> None:
    assert columns([(1, Conversation.Status.OPEN), (2, "it's")]) == ["{1,2}", '{"open","it\'s"}']


def test_what_has_no_literal_is_refused() -> None:
    with pytest.raises(TypeError, match="float"):
        array([1.5])
    assert array([15]) == "{15}"
