"""The queue of closing reply windows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db.models import Q
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from conversations import deadlines, lifecycle
from conversations.channels import registry
from conversations.models import POST, Conversation, Inbox
from conversations.window import closing, window_of
from tenants.directory import TenantRef
from tenants.workspace.events import SYSTEM
from tests.conversations.outgoing import a_conversation, an_inbox

pytestmark = pytest.mark.django_db

AS_OF = datetime(2026, 11, 2, 2, 3, 4, tzinfo=UTC)
HOUR = timedelta(hours=1)
KINDS = ("messenger", "instagram", "whatsapp", "wechat", "line", "email")

# moments around every border there is: a minute, a day, two days, seven days
moments = st.one_of(
    st.none(),
    st.sampled_from([timedelta(minutes=1), 24 * HOUR, 48 * HOUR, 168 * HOUR]).flatmap(
        lambda span: st.sampled_from([span - timedelta(seconds=1), span, span + timedelta(seconds=1)])
    ),
    st.timedeltas(timedelta(0), timedelta(days=9)),
)


@pytest.fixture
def inboxes_of_all(in_acme: TenantRef) -> dict[str, Inbox]:
    return {kind: an_inbox(kind) for kind in KINDS}


def ago(span: timedelta | None) -> datetime | None:
    return None if span is None else AS_OF - span


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(KINDS),
    wrote=moments,
    sent=st.integers(0, 7),
    brief=moments,
    sent_in_brief=st.integers(0, 4),
)
def test_the_database_counts_windows_as_the_house_does(
    inboxes_of_all: dict[str, Inbox],
    kind: str,
    wrote: timedelta | None,
    sent: int,
    brief: timedelta | None,
    sent_in_brief: int,
) -> None:
    conversation = Conversation.objects.filter(inbox=inboxes_of_all[kind]).first()
    conversation = conversation or a_conversation(inboxes_of_all[kind])
    fields: dict[str, Any] = {
        "last_customer_message_at": ago(wrote),
        "sent_in_window": sent,
        "brief_window_at": ago(brief),
        "sent_in_brief_window": sent_in_brief,
    }
    Conversation.objects.filter(id=conversation.id).update(**fields)
    told = Conversation.objects.annotate(closes=deadlines.closes_at(AS_OF)).get(id=conversation.id)
    capabilities = registry.open(kind).capabilities
    assert told.closes == closing(window_of(capabilities, told, AS_OF))  # type: ignore[attr-defined]


def waiting(inbox: Inbox, *, hours: float) -> Conversation:
    return a_conversation(inbox, wrote_at=timezone.now() - hours * HOUR)


def order_of(condition: Q | None = None, **given: Any) -> list[Any]:
    return [row["id"] for row in deadlines.page(condition or Q(), **given)[0]]


def test_whose_window_closes_next_stands_first_and_the_others_follow_by_their_activity(
    in_acme: TenantRef,
) -> None:
    messenger, whatsapp, line = an_inbox("messenger"), an_inbox("whatsapp"), an_inbox("line")
    early, late = waiting(messenger, hours=23), waiting(whatsapp, hours=1)
    for_people = waiting(messenger, hours=25)  # a person has seven days
    without, closed = waiting(line, hours=2), waiting(whatsapp, hours=30)
    assert order_of() == [each.id for each in (early, late, for_people, without, closed)]


def test_who_has_an_answer_does_not_press(in_acme: TenantRef) -> None:
    messenger = an_inbox("messenger")
    pressing, answered = waiting(messenger, hours=3), waiting(messenger, hours=23)
    Conversation.objects.filter(id=answered.id).update(waiting_since=None)
    assert order_of() == [pressing.id, answered.id]


def test_comments_have_no_window_that_closes(in_acme: TenantRef) -> None:
    messenger = an_inbox("messenger")
    chat, comments = waiting(messenger, hours=3), waiting(messenger, hours=23)
    Conversation.objects.filter(id=comments.id).update(thread=f"{POST}711")
    assert order_of() == [chat.id, comments.id]


def test_pages_follow_one_another_without_holes_or_twins_in_one_query_each(
    in_acme: TenantRef, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    messenger, line = an_inbox("messenger"), an_inbox("line")
    made = [waiting(messenger, hours=23 - place) for place in range(5)]
    made += [waiting(line, hours=1 + place) for place in range(4)]
    same = timezone.now() - 40 * HOUR
    Conversation.objects.filter(id__in=[made[-1].id, made[-2].id]).update(last_activity_at=same)
    made[-2:] = sorted(made[-2:], key=lambda each: each.id, reverse=True)
    seen, after = [], None
    for _page in range(5):
        with django_assert_num_queries(1):
            rows, after = deadlines.page(Q(), after=after, limit=2)
        seen += [row["id"] for row in rows]
    assert (seen, after) == ([each.id for each in made], None)


def test_a_window_that_closes_between_two_pages_is_told_once(
    in_acme: TenantRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    messenger = an_inbox("messenger")
    made = [waiting(messenger, hours=23.9), waiting(messenger, hours=23), waiting(messenger, hours=2)]
    rows, after = deadlines.page(Q(), limit=1)
    later = timezone.now() + HOUR
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert after is not None
    rest, following = deadlines.page(Q(), after=after, limit=5)
    assert [row["id"] for row in [*rows, *rest]] == [each.id for each in made]
    assert following is None


def test_a_row_is_the_one_that_every_list_shows(in_acme: TenantRef) -> None:
    conversation = waiting(an_inbox("messenger"), hours=1)
    [row], _after = deadlines.page(Q(id=conversation.id))
    assert "deadline" not in row
    assert row["id"] == conversation.id
    lifecycle.resolve(conversation, by=SYSTEM)
    assert order_of(Q(status="open")) == []
