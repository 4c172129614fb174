"""Our copy of a platform's templates: made, kept up to date, and never half."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conversations.channels.errors import DeliveryError, ErrorKind
from conversations.channels.templates import PlatformTemplate
from conversations.events import InboxTold
from conversations.models import Inbox
from conversations.templates import jobs as _registered  # noqa: F401
from conversations.templates import syncing
from conversations.templates.models import MessageTemplate
from tenants.directory import TenantRef
from tenants.scope import tenant_scope
from tenants.workspace.events import SYSTEM, record, unit_of_work
from tenants.workspace.models import Event
from tenants.workspace.reactors import run_reactors
from tests.conversations.double import Answer, Double
from tests.conversations.outgoing import TOKEN, an_inbox, jobs
from tests.conversations.templates.conftest import HELLO, SALE, listed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_acme")]

SYNC = "conversations.templates.syncing.sync_one"


def rows() -> dict[str, str]:
    return dict(MessageTemplate.objects.values_list("name", "status"))


def synced() -> list[dict[str, Any]]:
    events = Event.objects.filter(name="templates.synced").order_by("sequence")
    return [{name: event.payload[name] for name in ("added", "changed", "removed")} for event in events]


def test_what_the_platform_lists_is_what_we_have(number: Inbox, double: Double) -> None:
    double.answers.append(listed(HELLO, SALE))
    syncing.sync(number, by=SYSTEM)
    assert rows() == {"hello": "approved", "sale": "rejected"}
    hello = MessageTemplate.objects.get(name="hello")
    assert (hello.category, hello.body) == ("utility", "Hello {{1}}, your order {{2}} is here.")
    assert hello.buttons == [{"kind": "url", "label": "See", "url": "https://s.test/{{1}}"}]
    assert MessageTemplate.objects.get(name="sale").reason == "PROMOTIONAL"
    [asked] = double.asked
    assert asked.path.startswith("/v25.0/102290129340398/message_templates?")
    assert asked.headers["authorization"] == f"Bearer {TOKEN}"


def test_changes_and_removals_follow_and_no_news_makes_no_noise(number: Inbox, double: Double) -> None:
    double.answers += [listed(HELLO, SALE), listed(HELLO, SALE), listed({**HELLO, "status": "PAUSED"})]
    for _ in range(3):
        syncing.sync(number, by=SYSTEM)
    assert rows() == {"hello": "paused"}
    assert synced() == [
        {"added": 2, "changed": 0, "removed": 0},
        {"added": 0, "changed": 1, "removed": 1},
    ]


def test_a_platform_that_refuses_leaves_our_copy_as_it_is(number: Inbox, double: Double) -> None:
    double.answers += [listed(HELLO), Answer(401, {"error": {"code": 190, "message": "expired"}})]
    syncing.sync(number, by=SYSTEM)
    with pytest.raises(DeliveryError) as refusal:
        syncing.sync(number, by=SYSTEM)
    assert refusal.value.kind is ErrorKind.AUTH_EXPIRED and rows() == {"hello": "approved"}


def test_the_same_name_in_two_languages_and_two_inboxes_is_four_templates(
    number: Inbox, double: Double
) -> None:
    other = an_inbox("whatsapp", double.url, settings={"waba_id": "7"})
    for inbox in (number, other):
        double.answers.append(listed(HELLO, {**HELLO, "language": "ja"}))
        syncing.sync(inbox, by=SYSTEM)
    assert MessageTemplate.objects.filter(name="hello").count() == 4
    double.answers.append(listed())
    syncing.sync(other, by=SYSTEM)
    assert {row.inbox_id for row in MessageTemplate.objects.all()} == {number.id}


def test_hostile_texts_are_kept_in_bounds(number: Inbox) -> None:
    told = PlatformTemplate(
        external_id="x" * 400,
        name="n" * 600,
        language="l" * 30,
        status="s" * 60,
        body="a\x00b\ud800c",
    )
    syncing.keep(number, [told, told], by=SYSTEM)
    row = MessageTemplate.objects.get()
    assert (len(row.name), len(row.language), len(row.status), row.body) == (512, 20, 40, "abc")


def test_a_hundred_templates_cost_as_many_statements_as_one(number: Inbox) -> None:
    def statements(count: int) -> int:
        told = [
            PlatformTemplate(external_id="1", name=f"n{each}", language="en", body=uuid4().hex)
            for each in range(count)
        ]
        with CaptureQueriesContext(connection) as captured:
            syncing.keep(number, told, by=SYSTEM)
        return len(captured)

    assert statements(1) == statements(100) - 1  # the first one only adds, the second one changes a row too


def test_the_clock_asks_for_every_inbox_that_knows_templates_once(number: Inbox, double: Double) -> None:
    an_inbox("line", double.url)
    assert syncing.start_all() == syncing.start_all() == 1
    [job] = jobs(SYNC)
    assert job.args["inbox_id"] == str(number.id)


def test_the_job_syncs_and_a_refusal_does_not_break_it(
    number: Inbox, double: Double, acme: TenantRef
) -> None:
    double.answers += [Answer(503), listed(HELLO)]
    syncing.sync_one(tenant_id=str(acme.id), inbox_id=str(number.id))
    assert rows() == {}
    syncing.sync_one(tenant_id=str(acme.id), inbox_id=str(number.id))
    assert rows() == {"hello": "approved"}
    syncing.sync_one(tenant_id=str(acme.id), inbox_id=str(uuid4()))  # gone meanwhile


# --- news --------------------------------------------------------------------------------------------------


def tell(inbox: Inbox, change: str = "template", **details: str) -> None:
    with unit_of_work():
        record(InboxTold(inbox_id=inbox.id, change=change, details=details), by=SYSTEM)
    run_reactors()


def test_news_of_a_known_template_are_taken_over(number: Inbox, double: Double) -> None:
    double.answers.append(listed(HELLO))
    syncing.sync(number, by=SYSTEM)
    tell(number, name="hello", language="en", status="REJECTED", reason="ABUSIVE")
    row = MessageTemplate.objects.get()
    assert (row.status, row.reason, row.category) == ("rejected", "ABUSIVE", "utility")
    tell(number, name="hello", language="en", status="APPROVED", reason="NONE")
    row.refresh_from_db()
    assert (row.status, row.reason) == ("approved", "")
    assert not jobs(SYNC)


def test_news_of_an_unknown_template_ask_the_platform_for_all(number: Inbox) -> None:
    tell(number, name="brand_new", language="en", status="APPROVED")
    assert [job.args["inbox_id"] for job in jobs(SYNC)] == [str(number.id)]


def test_other_news_of_the_account_are_left_alone(number: Inbox) -> None:
    tell(number, change="quality", event="FLAGGED")
    assert not jobs(SYNC) and not MessageTemplate.objects.exists()


def test_another_brand_sees_none_of_it(number: Inbox, double: Double, globex: TenantRef) -> None:
    double.answers.append(listed(HELLO))
    syncing.sync(number, by=SYSTEM)
    with tenant_scope(globex):
        assert not MessageTemplate.objects.exists()
