"""The pages of an import, from the upload to the way back."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from contacts import custom_fields
from contacts.lists.importing import working
from contacts.models import Contact, ImportRun
from tenants.directory import TenantRef
from tenants.workspace.events import SYSTEM
from tests.contacts.lists.conftest import files, work

__all__ = ["files"]
pytestmark = pytest.mark.django_db


def send(browser: Client, content: bytes) -> ImportRun:
    answer = browser.post("/contacts/imports/", {"file": SimpleUploadedFile("people.csv", content)})
    assert answer.status_code == 302
    return ImportRun.objects.latest("created_at")


def test_a_table_is_uploaded_arranged_imported_and_taken_back(as_carol: Client, in_acme: TenantRef) -> None:
    run = send(as_carol, "姓名,電子郵件\n陳美玲,mei@shop.example\n,nobody\n".encode("cp950"))
    assert run.encoding == "cp950"
    page = as_carol.get(f"/contacts/imports/{run.id}/").content.decode()
    assert "陳美玲" in page and "This is not an e-mail address." in page and "Big5 (CP950)" in page
    rule = {"column_0": "name", "column_1": "email", "match_by": ["email"], "policy": "overwrite"}
    as_carol.post(f"/contacts/imports/{run.id}/columns/", rule)
    run.refresh_from_db()
    assert (run.state, run.policy, Contact.objects.count()) == ("uploaded", "overwrite", 0)
    as_carol.post(f"/contacts/imports/{run.id}/columns/", {**rule, "start": "1"})
    work(run)
    page = as_carol.get(f"/contacts/imports/{run.id}/", headers={"hx-request": "true"}).content.decode()
    assert "2 of 2 rows" in page and "<html" not in page and "hx-trigger" not in page
    assert Contact.objects.get().name == "陳美玲"
    table = as_carol.get(f"/contacts/imports/{run.id}/failed.csv")
    assert table.content.decode("utf-8-sig").splitlines()[1:] == [
        "3,email,This is not an e-mail address.,,nobody"
    ]
    as_carol.post(f"/contacts/imports/{run.id}/undo/")
    work(run)
    assert (run.state, Contact.objects.count()) == ("undone", 0)


def test_own_fields_are_called_by_their_titles(as_carol: Client, in_acme: TenantRef) -> None:
    custom_fields.define("tea_size", "Size of the tin", "number", by=SYSTEM)
    run = send(as_carol, b"Name,tea_size\nMei,7\nKen,x\n")
    rule = {"column_0": "name", "column_1": "custom.tea_size", "policy": "overwrite", "match_by": ["email"]}
    as_carol.post(f"/contacts/imports/{run.id}/columns/", rule)
    page = as_carol.get(f"/contacts/imports/{run.id}/").content.decode()
    assert "Name, Size of the tin" in page and "Size of the tin · This is not a number." in page


def test_what_is_no_table_is_said(as_carol: Client, in_acme: TenantRef) -> None:
    answer = as_carol.post(
        "/contacts/imports/", {"file": SimpleUploadedFile("x.csv", b"a\x00b")}, follow=True
    )
    assert "This cannot be read." in answer.content.decode()
    assert not ImportRun.objects.exists()


def test_the_sweep_forgets_what_nobody_began(as_carol: Client, in_acme: TenantRef) -> None:
    run = send(as_carol, b"Name\nMei\n")
    working.sweep()
    assert ImportRun.objects.filter(id=run.id).exists()
    ImportRun.objects.filter(id=run.id).update(created_at=run.created_at - working.UPLOAD_LIFE)
    working.sweep()
    assert not ImportRun.objects.filter(id=run.id).exists()
