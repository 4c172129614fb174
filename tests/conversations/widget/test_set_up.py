"""The set-up page of a website chat, and how its colours are chosen."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from conversations import inboxes
from conversations.models import Inbox
from conversations.widget import colours, identity
from conversations.widget.arrangement import Arrangement
from tenants.directory import TenantRef
from tenants.workspace.events import SYSTEM
from tenants.workspace.models import AuditEntry
from tests.conversations.outgoing import an_inbox
from tests.conversations.widget.conftest import SHOP, Browser

TEAL = "#0c6b62"


@pytest.mark.parametrize(
    "colour", ["#06c755", "#1f5f5b", "#ffffff", "#000000", "#767676", "#777777", "#ff0000"]
)
def test_the_ink_can_be_read_on_every_colour(colour: str) -> None:
    assert colours.contrast(colours.ink_on(colour), colour) >= colours.ENOUGH_FOR_TEXT


def test_black_stands_on_the_green_of_line() -> None:
    assert colours.ink_on("#06c755") == colours.BLACK
    assert round(colours.contrast("#ffffff", "#06c755"), 2) == 2.26
    assert colours.ink_on(TEAL) == colours.WHITE


@pytest.mark.parametrize(
    "slip",
    [{"color": "red; x"}, {"texts": ["x"]}, {"form": {"name": "yes"}}, {"hours_id": 7}, {"texts": {"en": 7}}],
)
def test_a_slip_in_the_settings_is_left_out(slip: dict[str, object]) -> None:
    read = Arrangement.read(slip)
    assert (read.colour, read.form, read.hours_id) == (colours.DEFAULT, {}, None)
    assert not any(read.texts.values())


database = [pytest.mark.django_db, pytest.mark.usefixtures("in_acme")]


def given(**more: str) -> dict[str, str]:
    return {"origins": f"{SHOP}/\nhttps://*.Shop.example", "colour": TEAL, **more}


@pytest.fixture
def chat(in_acme: TenantRef) -> Inbox:
    return inboxes.connect("widget", "", "Shop", by=SYSTEM, settings={"assign_on_reply": False})


@pytest.mark.django_db
class TestThePage:
    def test_what_is_saved_is_shown_again_and_stands_in_the_frame(
        self, as_alice: Client, chat: Inbox, browser: Browser
    ) -> None:
        address = f"/channels/{chat.id}/website/"
        wishes = given(form_name="required", **{"text_greeting_zh-hant": "您好!歡迎光臨"})
        assert as_alice.post(address, wishes).status_code == 302
        page = as_alice.get(address).content.decode()
        assert "您好!歡迎光臨" in page and f"data-site=&quot;{chat.account_id}&quot;" in page and TEAL in page
        chat.refresh_from_db()
        assert chat.settings["allowed_origins"] == [SHOP, "https://*.shop.example"]
        assert chat.settings["assign_on_reply"] is False
        assert AuditEntry.objects.filter(act="inbox.chat_arranged").count() == 1
        frame = browser.client.get("/widget/frame/", {"site": chat.account_id, "language": "zh-TW"})
        assert "您好!歡迎光臨" in frame.content.decode() and f'data-color="{TEAL}"' in frame.content.decode()
        english = browser.client.get("/widget/frame/", {"site": chat.account_id, "language": "en"})
        assert "您好!歡迎光臨" not in english.content.decode()

    @pytest.mark.parametrize(
        "wrong", [{"origins": "shop"}, {"origins": "https://a.example; script-src *"}, {"colour": "red"}]
    )
    def test_what_is_wrong_is_said_and_nothing_is_saved(
        self, as_alice: Client, chat: Inbox, wrong: dict[str, str]
    ) -> None:
        answer = as_alice.post(f"/channels/{chat.id}/website/", {**given(), **wrong})
        assert answer.status_code == 200 and "form-error" in answer.content.decode()
        chat.refresh_from_db()
        assert "color" not in chat.settings

    def test_an_agent_and_another_brand_find_no_page(
        self, as_bob: Client, as_charlie: Client, chat: Inbox, as_alice: Client
    ) -> None:
        address = f"/channels/{chat.id}/website/"
        assert as_bob.get(address).status_code == 403
        assert as_charlie.get(address).status_code == 404
        assert as_alice.get(address).status_code == 200

    def test_another_kind_of_channel_has_no_such_page(self, as_alice: Client, chat: Inbox) -> None:
        line = an_inbox("line")
        assert as_alice.get(f"/channels/{line.id}/website/").status_code == 404

    def test_the_secret_is_shown_once(self, as_alice: Client, chat: Inbox) -> None:
        answer = as_alice.post(f"/channels/{chat.id}/website/secret/")
        chat.refresh_from_db()
        [secret] = identity.keys_of(chat)
        assert secret in answer.content.decode() and "no-store" in answer["Cache-Control"]
        assert secret not in as_alice.get(f"/channels/{chat.id}/website/").content.decode()

    def test_the_channels_page_leads_there(self, as_alice: Client, chat: Inbox) -> None:
        assert f"/channels/{chat.id}/website/" in as_alice.get(f"/channels/{chat.id}/").content.decode()


@pytest.mark.django_db
def test_the_chat_stands_on_a_page_of_its_own(browser: Browser, site: Inbox, globex_site: Inbox) -> None:
    page = browser.client.get(f"/widget/chat/{site.account_id}/", headers={"accept-language": "ja,en;q=0.5"})
    assert page.status_code == 200 and 'data-language="ja"' in page.content.decode()
    assert not page.cookies and not re.search(r"<script(?![^>]*src=)", page.content.decode())
    assert browser.client.get(f"/widget/chat/{globex_site.account_id}/").status_code == 404
    frame = browser.client.get("/widget/frame/", {"site": site.account_id, "alone": ""})
    assert "frame-ancestors 'self'" in frame["Content-Security-Policy"]
    assert 'data-origins="http://acme.localhost"' in frame.content.decode()
