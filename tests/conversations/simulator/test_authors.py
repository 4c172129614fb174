"""What the authors write is what the platforms post: signed for the account, and readable by its channel."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import pytest

from conversations.channels import registry
from conversations.channels.base import Hook
from conversations.channels.items import IncomingMessage, Item, MessageEdited
from conversations.simulator.accounts import SimulatedAccount
from conversations.simulator.authors import ACCOUNT_IDS, KINDS, Authors, Post
from conversations.simulator.platform import NotPossible

SECRET = "signs the hooks"
ADDRESS = "http://acme.localhost/hooks/kind/key"


def account_of(kind: str, **changes: Any) -> SimulatedAccount:
    facts = {"secret": SECRET.replace(" ", "-"), "token": "t", "hook_url": ADDRESS, **changes}
    return SimulatedAccount(kind=kind, account_id=ACCOUNT_IDS[kind](), name=kind, **facts)


def called(post: Post, address: str = ADDRESS) -> Hook:
    url = f"{address}?{post.query}" if post.query else address
    headers = {name.lower(): value for name, value in post.headers.items()}
    return Hook(body=post.body, headers=headers, url=url, query=dict(parse_qsl(post.query)), arrived_at=0.0)


def read(kind: str, post: Post) -> list[Item]:
    channel = registry.open(kind)
    return channel.parse(channel.unwrap(called(post), [account_of(kind).secret]))


@pytest.mark.parametrize("kind", KINDS)
def test_a_customers_message_is_signed_and_read(kind: str) -> None:
    authors, account = Authors(), account_of(kind)
    authors.connect(account)
    [hook] = authors.act(account, authors.meet(account), "write", text="您好 7.1")
    post = authors.post(hook)
    items = read(kind, post)
    assert [item.text for item in items if isinstance(item, IncomingMessage)] == ["您好 7.1"]


@pytest.mark.parametrize(
    "kind", [kind for kind in KINDS if kind != "api"]
)  # its signature looks at the clock
def test_only_the_accounts_secret_signs(kind: str) -> None:
    authors, account = Authors(), account_of(kind)
    [hook] = authors.act(account, authors.meet(account), "write", text="hello")
    whole, channel = called(authors.post(hook)), registry.open(kind)
    assert channel.verify(whole, [account.secret])
    assert not channel.verify(whole, ["another-secret"])


def test_an_account_that_moved_signs_for_its_new_address() -> None:
    authors, account = Authors(), account_of("sms")
    [hook] = authors.act(account, authors.meet(account), "write", text="hello")
    elsewhere = ADDRESS.replace("acme", "globex")
    authors.kept.addresses["sms", account.account_id] = elsewhere
    channel = registry.open("sms")
    assert channel.verify(called(authors.post(hook), elsewhere), [account.secret])
    assert not channel.verify(called(authors.post(hook)), [account.secret])


def test_what_is_changed_later_is_told_of_the_same_message() -> None:
    authors, account = Authors(), account_of("messenger")
    customer = authors.meet(account)
    authors.act(account, customer, "write", text="first")
    [hook] = authors.act(account, customer, "edit", id=customer.bubbles[0].id, text="second")
    [item] = read("messenger", authors.post(hook))
    assert isinstance(item, MessageEdited)
    assert item.external_id == customer.bubbles[0].id


def test_what_a_platform_does_not_know_is_refused() -> None:
    authors, account = Authors(), account_of("wechat")
    with pytest.raises(NotPossible):
        authors.act(account, authors.meet(account), "unsend", id="1")


def test_two_runs_do_not_number_alike() -> None:
    first, second = (Authors().platforms["telegram"].new_bubble_id() for _ in range(2))
    assert first != second
