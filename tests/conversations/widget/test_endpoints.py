"""The website chat's calls, as strangers make them."""

from __future__ import annotations

import json
import time
import uuid

import pytest
from django.test import Client

from conversations import lanes, lifecycle, outbound
from conversations.models import Conversation, InboundRecord, Inbox, Message
from conversations.widget import arriving, limits, visitors
from tenants import directory
from tenants.directory import TenantRef
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tenants.workspace.events import SYSTEM, Actor
from tenants.workspace.models import Agent
from tests.conversations.widget.conftest import Browser

pytestmark = pytest.mark.django_db(transaction=True)


def code(response) -> tuple[int, str]:
    return response.status_code, json.loads(response.content).get("code", "")


def answer_from(agent: Agent, tenant: TenantRef, text: str) -> None:
    with tenant_scope(tenant):
        conversation = Conversation.objects.get()
        outbound.reply(conversation, text, by=Actor.agent(agent), client_id=uuid.uuid4(), seen_number=None)


# --- the way through ---------------------------------------------------------------------------------------


def test_a_message_arrives_once_however_often_it_is_sent(
    browser: Browser, site: Inbox, acme: TenantRef
) -> None:
    started = browser.start(site)
    assert (started["messages"], started["has_conversation"], started["unread"]) == ([], False, 0)
    client_id = str(uuid.uuid4())
    first, again = browser.write("請問有 M 號嗎?", client_id), browser.write("請問有 M 號嗎?", client_id)
    assert (first.status_code, again.status_code) == (201, 201)
    assert json.loads(first.content)["message"] == json.loads(again.content)["message"]
    shown = browser.read()
    assert [(row["text"], row["client_id"], row["number"]) for row in shown] == [
        ("請問有 M 號嗎?", client_id, 1)
    ]
    with tenant_scope(acme):
        assert Message.objects.count() == 1
        assert Conversation.objects.get().identity.scope == site.account_id


def test_opening_the_chat_writes_nothing_down(browser: Browser, site: Inbox, acme: TenantRef) -> None:
    browser.start(site)
    with tenant_scope(acme):
        assert not Conversation.objects.exists() and not InboundRecord.objects.exists()


def test_the_page_on_which_it_was_written_is_kept(browser: Browser, site: Inbox, acme: TenantRef) -> None:
    browser.start(site)
    page = {"url": "https://shop.example/tea", "title": "Tea", "labels": ["vip"], "assignee": "bob"}
    browser.write("hello", page=page)
    with tenant_scope(acme):
        record = json.loads(bytes(InboundRecord.objects.get().body))
        assert record["page"] == {
            "url": "https://shop.example/tea",
            "title": "Tea",
            "referrer": "",
            "language": "",
        }
        conversation = Conversation.objects.get()
        assert conversation.assignee is None


def test_an_answer_is_unread_until_the_visitor_saw_it(
    browser: Browser, site: Inbox, acme: TenantRef, bob_agent: Agent
) -> None:
    browser.start(site)
    browser.write("hello")
    answer_from(bob_agent, acme, "Good morning")
    with tenant_scope(acme):
        Message.objects.filter(direction="out").update(status="sent")
    returned = browser.start(site)
    assert returned["unread"] == 1
    assert [row["text"] for row in returned["messages"]] == ["hello", "Good morning"]
    assert browser.call("POST", "seen", {"number": returned["messages"][-1]["number"]}).status_code == 200
    assert browser.start(site)["unread"] == 0
    with tenant_scope(acme):
        assert Message.objects.get(direction="out").status == "read"


def test_a_visitor_sees_public_fields_only(
    browser: Browser, site: Inbox, acme: TenantRef, bob_agent: Agent
) -> None:
    browser.start(site)
    browser.write("hello")
    answer_from(bob_agent, acme, "Good morning")
    for row in browser.read():
        assert not {"agent_id", "agent_name", "status", "error_kind", "external_id", "conversation_id"} & set(
            row
        )


def test_an_answer_that_was_given_up_is_not_shown(
    browser: Browser, site: Inbox, acme: TenantRef, bob_agent: Agent
) -> None:
    browser.start(site)
    browser.write("hello")
    answer_from(bob_agent, acme, "never sent")
    with tenant_scope(acme):
        Message.objects.filter(direction="out").update(status="skipped")
    assert [row["text"] for row in browser.read()] == ["hello"]


def test_reading_goes_on_behind_a_number(browser: Browser, site: Inbox) -> None:
    browser.start(site)
    for text in ("one", "two", "three"):
        assert browser.write(text).status_code == 201
    assert [row["text"] for row in browser.read(after=1)] == ["two", "three"]
    assert browser.read(after=10**15) == []


def test_a_resolved_conversation_is_taken_up_again(browser: Browser, site: Inbox, acme: TenantRef) -> None:
    browser.start(site)
    browser.write("hello")
    with tenant_scope(acme):
        lifecycle.resolve(Conversation.objects.get(), by=SYSTEM)
    browser.write("one more thing")
    assert [row["text"] for row in browser.read()] == ["hello", "one more thing"]
    with tenant_scope(acme):
        assert Conversation.objects.get().status == "open"


# --- who is who --------------------------------------------------------------------------------------------


def test_two_visitors_see_nothing_of_each_other(
    browser: Browser, other_browser: Browser, site: Inbox
) -> None:
    browser.start(site)
    other_browser.start(site)
    browser.write("mine")
    assert other_browser.read() == []
    other_browser.write("yours")
    assert [row["text"] for row in browser.read()] == ["mine"]
    assert [row["text"] for row in other_browser.read()] == ["yours"]


def test_another_visitors_client_id_opens_nothing(
    browser: Browser, other_browser: Browser, site: Inbox
) -> None:
    client_id = str(uuid.uuid4())
    browser.start(site)
    browser.write("mine", client_id)
    other_browser.start(site)
    response = other_browser.write("guess", client_id)
    assert (response.status_code, json.loads(response.content)) == (202, {"message": None})


def test_a_token_of_another_brand_is_no_visitor(
    browser: Browser, globex_browser: Browser, site: Inbox, globex_site: Inbox
) -> None:
    globex_browser.start(globex_site)
    browser.token = globex_browser.token
    assert code(browser.call("GET", "messages")) == (401, "not_a_visitor")
    assert globex_browser.call("GET", "messages").status_code == 200


def test_a_token_of_another_site_begins_a_new_visit(browser: Browser, site: Inbox, other_site: Inbox) -> None:
    browser.start(site)
    browser.write("at the shop")
    started = browser.start(other_site)
    assert started["messages"] == []
    assert browser.read() == []


@pytest.mark.parametrize(
    "path, method", [("messages", "GET"), ("messages", "POST"), ("typing", "POST"), ("seen", "POST")]
)
def test_without_a_token_there_is_nothing(browser: Browser, site: Inbox, path: str, method: str) -> None:
    assert code(browser.call(method, path, {})) == (401, "not_a_visitor")
    browser.token = "forged"
    assert code(browser.call(method, path, {})) == (401, "not_a_visitor")


def test_a_token_run_out_is_no_visitor(browser: Browser, site: Inbox, acme: TenantRef) -> None:
    visitor = visitors.new_visitor(site.id)
    browser.token = visitors.issue(visitor, acme.id, now=time.time() - visitors.LIFE_SECONDS - 10)
    assert code(browser.call("GET", "messages")) == (401, "not_a_visitor")
    browser.token = visitors.issue(visitor, acme.id, now=time.time() - visitors.LIFE_SECONDS + 60)
    assert browser.call("GET", "messages").status_code == 200


def test_an_old_token_is_renewed_with_the_next_message(
    browser: Browser, site: Inbox, acme: TenantRef
) -> None:
    visitor = visitors.new_visitor(site.id)
    browser.token = visitors.issue(visitor, acme.id, now=time.time() - 3 * 24 * 3600)
    renewed = json.loads(browser.write("back again").content)["token"]
    assert visitors.read(renewed, acme.id).issued_at > time.time() - 60
    browser.token = renewed
    assert "token" not in json.loads(browser.write("and again").content)


def test_a_site_that_is_gone_is_not_found(browser: Browser, site: Inbox, acme: TenantRef) -> None:
    browser.start(site)
    with tenant_scope(acme):
        Inbox.objects.filter(id=site.id).update(is_active=False)
    assert code(browser.call("GET", "messages")) == (404, "unknown_site")


def test_an_unknown_site_and_another_brands_site_look_alike(
    browser: Browser, site: Inbox, globex_site: Inbox
) -> None:
    unknown = browser.call("POST", "session", {"site": "nowhere"})
    foreign = browser.call("POST", "session", {"site": globex_site.account_id})
    assert code(unknown) == (404, "unknown_site")
    assert (unknown.status_code, unknown.content) == (foreign.status_code, foreign.content)


def test_a_suspended_brand_answers_nobody(browser: Browser, site: Inbox, acme: TenantRef) -> None:
    Tenant.objects.filter(id=acme.id).update(status=Tenant.Status.SUSPENDED)
    directory.forget()
    assert browser.call("POST", "session", {"site": site.account_id}).status_code == 404


@pytest.mark.parametrize(
    "origin",
    [
        "https://shop.example",
        "null",
        "http://globex.localhost",
        "http://acme.localhost.evil.test",
        "https://acme.localhost",
        "",
    ],
)
def test_a_foreign_origin_is_refused(browser: Browser, site: Inbox, origin: str) -> None:
    refused = browser.call("POST", "session", {"site": site.account_id}, origin=origin)
    assert code(refused) == (403, "foreign_origin")
    assert browser.call("POST", "session", {"site": site.account_id}).status_code == 200


def test_no_call_sets_a_cookie_or_may_be_stored(browser: Browser, site: Inbox) -> None:
    response = browser.call("POST", "session", {"site": site.account_id})
    assert not response.cookies
    assert response["Cache-Control"] == "no-store"


def test_a_forged_form_needs_no_token_because_there_is_nothing_to_borrow(site: Inbox) -> None:
    strict = Client(SERVER_NAME="acme.localhost", enforce_csrf_checks=True)
    response = strict.post("/widget/session", {"site": site.account_id}, content_type="application/json")
    assert response.status_code == 200


# --- bounds ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body, status, reason",
    [
        (b"", 400, "bad_json"),
        (b"[]", 400, "bad_json"),
        (b"{", 400, "bad_json"),
        (b"\xff\xfe", 400, "bad_json"),
        (b"[" * 30_000, 400, "bad_json"),
        (b'{"client_id": 1e400, "text": "x"}', 400, "bad_client_id"),
        (b'{"client_id": "x", "text": "hi"}', 400, "bad_client_id"),
        (b'{"client_id": null, "text": "hi"}', 400, "bad_client_id"),
        (b'{"client_id": "5f0c9d3e-6f1f-4b8e-9b5e-0d6a3d3d2a11", "text": "  "}', 400, "empty_text"),
        (b'{"client_id": "5f0c9d3e-6f1f-4b8e-9b5e-0d6a3d3d2a11", "text": ["x"]}', 400, "empty_text"),
        (b'{"client_id": "5f0c9d3e-6f1f-4b8e-9b5e-0d6a3d3d2a11"}', 400, "empty_text"),
        (b"x" * 40_000, 413, "too_large"),
    ],
)
def test_poison_is_refused_with_a_reason(
    browser: Browser, site: Inbox, body: bytes, status: int, reason: str
) -> None:
    browser.start(site)
    assert code(browser.call("POST", "messages", body)) == (status, reason)


@pytest.mark.parametrize("text", ["a\u0000b", "\ud800 lone", "😀" * 2000, "\u202e reversed", "x\r\ny"])
def test_odd_text_arrives(browser: Browser, site: Inbox, text: str) -> None:
    browser.start(site)
    body = json.dumps({"client_id": str(uuid.uuid4()), "text": text}).encode()
    assert browser.call("POST", "messages", body).status_code == 201
    expected = text.replace("\u0000", "\ufffd").replace("\ud800", "\ufffd")
    assert browser.read()[0]["text"] == expected


def test_a_text_ends_at_four_thousand_characters(browser: Browser, site: Inbox) -> None:
    browser.start(site)
    assert code(browser.write("長" * 4001)) == (400, "text_too_long")
    assert browser.write("長" * 4000).status_code == 201


@pytest.mark.parametrize("number", [None, "x", -1, 1.5, [], True])
def test_seen_needs_a_number(browser: Browser, site: Inbox, number: object) -> None:
    browser.start(site)
    assert code(browser.call("POST", "seen", {"number": number})) == (400, "bad_number")
    assert browser.call("POST", "seen", {"number": 0}).status_code == 200


def test_an_unknown_method_is_told_what_is_known(browser: Browser, site: Inbox) -> None:
    response = browser.call("DELETE", "messages")
    assert (response.status_code, response["Allow"]) == (405, "GET, POST")


def test_new_visitors_of_one_address_are_limited(browser: Browser, site: Inbox, other_site: Inbox) -> None:
    for _visit in range(limits.new_visitors.burst):
        assert browser.call("POST", "session", {"site": site.account_id}).status_code == 200
    refused = browser.call("POST", "session", {"site": site.account_id})
    assert code(refused) == (429, "too_many")
    assert int(refused["Retry-After"]) >= 1
    assert browser.call("POST", "session", {"site": other_site.account_id}).status_code == 200


def test_messages_of_one_visitor_are_limited(browser: Browser, other_browser: Browser, site: Inbox) -> None:
    browser.start(site)
    statuses = [
        browser.write(f"message {number}").status_code
        for number in range(limits.messages_of_visitor.burst + 1)
    ]
    assert set(statuses[:-1]) == {201} and statuses[-1] == 429
    other_browser.start(site)
    assert other_browser.write("still welcome").status_code == 201


def test_a_full_lane_asks_the_browser_to_come_again(
    browser: Browser, site: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(tenant: TenantRef, arrivals: object) -> None:
        raise lanes.LaneFull("full")

    browser.start(site)
    with monkeypatch.context() as patch:
        patch.setattr(arriving.lanes, "submit", full)
        refused = browser.write("hello")
        assert code(refused) == (503, "busy")
        assert refused["Retry-After"] == "2"
    assert browser.write("hello").status_code == 201


def test_typing_is_answered_with_and_without_a_conversation(browser: Browser, site: Inbox) -> None:
    browser.start(site)
    assert browser.call("POST", "typing", {}).status_code == 200
    browser.write("hello")
    assert browser.call("POST", "typing", {}).status_code == 200
