"""Whether a connected account still works: what the platform says, and what follows from it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from conversations import checking
from conversations.channels import registry
from conversations.channels.base import Account, AccountCheck, Transport
from conversations.channels.errors import DeliveryError, ErrorKind
from conversations.models import Inbox
from tenants.workspace.events import SYSTEM
from tenants.workspace.models import Agent
from tests.conversations.outgoing import TOKEN, a_conversation, an_inbox, answer, happened, jobs

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_acme")]

Says = Callable[[AccountCheck | DeliveryError], None]


@pytest.fixture
def platform_says(monkeypatch: pytest.MonkeyPatch) -> Says:
    """Decides what LINE answers when it is asked."""

    def say(answer: AccountCheck | DeliveryError) -> None:
        def check(account: Account, transport: Transport) -> AccountCheck:
            assert account.credentials["access_token"] == TOKEN
            if isinstance(answer, DeliveryError):
                raise answer
            return answer

        monkeypatch.setattr(registry.open("line"), "check", check, raising=False)

    return say


def test_a_good_answer_is_kept_on_the_inbox(platform_says: Says) -> None:
    platform_says(
        AccountCheck(name="山海", warnings=("Quota is low",), figures={"quota": 500, "quota_used": 420})
    )
    inbox = checking.check(an_inbox("line"), by=SYSTEM)
    assert (inbox.platform_name, inbox.warnings, inbox.figures["quota_used"]) == (
        "山海",
        ["Quota is low"],
        420,
    )
    assert inbox.checked_at is not None
    assert (inbox.check_error, inbox.health) == ("", "good")


def test_bad_news_raise_an_alarm_once(platform_says: Says) -> None:
    inbox = an_inbox("line")
    platform_says(AccountCheck(warnings=("Quota is low",)))
    checking.check(inbox, by=SYSTEM)
    checking.check(inbox, by=SYSTEM)
    assert happened("inbox.warned") == ["inbox.warned"]
    platform_says(AccountCheck(warnings=("Quota is low", "The hook is off")))
    checking.check(inbox, by=SYSTEM)
    assert len(happened("inbox.warned")) == 2


def test_a_refused_account_stops_sending_and_never_receiving(platform_says: Says) -> None:
    platform_says(DeliveryError(ErrorKind.AUTH_EXPIRED, detail="token expired"))
    inbox = checking.check(an_inbox("line"), by=SYSTEM)
    assert (inbox.health, inbox.check_error, inbox.check_detail) == (
        "disconnected",
        "auth_expired",
        "token expired",
    )
    assert inbox.is_active


def test_trouble_that_passes_leaves_sending_alone_and_keeps_what_was_known(platform_says: Says) -> None:
    inbox = an_inbox("line")
    platform_says(AccountCheck(name="山海"))
    checking.check(inbox, by=SYSTEM)
    platform_says(DeliveryError(ErrorKind.TEMPORARY))
    inbox = checking.check(inbox, by=SYSTEM)
    assert (inbox.health, inbox.check_error, inbox.platform_name) == ("good", "temporary", "山海")


def test_an_account_that_works_again_sends_what_waited(platform_says: Says, bob_agent: Agent) -> None:
    inbox = an_inbox("line")
    answer(a_conversation(inbox), "Yes.", bob_agent)
    Inbox.objects.update(health=Inbox.Health.DISCONNECTED)
    platform_says(AccountCheck(name="山海"))
    assert checking.check(inbox, by=SYSTEM).health == "good"
    assert happened("inbox.recovered") == ["inbox.recovered"]
    assert len(jobs("conversations.delivering.drain")) == 1


def test_a_kind_that_breaks_while_checking_is_trouble_of_the_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry.open("line"), "check", lambda account, transport: 1 / 0, raising=False)
    inbox = checking.check(an_inbox("line"), by=SYSTEM)
    assert (inbox.check_error, inbox.health) == ("temporary", "good")


def test_each_account_is_checked_again_after_some_hours_and_only_then() -> None:
    due, fresh, off = (an_inbox("line") for _ in range(3))
    now = timezone.now()
    Inbox.objects.filter(id=due.id).update(checked_at=now - checking.CHECK_EVERY - timedelta(minutes=1))
    Inbox.objects.filter(id=fresh.id).update(checked_at=now)
    Inbox.objects.filter(id=off.id).update(is_active=False)
    assert checking.start_due() == 1
    assert [job.args["inbox_id"] for job in jobs("conversations.checking.check_one")] == [str(due.id)]
