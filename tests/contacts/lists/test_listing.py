"""Lists of contacts: filters, orders, pages."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from contacts import addresses, consent, custom_fields, labels
from contacts.lists import filters, listing
from contacts.lists.filters import BadFilter
from contacts.lists.listing import Wish
from contacts.lists.orders import Place
from contacts.models import Contact, ContactIdentity, Label
from contacts.search import finding, rows
from conversations.models import Conversation
from tenants.directory import TenantRef
from tenants.workspace.events import SYSTEM
from tests.conversations.outgoing import a_conversation, an_inbox

pytestmark = pytest.mark.django_db
EVERYBODY = Q()


def names(**values: str) -> list[str]:
    wish = Wish.read({name.replace("__", "."): value for name, value in values.items()})
    return [row["name"] for row in listing.page(wish, visible=EVERYBODY, after=None, limit=50)]


@pytest.fixture
def people(in_acme: TenantRef) -> dict[str, Contact]:
    """Five people of acme, made one after the other."""
    now = timezone.now()
    made = {}
    for number, (name, language, days) in enumerate(
        [
            ("Ada", "en", 1),
            ("陳美玲", "zh-TW", 40),
            ("山田", "ja-JP", None),
            ("bea", "en-GB", 5),
            ("", "", 200),
        ]
    ):
        seen = None if days is None else now - timedelta(days=days)
        row = Contact.objects.create(name=name, language=language, last_seen_at=seen)
        Contact.objects.filter(id=row.id).update(created_at=now - timedelta(days=300 - number))
        made[name] = row
    return made


def test_the_orders_hold_with_the_unseen_and_the_nameless_at_the_end(people: dict[str, Contact]) -> None:
    assert names() == ["", "bea", "山田", "陳美玲", "Ada"]
    assert names(sort="seen") == ["Ada", "bea", "陳美玲", "", "山田"]
    assert names(sort="name") == ["Ada", "bea", "山田", "陳美玲", ""]


@pytest.mark.parametrize("sort", ["newest", "seen", "name"])
def test_pages_meet_without_a_gap_or_an_overlap(people: dict[str, Contact], sort: str) -> None:
    Contact.objects.create(name="Ada")  # an equal
    wish = Wish.read({"sort": sort})
    whole = listing.page(wish, visible=EVERYBODY, after=None, limit=50)
    told: list[listing.Row] = []
    after = None
    while found := listing.page(wish, visible=EVERYBODY, after=after, limit=2):
        told += found
        key = found[-1]["key"]
        spoken = key if isinstance(key, str) else key.isoformat()
        after = Place.read(wish.order, [spoken, str(found[-1]["id"])])
    assert [row["id"] for row in told] == [row["id"] for row in whole]
    assert len(told) == 6


def test_each_filter_lets_through_whom_it_names(people: dict[str, Contact]) -> None:
    addresses.add(people["Ada"], "email", "ada@shop.example", by=SYSTEM, source="form")
    addresses.add(people["bea"], "phone", "+886912345678", by=SYSTEM, source="form")
    vip = labels.create("VIP", by=SYSTEM)
    labels.put(people["陳美玲"], vip, by=SYSTEM)
    ContactIdentity.objects.create(contact=people["山田"], channel="line", address="U1")
    rows.write(person.id for person in people.values())
    assert names(q="美玲") == ["陳美玲"]
    assert names(q="ADA@") == ["Ada"]
    assert names(q="0912 345-678") == ["bea"]
    assert names(label=str(vip.id)) == ["陳美玲"]
    assert "陳美玲" not in names(label="none") and len(names(label="none")) == 4
    assert names(channel="line,sms") == ["山田"]
    assert names(language="en") == ["bea", "Ada"]
    assert names(seen_within="30") == ["bea", "Ada"]
    assert names(silent_for="30") == ["", "山田", "陳美玲"]
    day = (timezone.now() - timedelta(days=298)).date().isoformat()
    assert names(created_before=day) == ["陳美玲", "Ada"] or names(created_before=day) == ["Ada"]
    assert names(seen_after=(timezone.now() - timedelta(days=2)).isoformat()) == ["Ada"]
    assert names(q="美玲", language="ja") == []


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("王小", {"王小明", "小王小李 明王"}),
        ("王小明", {"王小明"}),  # the terms alone do not tell them apart
        ("王小 ｗａｎｇ", {"王小明", "小王小李 明王"}),
        ("王晓", {"王曉"}),
        ("王大", set()),
        ("?!", set()),
    ],
)
def test_a_text_finds_what_the_search_finds(in_acme: TenantRef, typed: str, found: set[str]) -> None:
    people = [
        Contact.objects.create(name=name, company="Wang & Co") for name in ("王小明", "小王小李 明王", "王曉")
    ]
    rows.write(person.id for person in people)
    assert set(names(q=typed)) == found
    assert listing.count(Wish.read({"q": typed}), visible=EVERYBODY) == len(found)


@pytest.mark.parametrize("sort", ["newest", "seen", "name"])
@pytest.mark.parametrize("rare", [0, 5_000])
def test_few_are_put_in_order_many_are_walked_to(
    people: dict[str, Contact], sort: str, rare: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both ways show the same pages."""
    monkeypatch.setattr(finding, "RARE", rare)
    Contact.objects.update(company="Harbour")
    rows.write(person.id for person in people.values())
    wish, plain = Wish.read({"q": "harbour", "sort": sort}), Wish.read({"sort": sort})
    whole = listing.page(plain, visible=EVERYBODY, after=None, limit=50)
    first = listing.page(wish, visible=EVERYBODY, after=None, limit=3)
    key = first[-1]["key"]
    place = Place.read(wish.order, [key if isinstance(key, str) else key.isoformat(), str(first[-1]["id"])])
    assert [*first, *listing.page(wish, visible=EVERYBODY, after=place, limit=50)] == whole


def test_own_fields_are_compared_as_they_are_stored(people: dict[str, Contact]) -> None:
    custom_fields.define("size", "Size", "choices", options=["S", "M"], by=SYSTEM)
    custom_fields.define("member", "Member", "boolean", by=SYSTEM)
    Contact.objects.filter(id=people["Ada"].id).update(custom={"size": ["S", "M"], "member": True})
    Contact.objects.filter(id=people["bea"].id).update(custom={"size": ["S"], "member": False})
    assert names(custom__size="M") == ["Ada"]
    assert names(custom__member="no") == ["bea"]
    with pytest.raises(BadFilter, match=r"custom\.none: unknown_filter"):
        names(custom__none="1")
    with pytest.raises(BadFilter, match=r"custom\.member: invalid"):
        names(custom__member="perhaps")


def test_the_newest_statement_of_consent_counts(people: dict[str, Contact]) -> None:
    for person, states in (("Ada", ["given"]), ("bea", ["given", "withdrawn"])):
        for state in states:
            consent.state(people[person], purpose="marketing", state=state, source="form", by=SYSTEM)
    assert names(consent="marketing:given") == ["Ada"]
    assert names(consent="marketing:withdrawn") == ["bea"]


def test_an_open_conversation_is_a_filter_that_the_app_above_gives(in_acme: TenantRef) -> None:
    inbox = an_inbox("line")
    busy, done = a_conversation(inbox), a_conversation(inbox)
    Conversation.objects.filter(id=done.id).update(status="resolved", waiting_since=None)
    listed = [
        row["id"] for row in listing.page(Wish.read({"open": "1"}), visible=EVERYBODY, after=None, limit=9)
    ]
    assert listed == [busy.contact_id]
    assert listing.count(Wish.read({"open": "0"}), visible=EVERYBODY) == 1


@pytest.mark.parametrize(
    "values",
    [
        {"nothing": "1"},
        {"label": "no id"},
        {"seen_within": "0"},
        {"created_after": "yesterday"},
        {"seen_after": "2026-01-01T00:00:00"},
        {"consent": "given"},
        {"language": "%"},
        {"open": "perhaps"},
        {"sort": "random"},
        {"q": "x" * 201},
    ],
)
def test_what_cannot_be_read_is_refused_by_name(in_acme: TenantRef, values: dict[str, str]) -> None:
    with pytest.raises(BadFilter) as refusal:
        filters.condition(Wish.read(values).filters)
    assert refusal.value.name == next(iter(values))


def test_sign_posts_and_the_erased_are_in_no_list(people: dict[str, Contact]) -> None:
    Contact.objects.filter(id=people["Ada"].id).update(merged_into=people["bea"])
    Contact.objects.filter(id=people["山田"].id).update(erased_at=timezone.now())
    assert names() == ["", "bea", "陳美玲"]
    assert listing.count(Wish(), visible=EVERYBODY) == 3


def test_what_stands_beside_a_name_costs_three_queries_whatever_their_number(
    people: dict[str, Contact],
) -> None:
    labels.put(people["Ada"], labels.create("VIP", colour="#112233", by=SYSTEM), by=SYSTEM)
    rows = listing.page(Wish(), visible=EVERYBODY, after=None, limit=50)
    with CaptureQueriesContext(connection) as queries:
        told = listing.with_company(rows)
    assert len([each for each in queries if "search_path" not in each["sql"]]) == 3
    assert [row["labels"] for row in told if row["name"] == "Ada"] == [[{"name": "VIP", "colour": "#112233"}]]
    assert Label.objects.count() == 1
