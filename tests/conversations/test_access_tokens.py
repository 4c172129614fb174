"""Tokens that a platform lends: borrowed once for everybody, renewed before they end, and kept to ourselves."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from conversations import access_tokens, inboxes, transport
from conversations.accounts import account_of
from conversations.channels import registry
from conversations.channels.base import Account
from conversations.channels.errors import DeliveryError, ErrorKind
from conversations.models import AccessToken, Inbox
from tenants.directory import TenantRef
from tenants.scope import scoped_tenant, tenant_scope
from tenants.workspace.events import SYSTEM
from tests.conversations.double import Double
from tests.conversations.outgoing import a_conversation, an_inbox, answer, deliver, jobs, statuses
from tests.conversations.wechat import TAKEN, an_official_account, calls, lends, refuses

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_acme")]

RENEWAL = "conversations.access_tokens.renew_early"


@pytest.fixture
def inbox(in_acme: TenantRef, double: Double) -> Inbox:
    return an_official_account(double.url)


def use(inbox: Inbox, act=lambda account: account.credentials["access_token"]) -> str:
    """The token that a call gets."""
    return access_tokens.use(registry.open(inbox.channel), account_of(inbox), transport.within(5), act)


def renew_early(inbox: Inbox) -> None:
    access_tokens.renew_early(tenant_id=str(scoped_tenant().id), inbox_id=str(inbox.id))


def ends_in(**span: float) -> None:
    AccessToken.objects.update(expires_at=timezone.now() + timedelta(**span))


def test_a_token_is_borrowed_once_and_used_again(inbox: Inbox, double: Double) -> None:
    double.answers.extend([lends("lent-1"), lends("lent-2")])
    assert [use(inbox), use(inbox)] == ["lent-1", "lent-1"]
    assert calls(double) == ["stable_token"]
    row = AccessToken.objects.get()
    assert "lent-1" not in row.sealed and row.asked_until is None


def test_a_token_in_its_last_moments_is_not_used_any_more(inbox: Inbox, double: Double) -> None:
    double.answers.extend([lends("lent-1"), lends("lent-2")])
    use(inbox)
    ends_in(seconds=29)
    assert use(inbox) == "lent-2"


def test_a_dead_token_is_replaced_and_the_message_goes_out(
    inbox: Inbox, double: Double, bob_agent: object
) -> None:
    double.answers.extend([lends("lent-1"), refuses(40001), lends("lent-2"), TAKEN])
    conversation = a_conversation(inbox)
    answer(conversation, "您好 🍎", bob_agent)  # type: ignore[arg-type]
    deliver(conversation)
    assert statuses(conversation) == ["sent"]
    send = "message/custom/send"
    assert calls(double) == ["stable_token", send, "stable_token", send]
    assert double.asked[-1].path.endswith("access_token=lent-2")
    assert double.asked[-1].body["text"]["content"] == "您好 🍎"
    inbox.refresh_from_db()
    assert inbox.health == Inbox.Health.GOOD


def test_an_account_whose_tokens_stay_dead_is_disconnected(
    inbox: Inbox, double: Double, bob_agent: object
) -> None:
    double.answers.extend([lends("lent-1"), refuses(40001), refuses(40125)])
    conversation = a_conversation(inbox)
    answer(conversation, "hello", bob_agent)  # type: ignore[arg-type]
    deliver(conversation)
    inbox.refresh_from_db()
    assert (statuses(conversation), inbox.health) == (["pending"], Inbox.Health.DISCONNECTED)


def test_other_trouble_replaces_no_token(inbox: Inbox, double: Double) -> None:
    double.answers.append(lends("lent-1"))

    def refuse(account: Account) -> str:
        raise DeliveryError(ErrorKind.PERMISSION)

    with pytest.raises(DeliveryError):
        use(inbox, refuse)
    assert calls(double) == ["stable_token"]


def test_who_is_not_told_a_token_tells_why(inbox: Inbox, double: Double) -> None:
    double.answers.extend([refuses(40164), lends("lent-1")])
    with pytest.raises(DeliveryError) as error:
        use(inbox)
    assert error.value.kind is ErrorKind.PERMISSION
    assert use(inbox) == "lent-1"  # the next one may ask at once


def test_kinds_that_need_no_token_are_left_alone(double: Double) -> None:
    line = an_inbox("line", double.url)
    assert use(line) == account_of(line).credentials["access_token"]
    assert double.asked == [] and not AccessToken.objects.exists()


# --- one at a time -----------------------------------------------------------------------------------------


def test_while_one_asks_the_others_take_what_it_brings(
    inbox: Inbox, double: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_first = lends("lent-1")
    double.answers.append(use_first)
    use(inbox)
    sealed = AccessToken.objects.get().sealed
    AccessToken.objects.update(sealed="", expires_at=None, asked_until=timezone.now() + timedelta(seconds=15))

    def other_brings_it(_seconds: float) -> None:
        AccessToken.objects.update(
            sealed=sealed, expires_at=timezone.now() + timedelta(hours=2), asked_until=None
        )

    monkeypatch.setattr(access_tokens.time, "sleep", other_brings_it)
    assert use(inbox) == "lent-1"
    assert calls(double) == ["stable_token"]


def test_who_waits_in_vain_comes_again_later(
    inbox: Inbox, double: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    AccessToken.objects.create(inbox=inbox, asked_until=timezone.now() + timedelta(seconds=60))
    monkeypatch.setattr(access_tokens, "WAIT_SECONDS", 0.0)
    monkeypatch.setattr(access_tokens, "WAIT_STEP", 0.0)
    with pytest.raises(DeliveryError) as error:
        use(inbox)
    assert error.value.kind is ErrorKind.TEMPORARY and double.asked == []
    AccessToken.objects.update(asked_until=timezone.now() - timedelta(seconds=1))  # the other one died
    double.answers.append(lends("lent-1"))
    assert use(inbox) == "lent-1"


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_asks(inbox: Inbox, double: Double, acme: TenantRef) -> None:
    double.answers.extend([lends("lent-1"), lends("lent-2"), lends("lent-3"), lends("lent-4")])
    found: list[str] = []

    def run() -> None:
        try:
            with tenant_scope(acme):
                found.append(use(inbox))
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["lent-1"] * 4 and calls(double) == ["stable_token"]


# --- before it ends ----------------------------------------------------------------------------------------


def test_a_borrowed_token_is_renewed_before_it_ends(inbox: Inbox, double: Double) -> None:
    double.answers.extend([lends("lent-1"), lends("lent-2")])
    use(inbox)
    [job] = jobs(RENEWAL)
    ends_at = AccessToken.objects.get().expires_at
    assert ends_at is not None and job.scheduled_at == ends_at - access_tokens.EARLY
    ends_in(minutes=3)
    renew_early(inbox)
    assert use(inbox) == "lent-2" and calls(double) == ["stable_token"] * 2


def test_a_token_that_somebody_renewed_meanwhile_is_left_alone(inbox: Inbox, double: Double) -> None:
    double.answers.append(lends("lent-1"))
    use(inbox)
    renew_early(inbox)
    assert calls(double) == ["stable_token"] and len(jobs(RENEWAL)) == 1


def test_trouble_while_renewing_leaves_the_token_in_use(inbox: Inbox, double: Double) -> None:
    double.answers.extend([lends("lent-1"), refuses(-1)])
    use(inbox)
    ends_in(minutes=3)
    renew_early(inbox)
    assert use(inbox) == "lent-1"


def test_nothing_is_renewed_for_an_account_at_rest(inbox: Inbox, double: Double) -> None:
    double.answers.append(lends("lent-1"))
    use(inbox)
    ends_in(minutes=3)
    Inbox.objects.update(is_active=False)
    renew_early(inbox)
    assert calls(double) == ["stable_token"]


# --- forgetting --------------------------------------------------------------------------------------------


def test_new_credentials_end_what_was_lent(inbox: Inbox, double: Double) -> None:
    double.answers.extend([lends("lent-1"), lends("lent-2")])
    use(inbox)
    inboxes.renew_credentials(inbox, {"app_secret": "another"}, by=SYSTEM)
    inbox.refresh_from_db()
    assert use(inbox) == "lent-2"
    assert double.asked[-1].body["secret"] == "another"


def test_a_disconnected_account_keeps_no_token(inbox: Inbox, double: Double) -> None:
    double.answers.append(lends("lent-1"))
    use(inbox)
    inboxes.disconnect(inbox, by=SYSTEM)
    assert not AccessToken.objects.exists()


def test_a_token_belongs_to_its_inbox(inbox: Inbox, double: Double) -> None:
    double.answers.extend([lends("lent-1"), lends("lent-2"), lends("lent-3")])
    use(inbox)
    other = an_official_account(double.url, account_id="gh_another")
    assert use(other) == "lent-2"
    stolen = AccessToken.objects.get(inbox=inbox).sealed
    AccessToken.objects.filter(inbox=other).update(sealed=stolen)
    assert use(other) == "lent-3"  # what is sealed for another inbox does not open
