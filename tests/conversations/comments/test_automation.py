"""Rules that answer comments by themselves."""

from __future__ import annotations

import pytest

from conversations.comments.automation import matches
from conversations.comments.models import AnswerGiven, AutomaticAnswer, Post
from conversations.models import Message
from tenants.directory import TenantRef
from tenants.scope import tenant_scope
from tenants.workspace.reactors import run_reactors
from tests.conversations.comments.conftest import JUN, PAGE, Page, comment_talk, the_inbox

pytestmark = pytest.mark.django_db(transaction=True)


def a_rule(**given: object) -> AutomaticAnswer:
    wish = {
        "name": "price",
        "is_active": True,
        "inbox": the_inbox(),
        "keywords": "價格\nhow much",
        "public_text": "已私訊您！",
        "private_text": "價格是 NT$ 100",
        **given,
    }
    return AutomaticAnswer.objects.create(**wish)


def said() -> list[tuple[str, str, str]]:
    ours = Message.objects.filter(direction="out").order_by("created_at", "number")
    return [(each.author_kind, each.details["to"], each.text) for each in ours]


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("請問價格？", True),
        ("HOW  MUCH is it", True),
        ("ＨＯＷ ＭＵＣＨ", True),
        ("how many", False),
        ("", False),
    ],
)
def test_words_fit_whatever_their_width_and_capitals(text: str, fits: bool) -> None:
    assert matches("價格\n\nhow much\n", text) is fits
    assert not matches("\n \n", text)


def test_a_comment_with_a_word_is_answered_once_in_public_and_in_private(page: Page, acme: TenantRef) -> None:
    with tenant_scope(acme):
        a_rule()
    page.comment("c-1", "價格？")
    with tenant_scope(acme):
        run_reactors()
        run_reactors()
        assert said() == [
            ("bot", "comment:c-1", "已私訊您！"),
            ("bot", "private:c-1", "價格是 NT$ 100"),
        ]
        assert comment_talk().waiting_since is not None  # a machine's answer ends no wait


def test_a_person_is_answered_once_below_a_post_and_others_too(page: Page, acme: TenantRef) -> None:
    with tenant_scope(acme):
        a_rule(private_text="")
    page.comment("c-1", "價格？")
    page.comment("c-2", "價格!!", ago=30)
    page.comment("c-3", "價格", author=JUN, ago=20)
    page.comment("c-4", "價格", post="other", parent="other", ago=10)
    with tenant_scope(acme):
        run_reactors()
        assert sorted(to for _, to, _ in said()) == ["comment:c-1", "comment:c-3", "comment:c-4"]


@pytest.mark.parametrize(
    "given",
    [
        {"is_active": False},
        {"keywords": "color"},
    ],
)
def test_rules_that_are_off_or_do_not_fit_say_nothing(
    page: Page, acme: TenantRef, given: dict[str, object]
) -> None:
    with tenant_scope(acme):
        a_rule(**given)
    page.comment("c-1", "價格？")
    with tenant_scope(acme):
        run_reactors()
        assert said() == []


def test_rules_are_off_until_somebody_switches_them_on(page: Page, acme: TenantRef) -> None:
    with tenant_scope(acme):
        rule = AutomaticAnswer.objects.create(name="x", inbox=the_inbox(), keywords="x", public_text="y")
        assert not rule.is_active


def test_a_posts_own_rule_goes_before_the_rule_of_every_post(page: Page, acme: TenantRef) -> None:
    page.comment("c-0", "first")
    with tenant_scope(acme):
        a_rule(public_text="everywhere", private_text="")
        a_rule(public_text="here", private_text="", post=Post.objects.get())
    page.comment("c-1", "價格？", ago=30)
    page.comment("c-2", "價格？", post="other", ago=20)
    with tenant_scope(acme):
        run_reactors()
        assert sorted(text for _, _, text in said()) == ["everywhere", "here"]


def test_the_accounts_own_comments_and_old_ones_are_left_alone(page: Page, acme: TenantRef) -> None:
    with tenant_scope(acme):
        a_rule()
    page.comment("c-1", "hello")
    page.comment("own-1", "價格", author=PAGE, parent="c-1")
    page.comment("c-2", "價格", ago=2 * 24 * 3600)
    with tenant_scope(acme):
        run_reactors()
        assert [each.author_kind for each in Message.objects.filter(direction="out")] == ["outside"]
        assert not AnswerGiven.objects.exists()
