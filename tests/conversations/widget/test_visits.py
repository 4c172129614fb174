"""What an agent sees of a visitor: the page, the form, the proof."""

from __future__ import annotations

import pytest
from django.test import Client

from conversations.models import Conversation, Inbox
from conversations.widget import set_up, visits
from conversations.widget.arrangement import Arrangement
from tenants.directory import TenantRef
from tenants.scope import tenant_scope
from tenants.workspace.events import SYSTEM
from tests.conversations.widget.conftest import SHOP, Browser

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = {"url": f"{SHOP}/tea", "title": "Oolong <b>tea</b>", "referrer": "https://search.example/"}


def test_the_agent_sees_the_newest_page_and_the_form(
    browser: Browser, site: Inbox, acme: TenantRef, as_bob: Client
) -> None:
    with tenant_scope(acme):
        set_up.arrange(site, [SHOP], Arrangement(form={"email": "asked"}), by=SYSTEM)
    browser.start(site)
    browser.write("hello", page={"url": f"{SHOP}/"}, form={"email": "mei@shop.example"})
    browser.write("this one", page=PAGE)
    with tenant_scope(acme):
        conversation = Conversation.objects.select_related("inbox").get()
        visit = visits.visit_of(conversation)
    assert visit is not None and visit.page == PAGE and visit.form == {"email": "mei@shop.example"}
    shown = as_bob.get(f"/inbox/all/{conversation.id}/").content.decode()
    assert f'href="{SHOP}/tea"' in shown and "Oolong &lt;b&gt;tea&lt;/b&gt;" in shown
    assert "mei@shop.example" in shown and "https://search.example/" in shown


def test_an_address_that_would_run_is_no_link(
    browser: Browser, site: Inbox, acme: TenantRef, as_bob: Client
) -> None:
    browser.start(site)
    browser.write("hello", page={"url": "javascript:alert(1)", "title": "Click"})
    with tenant_scope(acme):
        conversation = Conversation.objects.get()
    shown = as_bob.get(f"/inbox/all/{conversation.id}/").content.decode()
    assert "javascript:alert" not in shown and "Click" in shown
