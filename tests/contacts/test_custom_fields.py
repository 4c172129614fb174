"""A brand's own fields."""

from __future__ import annotations

from typing import Any

import pytest

from contacts import custom_fields
from contacts.custom_fields import BadValue, FieldRefused
from contacts.models import CustomField
from tenants.directory import TenantRef
from tenants.workspace.events import SYSTEM
from tenants.workspace.models import AuditEntry

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_acme")]


def field(type: str) -> CustomField:
    return CustomField(key="own", title="Own", type=type, options=["紅", "青"])


@pytest.mark.parametrize(
    ("type", "given", "kept"),
    [
        ("text", " 紅茶 ", "紅茶"),
        ("number", "1,200.50", 1200.5),
        ("number", 7, 7),
        ("number", "7.0", 7),
        ("boolean", False, False),
        ("boolean", "Yes", True),
        ("boolean", "是", True),
        ("boolean", "いいえ", False),
        ("date", "2026-02-28", "2026-02-28"),
        ("moment", "2026-02-28T09:00:00+08:00", "2026-02-28T01:00:00+00:00"),
        ("choice", "紅", "紅"),
        ("choices", ["青", "紅", "紅"], ["紅", "青"]),
        ("choices", "青; 紅", ["紅", "青"]),
        ("link", "https://acme.test/x", "https://acme.test/x"),
        ("text", "  ", None),
        ("choices", [], None),
    ],
)
def test_each_type_keeps_one_form(type: str, given: Any, kept: Any) -> None:
    assert custom_fields.stored(field(type), given) == kept


@pytest.mark.parametrize(
    ("type", "given", "code"),
    [
        ("text", 7, "invalid"),
        ("text", "x" * 2001, "too_long"),
        ("text", "\x00", "unreadable"),
        ("number", "seven", "not_a_number"),
        ("number", "nan", "not_a_number"),
        ("number", True, "not_a_number"),
        ("number", 10**16, "not_a_number"),
        ("boolean", "perhaps", "not_yes_or_no"),
        ("boolean", 1, "not_yes_or_no"),
        ("date", "2026-02-30", "not_a_date"),
        ("moment", "tomorrow", "not_a_moment"),
        ("moment", "0001-01-01T00:00:00+14:00", "not_a_moment"),
        ("number", 10**400, "not_a_number"),
        ("number", "9" * 400, "not_a_number"),
        ("number", float("nan"), "not_a_number"),
        ("choice", "綠", "not_a_choice"),
        ("choice", ["紅"], "not_a_choice"),
        ("choices", ["紅", "綠"], "not_a_choice"),
        ("choices", {"紅": 1}, "not_a_choice"),
        ("link", "javascript:alert(1)", "not_a_link"),
        ("link", "acme.test", "not_a_link"),
    ],
)
def test_each_type_refuses_what_it_is_not(type: str, given: Any, code: str) -> None:
    with pytest.raises(BadValue) as refusal:
        custom_fields.stored(field(type), given)
    assert (refusal.value.field, refusal.value.code) == ("custom.own", code)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"key": "Größe"}, "bad_key"),
        ({"key": "a; drop"}, "bad_key"),
        ({"key": "taken"}, "key_taken"),
        ({"type": "blob"}, "unknown_type"),
        ({"title": " "}, "title_blank"),
        ({"type": "choice"}, "bad_options"),
        ({"type": "text", "options": ["a"]}, "bad_options"),
        ({"type": "choices", "options": ["a;b"]}, "bad_options"),
    ],
)
def test_a_field_that_cannot_be_is_refused(given: dict[str, Any], code: str) -> None:
    custom_fields.define("taken", "Taken", "text", by=SYSTEM)
    wanted = {"key": "size", "title": "Size", "type": "text", **given}
    with pytest.raises(FieldRefused) as refusal:
        custom_fields.define(wanted.pop("key"), wanted.pop("title"), wanted.pop("type"), **wanted, by=SYSTEM)
    assert refusal.value.code == code


def test_a_field_is_changed_put_away_and_audited() -> None:
    row = custom_fields.define("size", "Size", "choice", options=["S"], by=SYSTEM)
    custom_fields.change(row, title="尺寸", options=["S", "M"], by=SYSTEM)
    assert [(each.title, each.options) for each in custom_fields.in_use()] == [("尺寸", ["S", "M"])]
    custom_fields.change(row, is_active=False, by=SYSTEM)
    assert custom_fields.in_use() == []
    with pytest.raises(BadValue):
        custom_fields.checked({"size": "S"})
    acts = list(AuditEntry.objects.filter(target_id=str(row.id)).values_list("act", flat=True))
    assert sorted(acts) == ["custom_field.added", "custom_field.changed", "custom_field.changed"]


def test_another_brand_has_fields_of_its_own(globex: TenantRef, in_acme: TenantRef) -> None:
    custom_fields.define("size", "Size", "text", by=SYSTEM)
    from_here = custom_fields.checked({"size": "M"})
    assert from_here == {"size": "M"}
