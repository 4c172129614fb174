"""The page on which administrators write rules that answer comments."""

from __future__ import annotations

import pytest
from django.test import Client

from conversations.comments.models import AutomaticAnswer, Post
from tenants.directory import TenantRef
from tests.conversations.outgoing import an_inbox

pytestmark = pytest.mark.django_db

ADD = "/admin/comments/automaticanswer/add/"


def wish(**given: object) -> dict[str, object]:
    return {"name": "price", "keywords": " price \n\n how much ", "public_text": "Look above.", **given}


def test_a_rule_is_written_with_its_words_tidied(as_alice: Client, in_acme: TenantRef) -> None:
    inbox = an_inbox("messenger")
    post = Post.objects.create(inbox=inbox, external_id="1")
    answered = as_alice.post(ADD, wish(inbox=inbox.id, post=post.id))
    assert answered.status_code == 302, answered.content
    rule = AutomaticAnswer.objects.get()
    assert (rule.keywords, rule.is_active, rule.post) == ("price\nhow much", False, post)


@pytest.mark.parametrize("wrong", ["foreign post", "no text", "no comments there"])
def test_a_rule_that_cannot_work_is_refused(as_alice: Client, in_acme: TenantRef, wrong: str) -> None:
    inbox = an_inbox("messenger")
    given: dict[str, object] = {"inbox": inbox.id}
    if wrong == "foreign post":
        given["post"] = Post.objects.create(inbox=an_inbox("instagram"), external_id="1").id
    elif wrong == "no text":
        given["public_text"] = ""
    else:
        given["inbox"] = an_inbox("line").id
    answered = as_alice.post(ADD, wish(**given))
    assert answered.status_code == 200 and not AutomaticAnswer.objects.exists()
    assert b"errorlist" in answered.content
