"""Importing contacts, and taking an import back."""

from __future__ import annotations

import io

import pytest
from django.test import Client

from contacts import addresses, custom_fields, labels, profile
from contacts.lists.importing import failures, uploads, working, writing
from contacts.lists.importing.columns import BadMapping
from contacts.lists.importing.uploads import ImportRefused
from contacts.models import Contact, ContactAddress, ContactIdentity, ContactNote, ImportRow, ImportRun
from tenants.directory import TenantRef
from tenants.workspace.events import SYSTEM, Actor
from tenants.workspace.models import Event
from tests.contacts.lists.conftest import Upload, work

pytestmark = pytest.mark.django_db


def counts(run: ImportRun) -> dict[str, int]:
    names = ("created", "updated", "unchanged", "skipped", "failed")
    return {name: number for name in names if (number := getattr(run, name))}


@pytest.mark.parametrize(
    ("heading", "guessed"),
    [
        ("Full name,E-Mail,Mobile phone,Size", ["name", "email", "phone", "custom.size"]),
        ("姓名,電子郵件,手機號碼,尺寸", ["name", "email", "phone", "custom.size"]),
        ("氏名,メールアドレス,電話番号,会社名", ["name", "email", "phone", "company"]),
    ],
)
def test_headings_are_understood_in_three_languages(upload: Upload, heading: str, guessed: list[str]) -> None:
    custom_fields.define("size", "尺寸", "text", by=SYSTEM)
    run = upload(f"{heading}\nx,x,x,x\n")
    assert [run.mapping.get(str(number)) for number in range(4)] == guessed
    assert run.match_by == ["email", "phone"]


def test_rows_become_contacts_with_all_that_they_say(imported: Upload) -> None:
    custom_fields.define("points", "Points", "number", by=SYSTEM)
    run = imported(
        "Name,E-mail,Phone,Language,Labels,Points\n"
        "陳 美玲,Mei@Shop.example; mei@home.example,0912-345-678,zh-TW,VIP;常客,1200\n"
        "Bea,bea@shop.example,,en,vip,\n"
    )
    assert (run.state, run.rows_total, counts(run)) == ("done", 2, {"created": 2})
    mei = Contact.objects.get(name="陳 美玲")
    assert (mei.language, mei.custom, mei.marks["name"]["source"]) == ("zh-TW", {"points": 1200}, "import")
    assert sorted(ContactAddress.objects.filter(contact=mei).values_list("value", "is_verified")) == [
        ("+886912345678", False),
        ("mei@home.example", False),
        ("mei@shop.example", False),
    ]
    assert [label.name for label in labels.of_contact(mei.id)] == ["VIP", "常客"]
    assert [label.name for label in labels.of_contact(Contact.objects.get(name="Bea").id)] == ["VIP"]
    assert Event.objects.filter(name="contact.created").count() == 2
    assert run.path == ""


@pytest.mark.parametrize(
    ("policy", "outcome", "name", "company"),
    [
        ("skip", {"skipped": 1}, "Mei", ""),
        ("fill", {"updated": 1}, "Mei", "Harbour"),
        ("overwrite", {"updated": 1}, "Mei Chen", "Harbour"),
    ],
)
def test_a_known_contact_is_treated_by_the_rule(
    imported: Upload, mei: Contact, policy: str, outcome: dict[str, int], name: str, company: str
) -> None:
    profile.change(mei, {"name": "Mei"}, by=SYSTEM, source="agent")
    addresses.add(mei, "email", "mei@shop.example", by=SYSTEM, source="form")
    run = imported("Name,E-mail,Company\nMei Chen,MEI@shop.example,Harbour\n", policy=policy)
    assert counts(run) == outcome
    mei.refresh_from_db()
    assert (mei.name, mei.company) == (name, company)
    assert Contact.objects.count() == 1


def test_the_same_table_again_changes_nothing(imported: Upload) -> None:
    table = "Name,E-mail,Labels\nMei,mei@shop.example,VIP\nBea,bea@shop.example,\n"
    assert counts(imported(table)) == {"created": 2}
    events = Event.objects.count()
    assert counts(imported(table, policy="overwrite")) == {"unchanged": 2}
    assert (Contact.objects.count(), Event.objects.count()) == (2, events)


def test_two_rows_of_one_person_make_one_contact(imported: Upload) -> None:
    run = imported("Name,E-mail,Company\nMei,mei@shop.example,\n,mei@shop.example,Harbour\n")
    assert list(Contact.objects.values_list("name", "company")) == [("Mei", "Harbour")]
    assert counts(run) == {"created": 1, "updated": 1}


def test_several_claimants_are_ambiguous_until_one_is_proven(imported: Upload, in_acme: TenantRef) -> None:
    first, second = Contact.objects.create(name="A"), Contact.objects.create(name="B")
    for person in (first, second):
        addresses.add(person, "email", "one@shop.example", by=SYSTEM, source="form")
    table = "Name,E-mail,Company\nA,one@shop.example,Harbour\n"
    assert counts(imported(table)) == {"failed": 1}
    assert ImportRow.objects.get().reason == "ambiguous"
    assert counts(imported(table, only_verified=True)) == {"created": 1}
    addresses.add(second, "email", "one@shop.example", by=SYSTEM, source="channel", is_verified=True)
    assert counts(imported(table)) == {"updated": 1}
    second.refresh_from_db()
    assert second.company == "Harbour"


def test_an_own_field_or_a_channels_address_tells_a_contact_too(imported: Upload, mei: Contact) -> None:
    custom_fields.define("number", "Number", "text", by=SYSTEM)
    profile.change(mei, {"custom": {"number": "711"}}, by=SYSTEM, source="agent")
    ContactIdentity.objects.create(contact=mei, channel="line", address="U42")
    run = imported("Number,Company\n711,Harbour\n712,Quay\n", match_by=["custom.number"])
    assert counts(run) == {"created": 1, "updated": 1}
    run = imported("LINE ID,City\nU42,Taipei\nU43,Tainan\n")
    assert counts(run) == {"created": 1, "updated": 1}
    mei.refresh_from_db()
    assert (mei.company, mei.place) == ("Harbour", "Taipei")


def test_rows_that_fail_are_told_with_their_reason_and_keep_nobody_else_back(imported: Upload) -> None:
    run = imported(
        "Name,E-mail,Language\n=cmd,nobody,en\nBea,bea@shop.example,en\n,,en-\nAda,ada@shop.example,English!\n"
    )
    assert counts(run) == {"created": 1, "failed": 3}
    told = list(ImportRow.objects.filter(outcome="failed").order_by("number").values_list("number", "reason"))
    assert told == [(2, "not_an_email"), (4, "not_a_language"), (5, "not_a_language")]
    content = io.BytesIO()
    failures.write(run, content)
    lines = content.getvalue().decode("utf-8-sig").splitlines()
    assert lines[0] == "Row,Column,Reason,Name,E-mail,Language"
    assert lines[1].startswith("2,email,") and ",'=cmd,nobody,en" in lines[1]
    assert len(lines) == 4


def test_a_field_that_is_put_away_fails_its_rows_and_not_the_import(
    upload: Upload, carol_acts: Actor, as_carol: Client
) -> None:
    size = custom_fields.define("size", "Size", "text", by=SYSTEM)
    run = upload("Name,Size\nMei,M\nBea,\n")
    given = {"mapping": run.mapping, "match_by": [], "policy": run.policy}
    run = uploads.arrange(run, **given, by=carol_acts)
    custom_fields.change(size, is_active=False, by=SYSTEM)
    assert as_carol.get(f"/contacts/imports/{run.id}/").status_code == 200
    working.start(run, by=carol_acts)
    work(run)
    run.refresh_from_db()
    assert (run.state, counts(run)) == ("done", {"created": 1, "failed": 1})
    assert ImportRow.objects.get(outcome="failed").reason == "unknown_target"


def test_the_preview_tells_what_the_work_does_and_writes_nothing(upload: Upload, mei: Contact) -> None:
    addresses.add(mei, "email", "mei@shop.example", by=SYSTEM, source="form")
    before = Event.objects.count()
    run = upload("Name,E-mail,Company\nMei,mei@shop.example,Harbour\nBea,bea@shop.example,\nAda,none,\n")
    told = uploads.preview(run)
    assert [(row.outcome, row.reason) for row in told] == [
        ("updated", ""),
        ("created", ""),
        ("failed", "not_an_email"),
    ]
    assert [*told[0].fields] == ["company"]
    assert (Contact.objects.count(), Event.objects.count()) == (1, before)


def test_a_killed_import_goes_on_where_its_last_step_ended(
    upload: Upload, carol_acts: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working, "ROWS_AT_ONCE", 3)
    run = upload("Name,E-mail\n" + "".join(f"P{n},p{n}@shop.example\n" for n in range(8)))
    working.start(run, by=carol_acts)
    real, steps = writing.write, []

    def dies_once(held: ImportRun, done: list[object]) -> None:
        steps.append(len(done))
        real(held, done)  # type: ignore[arg-type]
        if len(steps) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(writing, "write", dies_once)
    with pytest.raises(KeyboardInterrupt):
        working.go_on(run.id)
    run.refresh_from_db()
    assert (run.state, run.position, Contact.objects.count()) == ("running", 3, 3)
    work(run)
    assert (run.state, run.position, counts(run)) == ("done", 8, {"created": 8})
    assert Contact.objects.count() == 8


def test_an_import_taken_back_leaves_everything_as_it_was(
    imported: Upload, mei: Contact, carol_acts: Actor
) -> None:
    profile.change(mei, {"company": "Quay"}, by=SYSTEM, source="agent")
    addresses.add(mei, "email", "mei@shop.example", by=SYSTEM, source="form")
    mei.refresh_from_db()
    before = {field.attname: getattr(mei, field.attname) for field in Contact._meta.concrete_fields}
    run = imported(
        "Name,E-mail,Phone,Company,Labels\nMei,mei@shop.example,0912345678,Harbour,VIP\nBea,bea@shop.example,,,VIP\n",
        policy="overwrite",
    )
    assert counts(run) == {"created": 1, "updated": 1}
    working.undo(run, by=carol_acts)
    work(run)
    assert (run.state, run.undone, run.kept) == ("undone", 2, 0)
    mei.refresh_from_db()
    assert {field.attname: getattr(mei, field.attname) for field in Contact._meta.concrete_fields} == before
    assert list(Contact.objects.all()) == [mei]
    assert list(ContactAddress.objects.values_list("value", flat=True)) == ["mei@shop.example"]
    assert not labels.of_contact(mei.id)
    told = Event.objects.filter(name__in=("contact.labelled", "contact.unlabelled"), contact_id=mei.id)
    assert [event.name for event in told.order_by("sequence")] == ["contact.labelled", "contact.unlabelled"]


def test_what_somebody_has_worked_on_since_stays(imported: Upload, carol_acts: Actor) -> None:
    run = imported(
        "Name,E-mail\nMei,mei@shop.example\nBea,bea@shop.example\nAda,ada@shop.example\nEva,eva@shop.example\n"
    )
    people = {row.name: row for row in Contact.objects.all()}
    ContactNote.objects.create(contact=people["Mei"], text="Tea.", created_at=run.created_at)
    profile.change(people["Bea"], {"name": "Bea B."}, by=SYSTEM, source="agent")
    addresses.add(people["Ada"], "email", "ada@shop.example", by=SYSTEM, source="channel", is_verified=True)
    working.undo(run, by=carol_acts)
    work(run)
    assert (run.undone, run.kept) == (1, 3)
    assert sorted(Contact.objects.values_list("name", flat=True)) == ["Ada", "Bea B.", "Mei"]
    assert ContactAddress.objects.count() == 3


@pytest.mark.parametrize(
    ("mapping", "code"),
    [
        ({}, "nothing_mapped"),
        ({"0": "secret"}, "unknown_target"),
        ({"9": "name"}, "unknown_target"),
        ({"0": "name", "1": "name"}, "repeated_target"),
    ],
)
def test_columns_that_cannot_be_are_refused(
    upload: Upload, carol_acts: Actor, mapping: dict[str, str], code: str
) -> None:
    run = upload("A,B\n1,2\n")
    with pytest.raises(BadMapping) as refusal:
        uploads.arrange(run, mapping=mapping, match_by=[], policy="fill", by=carol_acts)
    assert refusal.value.code == code
    assert uploads.arrange(run, mapping={"0": "name"}, match_by=[], policy="fill", by=carol_acts).mapping


def test_an_import_begins_once_and_is_taken_back_only_after_its_end(
    upload: Upload, carol_acts: Actor
) -> None:
    run = upload("Name\nMei\n")
    with pytest.raises(ImportRefused):
        working.undo(run, by=carol_acts)
    working.start(run, by=carol_acts)
    with pytest.raises(ImportRefused):
        working.start(run, by=carol_acts)
    work(run)
    assert run.state == "done"
