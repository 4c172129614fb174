"""The list of conversations and the page around it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.utils import timezone

from contacts.models import Contact
from conversations import lifecycle, outbound
from conversations.channels import registry
from conversations.models import Conversation
from conversations.views.inbox import PAGE
from tenants.directory import TenantRef
from tenants.scope import tenant_scope
from tenants.workspace.events import Actor
from tenants.workspace.log import newest_sequence
from tenants.workspace.models import Agent, Team
from tests.conversations.outgoing import a_conversation, an_inbox

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


@pytest.fixture
def waiting(in_acme: TenantRef) -> Conversation:
    conversation = a_conversation(an_inbox("line"), text="Where is my parcel?")
    Contact.objects.filter(id=conversation.contact_id).update(name="林美玲")
    Conversation.objects.filter(id=conversation.id).update(
        last_message_text="Where is my parcel?", last_message_direction="in"
    )
    return conversation


def test_the_start_of_a_brand_is_the_agents_own_work(as_bob: Client) -> None:
    assert as_bob.get("/").headers["location"] == "/inbox/mine/"


def test_a_row_shows_who_wrote_what_by_which_channel_and_since_when_they_wait(
    as_bob: Client, waiting: Conversation
) -> None:
    page = as_bob.get("/inbox/unassigned/").content.decode()
    assert "林美玲" in page
    assert "Where is my parcel?" in page
    assert f'href="/inbox/unassigned/{waiting.id}/"' in page
    assert "#channel-line" in page
    assert f'datetime="{waiting.waiting_since.isoformat()}"' in page


def test_the_page_carries_the_number_of_the_log_at_which_it_was_rendered(
    as_bob: Client, waiting: Conversation, bob_agent: Agent
) -> None:
    lifecycle.assign(waiting, to=bob_agent, by=Actor.agent(bob_agent))
    page = as_bob.get("/inbox/mine/").content.decode()
    assert f'data-sequence="{newest_sequence()}"' in page
    assert newest_sequence() > 0


def test_tabs_count_what_their_lists_hold(as_bob: Client, waiting: Conversation, bob_agent: Agent) -> None:
    lifecycle.assign(waiting, to=bob_agent, by=Actor.agent(bob_agent))
    asleep = a_conversation(waiting.inbox)
    lifecycle.snooze(asleep, until=None, by=Actor.agent(bob_agent))
    counts = as_bob.get("/desk/counts/").json()["counts"]
    assert counts == {"mine": 1, "unassigned": 0, "all": 1, "waiting": 1, "snoozed": 1, "unread": 1}


def test_what_an_agent_has_read_is_unread_for_the_others_only(
    as_bob: Client, as_alice: Client, waiting: Conversation, bob_agent: Agent
) -> None:
    lifecycle.mark_seen(waiting, agent=bob_agent, number=1)
    assert "row is-unread" not in as_bob.get("/inbox/all/").content.decode()
    assert "row is-unread" in as_alice.get("/inbox/all/").content.decode()


def test_older_conversations_come_page_by_page_without_holes_or_twins(
    as_bob: Client, in_acme: TenantRef
) -> None:
    inbox = an_inbox("line")
    now = timezone.now()
    made = [a_conversation(inbox, wrote_at=now - timedelta(minutes=minute)) for minute in range(PAGE + 5)]
    seen: list[str] = []
    url = "/inbox/all/"
    while url:
        html = as_bob.get(url, headers=HTMX).content.decode()
        seen += [
            part.split('"')[0]
            for part in html.split('<li class="row')[1:]
            for part in [part.split('data-id="')[1]]
        ]
        url = (
            "/inbox/all/" + html.split('hx-get="?after=')[1].split('"')[0].join(["?after=", ""])
            if "?after=" in html
            else ""
        )
    assert seen == [str(conversation.id) for conversation in made]


@pytest.mark.parametrize(
    "cursor", ["x", "2026-01-01T00:00:00_x", "2026-01-01T00:00:00_0190c0de-0000-7000-8000-000000000000", "_"]
)
def test_a_cursor_that_is_none_is_not_found(as_bob: Client, cursor: str) -> None:
    assert as_bob.get("/inbox/all/", {"after": cursor}).status_code == 404
    assert as_bob.get("/inbox/all/", {"after": ""}).status_code == 200


def test_htmx_gets_the_part_and_a_person_gets_the_page(as_bob: Client, waiting: Conversation) -> None:
    url = f"/inbox/all/{waiting.id}/"
    part, page = as_bob.get(url, headers=HTMX), as_bob.get(url)
    assert part.content.lstrip().startswith(b"<section")
    assert page.content.lstrip().startswith(b"<!doctype html>")
    assert "HX-Request" in part.headers["vary"]


def test_a_list_can_be_narrowed_to_one_inbox(as_bob: Client, waiting: Conversation) -> None:
    other = a_conversation(an_inbox("messenger"))
    page = as_bob.get("/inbox/all/", {"inbox": str(other.inbox_id)}).content.decode()
    assert str(other.id) in page
    assert str(waiting.id) not in page


def test_an_inbox_of_another_team_does_not_exist_for_an_agent(
    as_bob: Client, as_carol: Client, waiting: Conversation
) -> None:
    waiting.inbox.teams.add(Team.objects.create(name="Returns"))
    url = f"/inbox/all/{waiting.id}/"
    assert as_bob.get(url).status_code == 404
    assert as_bob.get("/inbox/all/", {"inbox": str(waiting.inbox_id)}).status_code == 404
    assert str(waiting.id) not in as_bob.get("/inbox/all/").content.decode()
    assert as_bob.get("/desk/counts/").json()["counts"]["all"] == 0
    assert as_carol.get(url).status_code == 200
    assert as_carol.get("/desk/counts/").json()["counts"]["all"] == 1


def test_strangers_sign_in_first_and_other_brands_people_find_nothing(
    as_stranger: Client, as_charlie: Client, as_bob: Client, waiting: Conversation
) -> None:
    url = f"/inbox/all/{waiting.id}/"
    assert as_stranger.get(url).status_code == 302
    assert as_charlie.get(url).status_code == 404
    assert as_bob.get(url).status_code == 200


def test_another_brands_conversation_is_not_found_here(
    as_alice: Client, as_charlie_at_globex: Client, globex: TenantRef
) -> None:
    with tenant_scope(globex):
        theirs = a_conversation(an_inbox("line"))
    url = f"/inbox/all/{theirs.id}/"
    assert as_alice.get(url).status_code == 404
    assert as_charlie_at_globex.get(url).status_code == 200


def test_a_page_of_many_conversations_costs_as_many_queries_as_one_of_few(
    as_bob: Client, waiting: Conversation, django_assert_max_num_queries: object, settings: object
) -> None:
    def cost() -> int:
        with django_assert_max_num_queries(20) as queries:  # type: ignore[operator]
            assert as_bob.get("/inbox/all/").status_code == 200
        return len(queries)

    few = cost()
    for _each in range(12):
        a_conversation(waiting.inbox)
    assert cost() == few


def test_hostile_text_stays_text(as_bob: Client, waiting: Conversation, bob_agent: Agent) -> None:
    Contact.objects.filter(id=waiting.contact_id).update(name="<script>alert(1)</script>")
    html = as_bob.get(f"/inbox/all/{waiting.id}/").content.decode()
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)" in html


@pytest.mark.parametrize(("language", "word"), [("zh-hant", "收件匣"), ("ja", "受信トレイ"), ("en", "Inbox")])
def test_the_desk_speaks_the_agents_language(
    as_bob: Client, waiting: Conversation, language: str, word: str
) -> None:
    page = as_bob.get("/inbox/all/", headers={"accept-language": language}).content.decode()
    assert f'<html lang="{language}"' in page
    assert word in page


def test_no_page_of_the_desk_holds_inline_code_or_style(as_bob: Client, waiting: Conversation) -> None:
    html = as_bob.get(f"/inbox/all/{waiting.id}/").content.decode()
    assert " style=" not in html
    assert "<style" not in html
    assert all("src=" in tag.split(">")[0] for tag in html.split("<script")[1:])
    assert not [word for word in ("onclick=", "onload=", "javascript:") if word in html]


def test_an_answer_of_ours_is_marked_in_the_list(
    as_bob: Client, waiting: Conversation, bob_agent: Agent
) -> None:
    from_bob = Actor.agent(bob_agent)
    outbound.reply(waiting, "On its way", by=from_bob, client_id=waiting.id, seen_number=1)
    assert "Replied: On its way" in as_bob.get("/inbox/mine/").content.decode()


# --- the order by closing windows --------------------------------------------------------------------------


def ids_in(html: str) -> list[str]:
    return [
        part.split('data-id="')[1].split('"')[0]
        for part in html.split("blank-row")[0].split('<li class="row')[1:]
    ]


def test_the_list_may_be_ordered_by_the_window_that_closes_soonest(
    as_bob: Client, in_acme: TenantRef
) -> None:
    messenger, now = an_inbox("messenger"), timezone.now()
    fresh = a_conversation(messenger, wrote_at=now - timedelta(hours=1))
    pressing = a_conversation(messenger, wrote_at=now - timedelta(hours=23))
    page = as_bob.get("/inbox/all/", {"order": "closing"}).content.decode()
    assert ids_in(page) == [str(pressing.id), str(fresh.id)]
    assert ids_in(as_bob.get("/inbox/all/").content.decode()) == [str(fresh.id), str(pressing.id)]
    closes_at = pressing.last_customer_message_at + timedelta(hours=24)
    assert f'data-closes="{closes_at.isoformat()}"' in page
    assert f"/inbox/all/{pressing.id}/?order=closing" in page
    assert as_bob.get("/inbox/all/", {"order": "name"}).status_code == 404


def test_the_queue_goes_on_page_by_page(as_bob: Client, in_acme: TenantRef) -> None:
    messenger, now = an_inbox("messenger"), timezone.now()
    made = [
        a_conversation(messenger, wrote_at=now - timedelta(minutes=1200 - place)) for place in range(PAGE + 3)
    ]
    first = as_bob.get("/inbox/all/?order=closing", headers=HTMX).content.decode()
    more = first.split('hx-get="?after=')[1].split('"')[0].replace("&amp;", "&")
    rest = as_bob.get(f"/inbox/all/?after={more}", headers=HTMX).content.decode()
    assert ids_in(first) + ids_in(rest) == [str(each.id) for each in made]
    assert "?after=" not in rest


@pytest.mark.parametrize("cursor", ["x", "a_b_c_d", "2026-01-01T00:00:00+00:00_x", "_", "____"])
def test_what_is_no_cursor_of_the_queue_is_not_found(as_bob: Client, cursor: str) -> None:
    assert as_bob.get("/inbox/all/", {"after": cursor, "order": "closing"}).status_code == 404
    assert as_bob.get("/inbox/all/", {"after": "", "order": "closing"}).status_code == 200


def test_every_channel_has_its_symbol() -> None:
    sheet = Path(str(finders.find("icons/desk.svg"))).read_text()
    assert [kind for kind in registry.KINDS if f'id="channel-{kind}"' not in sheet] == []
