"""Privacy on screen: an administrator's way from a person's page to the certificate."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from contacts.models import Contact, ContactNote, Erasure, LegalHold, PersonExport, RetentionRule
from conversations.models import Inbox
from tests.contacts.privacy.ground import customer, work

pytestmark = pytest.mark.django_db

ASKS_AGAIN = 'hx-trigger="every 2s"'
"""On a page that goes on by itself as long as somebody is at work."""


@pytest.fixture
def ada(inbox: Inbox) -> Contact:
    contact = customer(inbox)
    contact.name = "Ada <b>Byron</b>"
    contact.save()
    return contact


def test_from_the_plan_to_the_certificate(as_alice: Client, ada: Contact) -> None:
    person = f"/privacy/contacts/{ada.id}/"
    assert "Ada &lt;b&gt;Byron&lt;/b&gt;" in as_alice.get(person).content.decode()
    planned = as_alice.post(f"{person}erase/", {"mode": "erase", "ground": "request 7"})
    erasure = Erasure.objects.get()
    page = f"/privacy/erasures/{erasure.id}/"
    assert (planned.status_code, planned.url) == (302, page)
    dry_run = as_alice.get(page).content.decode()
    assert (
        "<strong>Ada &lt;b&gt;Byron&lt;/b&gt;</strong>" in dry_run
    )  # what is to be typed, and no markup of theirs
    as_alice.post(f"{page}confirm/", {"name": "ada"})
    assert Erasure.objects.get().state == "planned"
    assert ASKS_AGAIN not in dry_run
    as_alice.post(f"{page}confirm/", {"name": ada.name})
    assert ASKS_AGAIN in as_alice.get(page).content.decode()
    work(erasure)
    certificate = as_alice.get(page).content.decode()
    assert ASKS_AGAIN not in certificate
    assert Erasure.objects.get().sha256 in certificate
    assert "Byron" not in certificate
    assert "request 7" in certificate
    assert "Byron" not in as_alice.get("/privacy/").content.decode()
    assert as_alice.get(person).status_code == 200
    profile = as_alice.get(f"/contacts/{ada.id}/").content.decode()
    assert "This person was erased." in profile
    assert "Add note" not in profile and "Merge with" not in profile
    refused = as_alice.post(f"/contacts/{ada.id}/notes/", {"text": "was Ada"}).content.decode()
    assert "This person was erased." in refused and not ContactNote.objects.exists()


def test_a_hold_takes_the_other_ways_away_until_it_is_lifted(as_alice: Client, ada: Contact) -> None:
    person = f"/privacy/contacts/{ada.id}/"
    owner = as_alice.get(person).context["hold_form"].initial["owner"]
    wish = {"reason": "case 9", "owner": str(owner), "review_on": str(timezone.now().date())}
    as_alice.post(f"{person}hold/", wish)
    held = as_alice.get(person).content.decode()
    assert "case 9" in held
    assert f"{person}erase/" not in held
    as_alice.post(f"{person}erase/", {"mode": "erase"})
    assert not Erasure.objects.exists()
    as_alice.post(f"{person}release/")
    assert not LegalHold.objects.filter(lifted_at=None).exists()
    assert f"{person}erase/" in as_alice.get(person).content.decode()


def test_an_export_is_asked_for_on_the_persons_page(as_alice: Client, ada: Contact) -> None:
    as_alice.post(f"/privacy/contacts/{ada.id}/export/")
    assert PersonExport.objects.get().contact_id == ada.id
    page = as_alice.get("/privacy/").content.decode()
    assert f"/privacy/contacts/{ada.id}/" in page and ASKS_AGAIN in page
    PersonExport.objects.update(state="failed")
    assert ASKS_AGAIN not in as_alice.get("/privacy/").content.decode()


def test_a_rule_is_saved_and_one_that_is_too_short_is_not(as_alice: Client, in_acme: object) -> None:
    as_alice.post("/privacy/retention/", {"kind": "events", "keep": "6", "is_on": "on"})
    assert not RetentionRule.objects.exists()
    as_alice.post("/privacy/retention/", {"kind": "events", "keep": "14", "is_on": "on"})
    rule = RetentionRule.objects.get()
    assert (rule.kind, rule.keep, rule.is_on) == ("events", 14, True)
    as_alice.post("/privacy/retention/", {"kind": "events", "keep": "14"})
    assert RetentionRule.objects.get().is_on is False


def test_a_person_of_another_brand_is_not_there(
    as_alice: Client, as_charlie_at_globex: Client, ada: Contact
) -> None:
    assert as_charlie_at_globex.get(f"/privacy/contacts/{ada.id}/").status_code == 404
    assert as_alice.get(f"/privacy/contacts/{ada.id}/").status_code == 200


def test_the_persons_page_leads_here_for_those_who_may(
    as_alice: Client, as_bob: Client, ada: Contact
) -> None:
    way = f"/privacy/contacts/{ada.id}/"
    assert way in as_alice.get(f"/contacts/{ada.id}/").content.decode()
    assert way not in as_bob.get(f"/contacts/{ada.id}/").content.decode()
