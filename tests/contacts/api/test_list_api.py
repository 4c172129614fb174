"""Lists of contacts over the REST API: filters, segments, work on many."""

from __future__ import annotations

import pytest

from contacts import labels
from contacts.lists import exporting, labelling
from contacts.models import BulkRun, Contact
from tenants.directory import TenantRef
from tenants.workspace.events import SYSTEM
from tenants.workspace.models import Agent
from tests.contacts.lists.conftest import files
from tests.programs import Api, Caller

__all__ = ["files"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def people(in_acme: TenantRef) -> list[Contact]:
    return [
        Contact.objects.create(name=name, language=tag) for name, tag in (("Yamada", "ja"), ("Bea", "en"))
    ]


def test_a_list_is_narrowed_and_ordered(reader: Api, people: list[Contact]) -> None:
    named = [row["name"] for row in reader.get("contacts", sort="name").json()["results"]]
    assert named == ["Bea", "Yamada"]
    first = reader.get("contacts", sort="name", limit=1).json()
    rest = reader.get("contacts", sort="name", limit=1, cursor=first["next"]).json()
    assert [row["name"] for row in first["results"] + rest["results"]] == named
    assert [row["name"] for row in reader.get("contacts", language="ja").json()["results"]] == ["Yamada"]
    refused = reader.get("contacts", created_after="soon")
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "created_after")
    assert reader.get("contacts", custom='{"none": 1}').status_code == 400


def test_a_segment_is_kept_and_counted(writer: Api, people: list[Contact]) -> None:
    made = writer.post("segments", {"name": "Japan", "wish": {"language": "ja"}})
    assert made.status_code == 201 and made.json()["is_shared"]
    assert writer.get(f"segments/{made.json()['id']}/count").json() == {"count": 1}
    assert writer.post("segments", {"name": "japan", "wish": {}}).json()["code"] == "name_taken"
    assert writer.post("segments", {"name": "X", "wish": {"language": 1}}).status_code == 400
    assert [row["name"] for row in writer.get("segments").json()] == ["Japan"]


def test_labels_and_exports_of_many_are_asked_for(writer: Api, reader: Api, people: list[Contact]) -> None:
    vip = labels.create("VIP", by=SYSTEM)
    asked = {"kind": "put_label", "label_id": str(vip.id), "ids": [str(people[0].id)]}
    assert reader.post("bulk", asked).status_code == 403
    made = writer.post("bulk", asked)
    assert (made.status_code, made.json()["total"]) == (201, 1)
    run = BulkRun.objects.get()
    while labelling.step(run.id):
        pass
    told = writer.get(f"bulk/{run.id}").json()
    assert (told["state"], told["changed"]) == ("done", 1)
    assert reader.get(f"bulk/{run.id}").status_code == 404
    assert writer.post(f"bulk/{run.id}/undo", {"all": True}).json()["errors"][0]["code"] == "unknown_field"
    assert writer.post(f"bulk/{run.id}/undo").json()["state"] == "undoing"
    assert writer.post("bulk", {"kind": "put_label", "ids": []}).status_code == 409


def test_an_export_needs_a_token_in_somebodys_name(
    caller: Caller, writer: Api, people: list[Contact], carol_agent: Agent
) -> None:
    asked = {"kind": "export_csv", "wish": {"language": "en"}}
    assert writer.post("bulk", asked).status_code == 403
    carol = caller("write", agent=carol_agent)
    export = carol.post("bulk", asked).json()
    assert carol.get(f"bulk/{export['id']}/file").status_code == 404
    exporting.go_on(BulkRun.objects.get().id)
    content = b"".join(carol.get(f"bulk/{export['id']}/file").streaming_content)
    assert b"Bea" in content and b"Yamada" not in content
