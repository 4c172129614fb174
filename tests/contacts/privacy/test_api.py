"""Privacy over REST: only in the name of somebody who may, refusals by their codes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from contacts.models import Erasure, PersonExport
from contacts.privacy import access_log, exporting
from conversations.models import Inbox
from tenants.scope import scoped_tenant
from tenants.workspace.models import Agent
from tests.contacts.privacy.ground import customer, work
from tests.programs import Api, Caller

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(caller: Caller, alice_agent: Agent, in_acme: object) -> Api:
    """A token that acts as Alice, an administrator."""
    return caller("write", agent=alice_agent)


def test_an_erasing_is_planned_confirmed_done_and_certified(api: Api, inbox: Inbox) -> None:
    contact = customer(inbox)
    planned = api.post(f"contacts/{contact.id}/erasures", {"mode": "erase", "ground": "request 12"})
    assert planned.status_code == 201
    told = planned.json()
    assert (told["state"], told["planned"]["conversations.message"]) == ("planned", 1)
    path = f"erasures/{told['id']}"
    assert api.get(f"{path}/certificate").json()["code"] == "not_ready"
    alone = api.post(f"{path}/confirm", {})
    assert (alone.status_code, alone.json()["code"]) == (409, "not_confirmed_twice")
    address = contact.identities.get().address
    assert api.post(f"{path}/confirm", {"name": address}).status_code == 202
    work(Erasure.objects.get())
    assert api.get(path).json()["state"] == "done"
    certificate = api.get(f"{path}/certificate").json()
    assert (certificate["ground"], certificate["rows"]["conversations.message"]) == ("request 12", 1)


def test_a_second_agent_confirms_without_typing(
    api: Api, caller: Caller, inbox: Inbox, carol_agent: Agent, bob_agent: Agent
) -> None:
    contact = customer(inbox)
    told = api.post(f"contacts/{contact.id}/erasures", {"mode": "anonymise"}).json()
    assert caller("write", agent=bob_agent).post(f"erasures/{told['id']}/confirm", {}).status_code == 403
    assert caller("write", agent=carol_agent).post(f"erasures/{told['id']}/confirm", {}).status_code == 403
    assert Erasure.objects.get().state == "planned"


def test_a_plan_can_be_taken_back(api: Api, inbox: Inbox) -> None:
    contact = customer(inbox)
    told = api.post(f"contacts/{contact.id}/erasures", {"mode": "erase"}).json()
    assert api.send("delete", f"erasures/{told['id']}").status_code == 204
    assert api.get(f"erasures/{told['id']}").status_code == 404


def test_a_person_on_hold_is_restricted(api: Api, inbox: Inbox) -> None:
    contact = customer(inbox)
    review = str(timezone.now().date() + timedelta(days=10))
    placed = api.send("put", f"contacts/{contact.id}/hold", {"reason": "case", "review_on": review})
    assert (placed.status_code, placed.json()["review_on"]) == (200, review)
    refused = api.post(f"contacts/{contact.id}/erasures", {"mode": "erase"})
    assert (refused.status_code, refused.json()["code"]) == (409, "restricted")
    assert [row["contact_id"] for row in api.get("holds").json()["results"]] == [str(contact.id)]
    assert api.send("delete", f"contacts/{contact.id}/hold").status_code == 204
    assert api.post(f"contacts/{contact.id}/erasures", {"mode": "erase"}).status_code == 201


def test_an_export_is_asked_for_followed_and_fetched(
    api: Api, caller: Caller, inbox: Inbox, carol_agent: Agent
) -> None:
    asked = api.post(f"contacts/{customer(inbox).id}/exports", {})
    assert (asked.status_code, asked.json()["state"]) == (202, "waiting")
    path = f"person-exports/{asked.json()['id']}"
    assert api.get(f"{path}/content").status_code == 409
    exporting.make(tenant_id=str(scoped_tenant().id), export_id=asked.json()["id"])
    assert api.get(path).json()["state"] == "done"
    assert b"".join(api.get(f"{path}/content").streaming_content)[:2] == b"PK"
    PersonExport.objects.update(asked_by=carol_agent.id)
    assert api.get(f"{path}/content").status_code == 404


def test_retention_is_read_with_its_preview_and_changed(api: Api) -> None:
    kinds = {row["kind"]: row for row in api.get("retention").json()["results"]}
    assert (kinds["inbound"]["keep"], kinds["inbound"]["is_on"], kinds["inbound"]["due"]) == (30, True, 0)
    changed = api.send("put", "retention/inbound", {"is_on": False, "keep": 60})
    assert (changed.json()["keep"], changed.json()["is_on"]) == (60, False)
    assert api.send("put", "retention/nothing", {"is_on": True, "keep": 1}).status_code == 404
    short = api.send("put", "retention/events", {"is_on": True, "keep": 1})
    assert (short.status_code, short.json()["code"]) == (409, "too_short")


def test_the_access_log_names_the_token_and_whom_it_acted_for(
    api: Api, inbox: Inbox, alice_agent: Agent
) -> None:
    contact = customer(inbox)
    assert api.get(f"contacts/{contact.id}").status_code == 200
    access_log.write_waiting()
    rows = api.get("access-log", subject=str(contact.id)).json()["results"]
    assert [(row["act"], row["actor_name"]) for row in rows] == [("opened", "Alice")]
    assert (rows[0]["actor_id"], rows[0]["token_id"] is not None) == (str(alice_agent.id), True)


def test_the_access_log_is_paged(api: Api, inbox: Inbox) -> None:
    contact = customer(inbox)
    for _ in range(5):
        api.get(f"contacts/{contact.id}")
    access_log.write_waiting()
    first = api.get("access-log", limit=3).json()
    second = api.get("access-log", limit=3, cursor=first["next"]).json()
    assert (len(first["results"]), len(second["results"]), second["next"]) == (3, 2, None)


def test_another_brands_ids_are_unknown(api: Api, inbox: Inbox) -> None:
    contact = customer(inbox)
    assert api.post(f"contacts/{contact.id}/erasures", {"mode": "erase"}).status_code == 201
    unknown = "00000000-0000-7000-8000-000000000000"
    assert api.post(f"contacts/{unknown}/erasures", {"mode": "erase"}).status_code == 404
    assert api.get(f"erasures/{unknown}").status_code == 404
