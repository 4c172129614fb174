"""What a visit tells of a person goes into their profile."""

from __future__ import annotations

import time

import pytest

from contacts import consent
from contacts.models import Consent, Contact, ContactAddress
from conversations.models import Inbox
from conversations.widget import identity, set_up
from conversations.widget.arrangement import Arrangement
from tenants.directory import TenantRef
from tenants.scope import tenant_scope
from tenants.workspace import reactors
from tenants.workspace.events import SYSTEM
from tests.conversations.widget.conftest import SHOP, Browser
from tests.conversations.widget.test_identity import enter, token

pytestmark = pytest.mark.django_db(transaction=True)

FORM = {"name": "Mei", "email": "Mei@Shop.example", "phone": "0912345678", "consent": True}


def addresses() -> list[tuple[str, str, bool, str]]:
    rows = ContactAddress.objects.order_by("kind")
    return list(rows.values_list("kind", "value", "is_verified", "source"))


def test_the_form_is_kept_as_claims_and_the_sentence_as_consent(
    browser: Browser, site: Inbox, acme: TenantRef
) -> None:
    asked = dict.fromkeys(("name", "email", "phone"), "asked")
    with tenant_scope(acme):
        set_up.arrange(
            site, [SHOP], Arrangement(form=asked, texts={"en": {"consent": "I agree."}}), by=SYSTEM
        )
    browser.start(site)
    browser.write("hello", form=FORM, page={"url": f"{SHOP}/tea", "referrer": "https://search.example/"})
    with tenant_scope(acme):
        reactors.run_reactors()
        contact = Contact.objects.get()
        assert (contact.name, contact.page_url, contact.referrer) == (
            "Mei",
            f"{SHOP}/tea",
            "https://search.example/",
        )
        assert addresses() == [
            ("email", "mei@shop.example", False, "form"),
            ("phone", "+886912345678", False, "form"),
        ]
        assert consent.standing(contact.id, "widget", "service") == "given"
        assert Consent.objects.get().proof == {"sentence": "I agree."}
        assert not consent.may(contact.id, "widget", "marketing")


def test_whom_the_shop_vouches_for_is_known_by_that_name_and_address(
    browser: Browser, site: Inbox, acme: TenantRef
) -> None:
    with tenant_scope(acme):
        secret = identity.renew_secret(site, by=SYSTEM)
    browser.start(site)
    browser.write("hello")
    enter(browser, site, token=token(secret, now=time.time(), name="陳美玲", email="mei@shop.example"))
    with tenant_scope(acme):
        contact = Contact.objects.get()
        assert (contact.name, contact.marks["name"]["source"]) == ("陳美玲", "login")
        assert addresses() == [("email", "mei@shop.example", True, "login")]
