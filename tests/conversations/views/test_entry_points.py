"""Entry points: the link of each account, and its QR code."""

from __future__ import annotations

import pytest
from django.test import Client

from conversations import entry_links, inboxes
from conversations.models import Inbox
from tenants.workspace.events import SYSTEM
from tests.conversations.outgoing import an_inbox

OWN = "https://acme.example/widget/chat/k/"


@pytest.mark.parametrize(
    "channel, account, name, link",
    [
        ("messenger", "1048", "", "https://m.me/1048"),
        ("instagram", "17", "acme_tea", "https://ig.me/m/acme_tea"),
        ("instagram", "17", "Acme Tea", ""),
        ("line", "U7", "Acme @tea @acme-tea", "https://line.me/R/ti/p/%40acme-tea"),
        ("line", "U7", "Acme", ""),
        ("telegram", "77", "Acme @acme_bot", "https://t.me/acme_bot"),
        ("whatsapp", "1", "Acme · Tea · +886 912-345 678", "https://wa.me/886912345678"),
        ("whatsapp", "1", "Acme", ""),
        ("sms", "+886912345678", "", "sms:+886912345678"),
        ("sms", "MG7f", "", ""),
        ("email", "help@acme.example", "", "mailto:help@acme.example"),
        ("widget", "k", "", OWN),
        ("wechat", "gh_1", "", ""),
    ],
)
def test_the_link_of_an_account(channel: str, account: str, name: str, link: str) -> None:
    inbox = Inbox(channel=channel, account_id=account, platform_name=name)
    assert entry_links.link_of(inbox, chat_address=OWN) == link


@pytest.mark.django_db
@pytest.mark.usefixtures("in_acme")
class TestThePages:
    def test_every_account_has_its_link_and_code(self, as_alice: Client) -> None:
        page, chat = an_inbox("messenger"), inboxes.connect("widget", "", "Shop", by=SYSTEM)
        shown = as_alice.get("/channels/entry-points/").content.decode()
        assert f"https://m.me/{page.account_id}" in shown
        assert f"/widget/chat/{chat.account_id}/" in shown

    @pytest.mark.parametrize(
        "form, start, mime", [("svg", b"<?xml", "image/svg+xml"), ("png", b"\x89PNG", "image/png")]
    )
    def test_the_code_can_be_kept(self, as_alice: Client, form: str, start: bytes, mime: str) -> None:
        inbox = an_inbox("messenger")
        shown = as_alice.get(f"/channels/{inbox.id}/entry-point.{form}")
        assert shown.content.startswith(start) and shown["Content-Type"] == mime
        kept = as_alice.get(f"/channels/{inbox.id}/entry-point.{form}?download")
        assert kept["Content-Disposition"].startswith("attachment;") and kept.content == shown.content

    def test_no_link_no_code(self, as_alice: Client) -> None:
        line = an_inbox("line")
        assert as_alice.get(f"/channels/{line.id}/entry-point.svg").status_code == 404
        assert as_alice.get(f"/channels/{an_inbox('messenger').id}/entry-point.exe").status_code == 404

    def test_agents_and_other_brands_see_none(self, as_bob: Client, as_charlie: Client) -> None:
        inbox = an_inbox("messenger")
        for client, code in ((as_bob, 403), (as_charlie, 404)):
            assert client.get("/channels/entry-points/").status_code == code
            assert client.get(f"/channels/{inbox.id}/entry-point.svg").status_code == code
