"""Importing contacts over the REST API, from the upload to the way back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from contacts.lists.importing import tables
from contacts.models import Contact, ContactAddress, ImportRun
from tenants.directory import TenantRef
from tenants.scope import tenant_scope
from tests.contacts.lists.conftest import files, work
from tests.contacts.lists.test_tables import workbook
from tests.programs import Api

__all__ = ["files"]
pytestmark = pytest.mark.django_db

TABLE = "姓名,電子郵件,Shoe\n陳美玲,mei@shop.example,38\n山田,yamada@shop.example,\n,nobody,\n"


def send(api: Api, content: bytes, name: str = "people.csv") -> Any:
    return api.client.post(
        f"/api/v1/imports?name={name}",
        content,
        content_type="application/octet-stream",
        headers={"Authorization": f"Bearer {api.token}"},
    )


def done(api: Api, run_id: str, acme: TenantRef) -> dict[str, Any]:
    with tenant_scope(acme):
        work(ImportRun.objects.get(id=run_id))
    told: dict[str, Any] = api.get(f"imports/{run_id}").json()
    return told


def test_a_table_is_uploaded_arranged_previewed_imported_and_taken_back(writer: Api, acme: TenantRef) -> None:
    with tenant_scope(acme):
        known = Contact.objects.create(name="Yamada")
        ContactAddress.objects.create(contact=known, kind="email", value="yamada@shop.example", source="form")
    made = send(writer, TABLE.encode("cp950"))
    assert made.status_code == 201, made.content
    run = made.json()
    assert (run["state"], run["encoding"], run["file_name"]) == ("uploaded", "cp950", "people.csv")
    assert run["headers"] == ["姓名", "電子郵件", "Shoe"]
    assert (run["mapping"], run["match_by"]) == ({"0": "name", "1": "email"}, ["email"])

    arranged = writer.send("patch", f"imports/{run['id']}", {"policy": "overwrite"}).json()
    assert (arranged["policy"], arranged["mapping"]) == ("overwrite", run["mapping"])
    mei, yamada, nobody = writer.get(f"imports/{run['id']}/preview").json()["results"]
    assert (mei["row"], mei["outcome"], mei["contact_id"]) == (2, "created", None)
    assert (mei["changes"], mei["addresses"]) == ({"name": ["", "陳美玲"]}, ["mei@shop.example"])
    assert (yamada["outcome"], yamada["contact_id"]) == ("updated", str(known.id))
    assert yamada["changes"] == {"name": ["Yamada", "山田"]}
    assert (nobody["outcome"], nobody["reason"], nobody["column"]) == ("failed", "not_an_email", "email")
    with tenant_scope(acme):
        assert Contact.objects.count() == 1  # nothing is imported before it is begun

    assert writer.post(f"imports/{run['id']}/start").json()["state"] == "waiting"
    told = done(writer, run["id"], acme)
    assert (told["state"], told["position"], told["rows_total"]) == ("done", 3, 3)
    assert (told["created"], told["updated"], told["failed"]) == (1, 1, 1)
    failed = writer.get(f"imports/{run['id']}/failed")
    assert failed.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "This is not an e-mail address." in failed.content.decode("utf-8-sig")

    assert writer.post(f"imports/{run['id']}/undo").json()["state"] == "undoing"
    assert done(writer, run["id"], acme)["state"] == "undone"
    with tenant_scope(acme):
        assert [each.name for each in Contact.objects.all()] == ["Yamada"]


def test_a_form_and_a_workbook_are_taken_too(writer: Api, acme: TenantRef) -> None:
    content = workbook(["Name", "E-mail"], ["Mei", "mei@shop.example"])
    part = SimpleUploadedFile("people.xlsx", content.getvalue())
    made = writer.client.post(
        "/api/v1/imports", {"file": part}, headers={"Authorization": f"Bearer {writer.token}"}
    )
    assert (made.status_code, made.json()["format"], made.json()["file_name"]) == (201, "xlsx", "people.xlsx")
    empty = writer.client.post("/api/v1/imports", {}, headers={"Authorization": f"Bearer {writer.token}"})
    assert (empty.status_code, empty.json()["code"]) == (400, "empty")


def test_a_table_whose_file_is_gone_is_a_conflict(writer: Api, acme: TenantRef, files: Path) -> None:
    run_id = send(writer, TABLE.encode("cp950")).json()["id"]
    kept = next(path for path in files.rglob("*") if path.is_file())
    content = kept.read_bytes()
    kept.unlink()
    for answer in (
        writer.get(f"imports/{run_id}/preview"),
        writer.send("patch", f"imports/{run_id}", {"encoding": "big5"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "file_gone")
    kept.write_bytes(content)
    assert writer.get(f"imports/{run_id}/preview").status_code == 200
    assert writer.send("patch", f"imports/{run_id}", {"encoding": "big5"}).json()["headers"] == [
        "姓名",
        "電子郵件",
        "Shoe",
    ]


def test_what_cannot_be_is_refused_by_its_code(
    writer: Api, acme: TenantRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert send(writer, b"a\x00b").json()["code"] == "unreadable"
    run_id = send(writer, TABLE.encode()).json()["id"]
    for body, field in (
        ({"mapping": {"0": "nothing"}}, "mapping"),
        ({"mapping": {"9": "name"}}, "mapping"),
        ({"match_by": ["name"]}, "match_by"),
        ({"policy": "perhaps"}, "policy"),
        ({"encoding": "klingon"}, "encoding"),
        ({"colour": "red"}, "colour"),
    ):
        answer = writer.send("patch", f"imports/{run_id}", body)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field), answer.content
    assert writer.post(f"imports/{run_id}/undo").json()["code"] == "wrong_state"
    assert writer.post(f"imports/{run_id}/start").status_code == 200
    assert writer.post(f"imports/{run_id}/start").json()["code"] == "wrong_state"
    assert writer.send("patch", f"imports/{run_id}", {"policy": "skip"}).status_code == 409
    monkeypatch.setattr(tables, "MOST_BYTES", 10)
    large = send(writer, TABLE.encode())
    assert (large.status_code, large.json()["code"]) == (413, "too_large")


def test_imports_are_listed_page_by_page(writer: Api, reader: Api, acme: TenantRef) -> None:
    made = [send(writer, b"Name\nMei\n", name=f"{number}.csv").json()["id"] for number in range(3)]
    first = writer.get("imports", limit=2).json()
    rest = writer.get("imports", limit=2, cursor=first["next"]).json()
    assert [row["id"] for row in first["results"] + rest["results"]] == made[::-1]
    assert rest["next"] is None
    assert reader.get("imports").status_code == 403


def test_another_brands_import_is_not_there(caller: Any, writer: Api, globex: TenantRef) -> None:
    with tenant_scope(globex):
        theirs = ImportRun.objects.create(
            file_name="theirs.csv", format="csv", asked_by_kind="system", created_at="2026-01-01T00:00Z"
        )
    assert writer.get(f"imports/{theirs.id}").status_code == 404
    assert writer.get("imports").json()["results"] == []
