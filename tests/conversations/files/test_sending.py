"""What a channel is given to send, as the delivery job hands it over."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.utils import timezone

from conversations import attempts, delivering, outbound
from conversations.channels import cards
from conversations.channels.base import Account, Capabilities, FileLimit, Sent, Transport
from conversations.channels.messenger import Messenger
from conversations.channels.outgoing import OutgoingMessage, QuickReply, Template
from conversations.files import uploads
from conversations.models import Conversation, Message, OutboundAttempt
from conversations.outbound import ReplyRefused
from tenants.directory import TenantRef
from tenants.workspace.events import Actor
from tenants.workspace.models import Agent
from tests.conversations.files.samples import a_picture, a_sound
from tests.conversations.outgoing import a_conversation, an_inbox, deliver

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_acme", "kept_here")]

ABLE = Capabilities(
    text_limit=2000,
    reply_window=timedelta(hours=24),
    file_limits={
        "image": FileLimit(10_000_000),
        "audio": FileLimit(10_000_000),
        "file": FileLimit(10_000_000),
    },
    text_with_files=True,
    native_cards=frozenset({"product"}),
    quick_replies=3,
    takes_templates=True,
)


@pytest.fixture
def handed_over(monkeypatch: pytest.MonkeyPatch) -> list[OutgoingMessage]:
    found: list[OutgoingMessage] = []

    def send(self: Messenger, message: OutgoingMessage, account: Account, transport: Transport) -> Sent:
        found.append(message)
        return Sent(external_id=f"m_{len(found)}")

    monkeypatch.setattr(Messenger, "send", send)
    monkeypatch.setattr(Messenger, "capabilities", ABLE)
    return found


@pytest.fixture
def conversation(in_acme: TenantRef) -> Conversation:
    return a_conversation(an_inbox("messenger"))


def uploaded(content: bytes, name: str, agent: Agent) -> UUID:
    class Source:
        left = content

        def read(self, size: int, /) -> bytes:
            piece, self.left = self.left[:size], self.left[size:]
            return piece

    return uploads.take(Source(), name, by=Actor.agent(agent), capabilities=ABLE).id


def reply(conversation: Conversation, agent: Agent, text: str = "", **given: object) -> Message:
    return outbound.reply(
        conversation, text, by=Actor.agent(agent), client_id=uuid4(), seen_number=None, **given
    )  # type: ignore[arg-type]


def test_a_file_comes_with_an_address_its_bytes_and_a_preview(
    conversation: Conversation, bob_agent: Agent, handed_over: list[OutgoingMessage], as_stranger: Client
) -> None:
    content, sound = a_picture("PNG", (900, 900)), a_sound()
    files = [uploaded(content, "shoe.png", bob_agent), uploaded(sound, "voice.wav", bob_agent)]
    reply(conversation, bob_agent, "Like this?", files=files)
    deliver(conversation)
    first, second = handed_over
    (file,) = first.files
    assert (first.text, file.kind, file.name, file.mime, file.size) == (
        "Like this?",
        "image",
        "shoe.png",
        "image/png",
        len(content),
    )
    assert file.read() == content
    for address, starts in ((file.url, content[:8]), (file.preview_url, b"\xff\xd8")):
        host, path = address.split("://", 1)[1].split("/", 1)
        assert host.startswith("acme.localhost")
        body = b"".join(
            as_stranger.get(f"/{path}").streaming_content
        )  # no cookie, no token: the link is enough
        assert body.startswith(starts)
    assert (second.text, second.files[0].kind, second.files[0].preview_url) == ("", "audio", "")
    assert first.correlation != second.correlation


def test_cards_and_quick_replies_arrive_as_they_were_meant(
    conversation: Conversation, bob_agent: Agent, handed_over: list[OutgoingMessage]
) -> None:
    card = cards.read(
        {"kind": "product", "title": "Oolong", "price": {"amount": "380.50", "currency": "TWD"}}
    )
    reply(conversation, bob_agent, "This one", cards=[card], quick_replies=[QuickReply("Yes", "y")])
    deliver(conversation)
    text, drawn = handed_over
    assert (text.text, text.cards, text.quick_replies) == ("This one", (), ())
    assert (drawn.text, drawn.cards, drawn.quick_replies) == ("", (card,), (QuickReply("Yes", "y"),))


def test_a_template_goes_out_when_the_window_is_closed_and_nothing_else_does(
    conversation: Conversation, bob_agent: Agent, handed_over: list[OutgoingMessage]
) -> None:
    long_ago = timezone.now() - timedelta(days=30)
    Conversation.objects.filter(id=conversation.id).update(last_customer_message_at=long_ago)
    with pytest.raises(ReplyRefused) as caught:
        reply(conversation, bob_agent, "Hello?")
    assert caught.value.code == "window_closed"
    template = Template(name="order", language="en", parts={"body": ("A-1",)})
    message = reply(conversation, bob_agent, "Order A-1 is on its way.", template=template)
    deliver(conversation)
    assert handed_over[0].template == template
    assert handed_over[0].text == "Order A-1 is on its way."
    message.refresh_from_db()
    assert (message.status, message.kind) == ("sent", "template")


def test_the_parts_of_one_answer_are_found_again(conversation: Conversation, bob_agent: Agent) -> None:
    files = [uploaded(a_picture(), f"{number}.png", bob_agent) for number in range(3)]
    first = reply(conversation, bob_agent, "Three", files=files)
    numbers = [Message.objects.get(id=each).number for each in outbound.parts_after(first)]
    assert (numbers[0], len(numbers)) == (first.number, 3)
    assert numbers == sorted(numbers)


@pytest.fixture(autouse=True)
def able(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Messenger, "capabilities", ABLE)


def test_a_call_that_carries_files_has_longer(
    conversation: Conversation, bob_agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[float] = []
    monkeypatch.setattr(delivering.transport, "within", lambda seconds: given.append(seconds))
    monkeypatch.setattr(Messenger, "send", lambda *_: Sent(external_id=""))
    reply(conversation, bob_agent, "Hello")
    reply(conversation, bob_agent, files=[uploaded(a_picture(), "a.png", bob_agent)])
    deliver(conversation)
    assert given == [delivering.SEND_SECONDS, delivering.FILE_SEND_SECONDS]
    spans = [row.lease_until - row.started_at for row in OutboundAttempt.objects.order_by("started_at", "id")]
    assert spans == [attempts.LEASE, attempts.LEASE_WITH_FILES]
    assert attempts.LEASE_WITH_FILES.total_seconds() > delivering.FILE_SEND_SECONDS


def test_an_answer_in_several_parts_is_all_or_nothing(conversation: Conversation, bob_agent: Agent) -> None:
    good = uploaded(a_picture(), "a.png", bob_agent)
    with pytest.raises(ReplyRefused) as caught:
        reply(conversation, bob_agent, "Two", files=[good, uuid4()])
    assert caught.value.code == "file_gone"
    assert Message.objects.filter(direction="out").count() == 0
    assert reply(conversation, bob_agent, "One", files=[good])
