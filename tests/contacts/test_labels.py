"""Labels."""

from __future__ import annotations

import pytest

from contacts import labels
from contacts.labels import LabelRefused
from contacts.models import Contact, ContactLabel, Label
from tenants.directory import TenantRef
from tenants.workspace.events import SYSTEM, Actor
from tenants.workspace.models import AuditEntry, Event

pytestmark = pytest.mark.django_db


def test_a_label_is_put_on_once_and_taken_off_once(mei: Contact) -> None:
    vip = labels.create("VIP", colour="#AA0011", by=SYSTEM)
    assert labels.put(mei, vip, by=SYSTEM)
    assert not labels.put(mei, vip, by=SYSTEM)
    assert [(row.name, row.colour) for row in labels.of_contact(mei.id)] == [("VIP", "#aa0011")]
    assert labels.take(mei, vip, by=SYSTEM)
    assert not labels.take(mei, vip, by=SYSTEM)
    assert list(Event.objects.order_by("sequence").values_list("name", flat=True)) == [
        "contact.labelled",
        "contact.unlabelled",
    ]


@pytest.mark.parametrize(
    ("name", "colour", "code"),
    [
        ("  ", "#000000", "name_blank"),
        ("x" * 61, "#000000", "name_too_long"),
        ("vip", "#000000", "name_taken"),
        ("New", "red; x: y", "bad_colour"),
        ("New", "#00000", "bad_colour"),
    ],
)
def test_a_label_that_cannot_be_is_refused(mei: Contact, name: str, colour: str, code: str) -> None:
    labels.create("VIP", by=SYSTEM)
    with pytest.raises(LabelRefused) as refusal:
        labels.create(name, colour=colour, by=SYSTEM)
    assert refusal.value.code == code


def test_a_label_is_renamed_recoloured_and_removed_from_everybody(mei: Contact) -> None:
    vip = labels.create("VIP", by=SYSTEM)
    labels.put(mei, vip, by=SYSTEM)
    renamed = labels.change(vip, name="常客", colour="#112233", by=SYSTEM)
    assert (renamed.name, renamed.colour) == ("常客", "#112233")
    assert labels.remove(vip, by=SYSTEM)
    assert not ContactLabel.objects.exists()
    assert sorted(AuditEntry.objects.filter(target_id=str(vip.id)).values_list("act", flat=True)) == [
        "label.added",
        "label.changed",
        "label.deleted",
    ]


def test_a_label_is_found_by_its_name_as_the_database_compares_names(in_acme: TenantRef) -> None:
    vip = labels.create("VIP", by=SYSTEM)
    odd = labels.create("ΟΔΟΣ", by=SYSTEM)  # the last sign has two small forms
    assert [labels.named(name, by=SYSTEM) for name in ("vip", " Vip ", "οδοσ")] == [vip, vip, odd]
    assert labels.named("new", by=SYSTEM).name == "new"


def test_two_who_add_the_same_label_at_once_both_get_it(
    in_acme: TenantRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = labels.create

    def slower(name: str, *, by: Actor) -> Label:
        create(name.upper(), by=by)
        return create(name, by=by)

    monkeypatch.setattr(labels, "create", slower)
    assert labels.named("vip", by=SYSTEM).name == "VIP"
