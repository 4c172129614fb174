"""Labels put on many contacts at once, exports, and who gets them."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.db.models import Q
from django.test import Client

from contacts import addresses, custom_fields, labels
from contacts.lists import exporting, labelling, selecting, writing_tables
from contacts.lists.listing import Wish
from contacts.lists.selecting import SelectionRefused
from contacts.models import BulkRun, Contact, ContactLabel, SelectedContact
from contacts.privacy import holders
from tenants.directory import TenantRef
from tenants.workspace.events import SYSTEM, Actor
from tenants.workspace.models import Agent, AuditEntry, Event
from tests.contacts.privacy.ground import erase

pytestmark = pytest.mark.django_db
EVERYBODY = Q()


@pytest.fixture
def people(in_acme: TenantRef) -> list[Contact]:
    return [Contact.objects.create(name=f"P{number}", language="en") for number in range(5)]


def finish(run: BulkRun) -> BulkRun:
    while labelling.step(run.id):
        pass
    run.refresh_from_db()
    return run


def test_a_label_is_put_on_all_that_match_and_taken_back(
    people: list[Contact], carol_acts: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(labelling, "CONTACTS_AT_ONCE", 2)
    vip = labels.create("VIP", by=SYSTEM)
    labels.put(people[0], vip, by=SYSTEM)
    matching = selecting.all_matching(Wish.read({"language": "en"}), visible=EVERYBODY)
    run = labelling.ask(matching, vip, put=True, by=carol_acts)
    Contact.objects.create(name="late", language="en")
    Contact.objects.filter(id=people[1].id).update(merged_into=people[2])
    run = finish(run)
    assert (run.state, run.total, run.changed, run.failed) == ("done", 5, 3, 1)
    assert Event.objects.filter(name="contact.labelled").count() == 4
    labelling.undo(run, by=carol_acts)
    run = finish(run)
    assert run.state == "undone"
    assert list(ContactLabel.objects.values_list("contact_id", flat=True)) == [people[0].id]
    with pytest.raises(SelectionRefused):
        labelling.undo(run, by=carol_acts)


def test_a_label_is_taken_off_a_selection(people: list[Contact], carol_acts: Actor) -> None:
    vip = labels.create("VIP", by=SYSTEM)
    for person in people[:3]:
        labels.put(person, vip, by=SYSTEM)
    chosen = selecting.by_ids([people[0].id, people[4].id], visible=EVERYBODY)
    run = finish(labelling.ask(chosen, vip, put=False, by=carol_acts))
    assert (run.total, run.changed) == (2, 1)
    assert ContactLabel.objects.count() == 2


def test_nobody_and_too_many_are_refused(
    people: list[Contact], carol_acts: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    vip = labels.create("VIP", by=SYSTEM)
    unseen = selecting.by_ids([people[0].id], visible=Q(pk__in=()))
    for refused, code in (
        (unseen, "nobody"),
        (selecting.all_matching(Wish(), visible=EVERYBODY), "too_many"),
    ):
        monkeypatch.setattr(selecting, "MOST", 4)
        with pytest.raises(SelectionRefused, match=code):
            labelling.ask(refused, vip, put=True, by=carol_acts)
    assert not BulkRun.objects.exists() and not SelectedContact.objects.exists()


@pytest.mark.parametrize("as_xlsx", [False, True])
def test_an_export_holds_the_selection_and_no_formula(
    people: list[Contact], carol_acts: Actor, as_xlsx: bool
) -> None:
    custom_fields.define("points", "Points", "number", by=SYSTEM)
    first = people[0]
    Contact.objects.filter(id=first.id).update(name="=1+1", custom={"points": 7})
    addresses.add(first, "phone", "+886912345678", by=SYSTEM, source="form")
    labels.put(first, labels.create("VIP", by=SYSTEM), by=SYSTEM)
    chosen = selecting.by_ids([first.id, people[1].id], visible=EVERYBODY)
    run = exporting.ask(chosen, as_xlsx=as_xlsx, by=carol_acts)
    _make(run)
    with exporting.opened(run) as content:
        rows = _cells(content.read(), as_xlsx=as_xlsx)
    heading, *lines = rows
    told = {line[0]: dict(zip(heading, line, strict=True)) for line in lines}
    assert told.keys() == {str(first.id), str(people[1].id)}
    row = told[str(first.id)]
    assert (row["Name"], row["Phone"], row["Labels"], row["Points"]) == (
        "'=1+1",
        "'+886912345678",
        "VIP",
        "7",
    )
    assert AuditEntry.objects.filter(act="contacts.exported").count() == 1


def test_an_export_is_its_askers_for_seven_days_and_goes_with_an_erasure(
    people: list[Contact], carol_acts: Actor, as_carol: Client, as_alice: Client
) -> None:
    run = exporting.ask(selecting.by_ids([people[0].id], visible=EVERYBODY), as_xlsx=False, by=carol_acts)
    assert as_carol.get(f"/contacts/bulk/{run.id}/file/").status_code == 404
    _make(run)
    fetched = as_carol.get(f"/contacts/bulk/{run.id}/file/")
    assert fetched.status_code == 200 and b"P0" in b"".join(fetched.streaming_content)
    for content in fetched._resource_closers[
        :1
    ]:  # the file: closing the answer ends the test's connection too
        content()
    assert as_alice.get(f"/contacts/bulk/{run.id}/file/").status_code == 404
    BulkRun.objects.filter(id=run.id).update(created_at=run.created_at - timedelta(days=7))
    assert as_carol.get(f"/contacts/bulk/{run.id}/file/").status_code == 404
    person = holders.person_of(people[0])
    [holder] = [each for each in holders.registered() if each.model is BulkRun]
    assert holder.holding(person).count() == 1
    holder.clear(person, [run.id])
    assert not BulkRun.objects.exists()
    with pytest.raises(FileNotFoundError):
        exporting.opened(run)


def test_an_export_whose_people_are_erased_while_it_is_written_leaves_nothing(
    people: list[Contact],
    carol_acts: Actor,
    carol_agent: Agent,
    files: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = exporting.ask(selecting.by_ids([people[0].id], visible=EVERYBODY), as_xlsx=False, by=carol_acts)
    write = writing_tables.write_csv

    def erased_meanwhile(rows: Any, to: Any) -> None:
        write(rows, to)
        erase(people[0], carol_agent)

    monkeypatch.setattr(writing_tables, "write_csv", erased_meanwhile)
    exporting.go_on(run.id)
    assert not list(files.rglob("*.csv"))
    monkeypatch.setattr(writing_tables, "write_csv", write)
    other = exporting.ask(selecting.by_ids([people[1].id], visible=EVERYBODY), as_xlsx=False, by=carol_acts)
    _make(other)
    assert [each.name for each in files.rglob("*.csv")] == [f"contacts-{other.id}-1.csv"]


def test_the_page_begins_the_work(as_carol: Client, as_bob: Client, people: list[Contact]) -> None:
    vip = labels.create("VIP", by=SYSTEM)
    page = as_carol.get("/contacts/").content.decode()
    assert page.count('name="id"') == 5 and 'name="id"' not in as_bob.get("/contacts/").content.decode()
    given = {"kind": "put_label", "put": str(vip.id), "id": [str(people[0].id)]}
    assert as_bob.post("/contacts/bulk/", given).status_code == 403
    answer = as_carol.post("/contacts/bulk/", given)
    run = finish(BulkRun.objects.get())
    assert answer["Location"] == f"/contacts/bulk/{run.id}/" and run.changed == 1
    assert "1 of 1 contacts" in as_carol.get(answer["Location"]).content.decode()
    as_carol.post(f"/contacts/bulk/{run.id}/undo/")
    assert finish(run).state == "undone"


def _make(run: BulkRun) -> None:
    exporting.go_on(run.id)
    run.refresh_from_db()


def _cells(content: bytes, *, as_xlsx: bool) -> list[list[str]]:
    if as_xlsx:
        rows = openpyxl.load_workbook(io.BytesIO(content)).active.iter_rows(values_only=True)
        return [[cell or "" for cell in row] for row in rows]
    return [line.split(",") for line in content.decode("utf-8-sig").splitlines()]
