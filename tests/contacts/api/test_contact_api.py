"""A person over the REST API: fields, addresses, labels, notes, consents, orders, timeline."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from contacts.models import Contact, ContactNote, Order
from conversations.models import Conversation
from tenants.directory import TenantRef
from tenants.scope import tenant_scope
from tenants.workspace.models import Agent
from tests.conversations.outgoing import a_conversation, an_inbox, customer_writes
from tests.programs import Api, Caller

pytestmark = pytest.mark.django_db


def test_a_contact_is_changed_by_hand(writer: Api, mei: Contact) -> None:
    writer.post("custom-fields", {"key": "size", "title": "Size", "type": "choice", "options": ["S", "M"]})
    answer = writer.send(
        "patch",
        f"contacts/{mei.id}",
        {"name": "陳 美玲", "honorific": "小姐", "custom": {"size": "M"}},
    )
    assert answer.status_code == 200
    row = writer.get(f"contacts/{mei.id}").json()
    assert (row["name"], row["honorific"], row["custom"]) == ("陳 美玲", "小姐", {"size": "M"})
    mei.refresh_from_db()
    assert mei.marks["name"]["source"] == "api"


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"timezone": "Mars"}, "timezone", "unknown_zone"),
        ({"custom": {"none": 1}}, "custom.none", "unknown_field"),
        ({"merged_into": str(uuid4())}, "merged_into", "unknown_field"),
        ({"name": None}, "name", "null"),
        ({"custom": []}, "custom", "not_a_dict"),
    ],
)
def test_a_change_that_cannot_be_names_the_field(
    writer: Api, mei: Contact, body: dict[str, Any], field: str, code: str
) -> None:
    answer = writer.send("patch", f"contacts/{mei.id}", body)
    assert answer.status_code == 400
    [error] = answer.json()["errors"]
    assert (error["field"], error["code"]) == (field, code)


def test_addresses_are_added_listed_and_removed(writer: Api, mei: Contact) -> None:
    path = f"contacts/{mei.id}/addresses"
    made = writer.post(path, {"kind": "phone", "value": "0912-345-678", "is_verified": True})
    assert (made.status_code, made.json()["value"], made.json()["is_verified"]) == (
        201,
        "+886912345678",
        True,
    )
    assert (
        writer.post(path, {"kind": "email", "value": "nobody"}).json()["errors"][0]["code"] == "not_an_email"
    )
    assert [row["source"] for row in writer.get(path).json()] == ["api"]
    assert writer.send("delete", f"{path}/{made.json()['id']}").status_code == 204
    assert writer.send("delete", f"{path}/{made.json()['id']}").status_code == 404


def test_labels_are_made_put_taken_and_removed(writer: Api, mei: Contact) -> None:
    label = writer.post("labels", {"name": "VIP", "colour": "#aa0011"}).json()
    assert writer.post("labels", {"name": "vip"}).json()["code"] == "name_taken"
    path = f"contacts/{mei.id}/labels"
    assert [row["name"] for row in writer.post(path, {"label_id": label["id"]}).json()] == ["VIP"]
    assert writer.post(path, {"label_id": str(uuid4())}).status_code == 400
    assert writer.send("delete", f"{path}/{label['id']}").status_code == 204
    assert writer.get(path).json() == []
    assert writer.send("patch", f"labels/{label['id']}", {"name": "常客"}).json()["name"] == "常客"
    assert writer.send("delete", f"labels/{label['id']}").status_code == 204
    assert writer.get("labels").json() == []


def test_notes_are_paged_and_a_colleagues_note_is_not_ones_own(
    caller: Caller, mei: Contact, alice_agent: Agent, carol_agent: Agent
) -> None:
    carol, alice = caller("write", agent=carol_agent), caller("write", agent=alice_agent)
    path = f"contacts/{mei.id}/notes"
    made = [carol.post(path, {"text": f"note {number}"}).json() for number in range(3)]
    assert made[0]["author_id"] == str(carol_agent.id)
    first = carol.get(path, limit=2).json()
    rest = carol.get(path, limit=2, cursor=first["next"]).json()
    assert [row["text"] for row in first["results"] + rest["results"]] == ["note 2", "note 1", "note 0"]
    of_alice = alice.post(path, {"text": "mine"}).json()
    refused = carol.send("patch", f"{path}/{of_alice['id']}", {"text": "changed"})
    assert (refused.status_code, refused.json()["code"]) == (403, "not_yours")
    assert carol.send("patch", f"{path}/{made[0]['id']}", {"is_pinned": True}).json()["is_pinned"] is True
    assert carol.send("delete", f"{path}/{made[0]['id']}").status_code == 204
    assert ContactNote.objects.count() == 3


def test_consents_are_a_ledger(writer: Api, mei: Contact) -> None:
    path = f"contacts/{mei.id}/consents"
    given = {"purpose": "marketing", "state": "given", "channel": "sms", "stated_at": "2026-01-01T00:00:00Z"}
    first = writer.post(path, given)
    assert first.status_code == 201
    assert writer.post(path, given).json()["id"] == first.json()["id"]
    writer.post(path, {"purpose": "marketing", "state": "withdrawn", "channel": "sms"})
    assert [row["state"] for row in writer.get(path).json()["results"]] == ["withdrawn", "given"]
    future = {**given, "stated_at": "2999-01-01T00:00:00Z"}
    assert writer.post(path, future).json()["errors"][0]["code"] == "in_future"


def test_an_order_told_again_is_the_same_order(writer: Api, mei: Contact) -> None:
    path = f"contacts/{mei.id}/orders"
    told = {
        "shop": "main",
        "number": "A-1021",
        "status": "paid",
        "currency": "TWD",
        "total": "1280.00",
        "placed_at": "2026-03-01T00:00:00Z",
        "lines": [{"title": "烏龍茶", "quantity": 2, "price": "640.00"}],
    }
    assert writer.post(path, told).status_code == 201
    again = writer.post(path, {**told, "status": "shipped"})
    assert (again.status_code, again.json()["status"]) == (200, "shipped")
    [row] = writer.get(path).json()["results"]
    assert (row["total"], row["lines"][0]["price"]) == ("1280.00", "640.00")
    assert Order.objects.count() == 1
    assert writer.post(path, {**told, "url": "javascript:alert(1)"}).status_code == 400


def test_nothing_is_written_down_of_somebody_who_was_erased(
    writer: Api, acme: TenantRef, mei: Contact
) -> None:
    at = "2026-03-01T00:00:00Z"
    bodies: dict[str, Any] = {
        "notes": {"text": "likes oolong"},
        "addresses": {"kind": "email", "value": "mei@example.com"},
        "labels": {"label_id": writer.post("labels", {"name": "VIP"}).json()["id"]},
        "consents": {"purpose": "marketing", "state": "given"},
        "orders": {"shop": "main", "number": "A-1", "placed_at": at},
        "survey-responses": {"source": "form", "number": "1", "kind": "nps", "score": 9, "answered_at": at},
    }
    for name, body in bodies.items():
        assert writer.post(f"contacts/{mei.id}/{name}", body).status_code in (200, 201), name
    with tenant_scope(acme):
        Contact.objects.filter(id=mei.id).update(erased_at=timezone.now())
    for name, body in bodies.items():
        refused = writer.post(f"contacts/{mei.id}/{name}", body)
        assert (refused.status_code, refused.json()["code"]) == (409, "erased"), name
    assert writer.send("patch", f"contacts/{mei.id}", {"name": "Mei"}).json()["code"] == "erased"


def test_a_key_makes_a_note_once(writer: Api, mei: Contact) -> None:
    path = f"contacts/{mei.id}/notes"
    answers = [writer.post(path, {"text": "once"}, **{"Idempotency-Key": "n-1"}) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert ContactNote.objects.count() == 1


def test_the_timeline_is_paged_and_filtered(writer: Api, acme: TenantRef, mei: Contact) -> None:
    with tenant_scope(acme):
        conversation = a_conversation(an_inbox("line"))
        for number in range(4):
            customer_writes(conversation, f"m{number}")
    path = f"contacts/{conversation.contact_id}/timeline"
    writer.post(f"contacts/{conversation.contact_id}/notes", {"text": "a note"})
    seen: list[dict[str, Any]] = []
    query: dict[str, Any] = {"limit": 2}
    while True:
        page = writer.get(path, **query).json()
        seen += page["results"]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    assert [row["kind"] for row in seen] == ["note", *["message"] * 5]
    assert seen[1]["data"]["text"] == "m3"
    assert [row["kind"] for row in writer.get(path, kinds="note").json()["results"]] == ["note"]
    assert writer.get(path, kinds="secrets").status_code == 400


def test_a_reader_changes_nothing(reader: Api, mei: Contact) -> None:
    assert reader.send("patch", f"contacts/{mei.id}", {"name": "x"}).status_code == 403
    assert reader.post(f"contacts/{mei.id}/notes", {"text": "x"}).status_code == 403
    assert reader.post("labels", {"name": "x"}).status_code == 403


def test_an_agents_program_sees_only_the_agents_customers(
    caller: Caller, mei: Contact, bob_agent: Agent, acme: TenantRef
) -> None:
    bobs = caller("write", agent=bob_agent)
    own: Conversation = a_conversation(an_inbox("line"))
    assert bobs.get(f"contacts/{own.contact_id}/notes").status_code == 200
    assert bobs.get(f"contacts/{mei.id}/notes").status_code == 404
    assert bobs.post("labels", {"name": "x"}).status_code == 403
