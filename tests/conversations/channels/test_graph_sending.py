"""What goes out on Messenger and Instagram beside plain texts, and what never does."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.channels import registry
from conversations.channels.base import PlatformRequest, PlatformResponse
from conversations.channels.cards import Button, Card, CardKind
from conversations.channels.errors import DeliveryError, ErrorKind
from conversations.channels.outgoing import OutgoingMessage, QuickReply, Template
from tests.conversations.channels.asking import Asked, a_file, answered, one_request
from tests.conversations.channels.contract import outgoing, samples
from tests.conversations.channels.samples.messenger import refusal

KINDS = pytest.mark.parametrize("kind", ["messenger", "instagram"])
PICTURE = "https://acme.example/files/signed/cake.jpg"
CARD = Card(kind=CardKind.BUTTONS, title="Which one?", buttons=(Button("Red", payload="RED"),))
COMMENT = "122141721440024251_657063669920574"


def request_of(kind: str, **changes: Any) -> PlatformRequest:
    sample = samples(kind)
    return one_request(registry.open(kind), outgoing(kind, **changes), sample.ACCOUNT, sample.ACCEPTED)


def refused(kind: str, answer: PlatformResponse | None = None, **changes: Any) -> DeliveryError:
    platform = Asked(*([answer] if answer else []))
    with pytest.raises(DeliveryError) as error:
        registry.open(kind).send(outgoing(kind, **changes), samples(kind).ACCOUNT, platform)
    assert len(platform.requests) == (1 if answer else 0)
    return error.value


# --- content -----------------------------------------------------------------------------------------------


@KINDS
def test_a_file_goes_out_by_its_address(kind: str) -> None:
    message = request_of(kind, text="", files=(a_file(url=PICTURE),)).json["message"]
    assert message["attachment"] == {"type": "image", "payload": {"url": PICTURE, "is_reusable": False}}
    assert "text" not in message


def test_a_file_without_an_address_goes_along_to_messenger_only() -> None:
    request = request_of("messenger", text="", files=(a_file("audio", "audio/mp4"),))
    assert request.json is None and request.form is not None
    assert json.loads(request.form["recipient"]) == {"id": samples("messenger").ADDRESS}
    assert json.loads(request.form["message"])["attachment"]["type"] == "audio"
    assert request.form["messaging_type"] == "RESPONSE"
    [upload] = request.files
    assert (upload.part, upload.mime, upload.content) == ("filedata", "audio/mp4", b"the bytes of the file")
    assert refused("instagram", text="", files=(a_file(),)).kind is ErrorKind.MEDIA


@pytest.mark.parametrize(
    "kind, file",
    [
        ("messenger", a_file(size=8_000_001, url=PICTURE)),
        ("messenger", a_file("video", "video/mp4", size=25_000_001, url=PICTURE)),
        ("messenger", a_file("hologram", url=PICTURE)),
        ("instagram", a_file("image", "image/webp", url=PICTURE)),
        ("instagram", a_file("file", "application/zip", url=PICTURE)),
    ],
)
def test_a_file_that_the_platform_would_refuse_is_never_tried(kind: str, file: Any) -> None:
    assert refused(kind, text="", files=(file,)).kind is ErrorKind.MEDIA


@KINDS
def test_a_text_and_a_file_are_two_messages(kind: str) -> None:
    assert refused(kind, text="look", files=(a_file(url=PICTURE),)).code == "text_with_file"
    assert refused(kind, text="", files=(a_file(url=PICTURE),) * 2).code == "too_many_files"


@KINDS
def test_a_card_is_drawn_and_one_that_cannot_be_is_said(kind: str) -> None:
    drawn = request_of(kind, text="", cards=(CARD,)).json["message"]["attachment"]
    assert drawn["type"] == "template" and drawn["payload"]["template_type"] == "button"
    said = request_of(kind, cards=(replace(CARD, buttons=()),)).json["message"]
    assert said["text"] == "您好 🍎\n\nWhich one?" and "attachment" not in said


def test_words_of_cards_count_against_the_limit() -> None:
    wordy = replace(CARD, text="長" * 640, buttons=())
    assert refused("instagram", text="", cards=(wordy,)).code == "text_too_long"
    assert request_of("messenger", text="", cards=(wordy,)).json["message"]["text"].startswith("Which one?")


@KINDS
def test_quick_replies_stand_below_a_text(kind: str) -> None:
    replies = (QuickReply("訂單", "ORDER"), QuickReply("x" * 30, "X"))
    assert request_of(kind, quick_replies=replies).json["message"]["quick_replies"] == [
        {"content_type": "text", "title": "訂單", "payload": "ORDER"},
        {"content_type": "text", "title": "x" * 20, "payload": "X"},
    ]
    assert len(request_of(kind, quick_replies=replies[:1] * 13).json["message"]["quick_replies"]) == 13
    assert refused(kind, quick_replies=replies[:1] * 14).code == "too_many_quick_replies"
    assert refused(kind, quick_replies=(QuickReply("x", "p" * 1001),)).code == "payload_too_long"


@KINDS
def test_an_answer_to_one_message_names_it_and_templates_there_are_none(kind: str) -> None:
    assert request_of(kind, reply_to="m_prev").json["reply_to"] == {"mid": "m_prev"}
    assert "reply_to" not in request_of(kind).json
    assert refused(kind, template=Template(name="shipped", language="en")).code == "no_templates"


@KINDS
@given(late=st.booleans(), private=st.booleans(), text=st.text(min_size=1, max_size=50).filter(str.strip))
def test_no_retired_tag_ever_leaves_and_people_alone_use_the_other(
    kind: str, late: bool, private: bool, text: str
) -> None:
    body = request_of(kind, text=text, outside_window=late, to="private:1" if private else "").json
    assert set(body) <= {"recipient", "messaging_type", "tag", "message"}
    assert body.get("tag") == ("HUMAN_AGENT" if late and not private else None)
    assert body.get("messaging_type") in {"RESPONSE", "MESSAGE_TAG", None}
    assert (body.get("messaging_type") == "MESSAGE_TAG") is ("tag" in body)


# --- comments ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind, edge", [("messenger", "comments"), ("instagram", "replies")])
def test_a_public_answer_stands_below_its_comment(kind: str, edge: str) -> None:
    sample, platform = samples(kind), Asked(answered({"id": "comment-2"}))
    message = outgoing(kind, to=f"comment:{COMMENT}", outside_window=True)
    sent = registry.open(kind).send(message, sample.ACCOUNT, platform)
    [request] = platform.requests
    assert request.url == f"{sample.ACCOUNT.base_url}/v25.0/{COMMENT}/{edge}"
    assert request.json == {"message": message.text} and request.params == {}
    assert (sent.external_id, sent.address) == ("comment-2", "")


def test_a_picture_may_stand_below_a_comment_of_a_page_only() -> None:
    to = f"comment:{COMMENT}"
    request = request_of("messenger", text="", to=to, files=(a_file(url=PICTURE),))
    assert request.json == {"attachment_url": PICTURE}
    assert (
        refused("messenger", text="", to=to, files=(a_file("file", url=PICTURE),)).code
        == "comment_takes_text"
    )
    assert refused("messenger", to=to, quick_replies=(QuickReply("a", "A"),)).code == "comment_takes_text"
    assert refused("instagram", text="", to=to, files=(a_file(url=PICTURE),)).kind is ErrorKind.MEDIA


@KINDS
def test_a_private_answer_goes_to_the_comments_author_and_tells_who_that_is(kind: str) -> None:
    sample, platform = samples(kind), Asked(samples(kind).ACCEPTED)
    message = outgoing(kind, address="", to=f"private:{COMMENT}", outside_window=True)
    sent = registry.open(kind).send(message, sample.ACCOUNT, platform)
    assert platform.requests[0].json["recipient"] == {"comment_id": COMMENT}
    assert "tag" not in platform.requests[0].json
    assert (sent.external_id, sent.address) == (sample.SENT_ID, sample.ADDRESS)


@KINDS
@pytest.mark.parametrize("code", [10900, 10, 200])
def test_a_refusal_about_a_comment_never_stops_the_inbox(kind: str, code: int) -> None:
    for to in (f"private:{COMMENT}", f"comment:{COMMENT}"):
        error = refused(kind, refusal(400, code=code, message="Activity already replied to"), to=to)
        assert error.kind is ErrorKind.BAD_REQUEST and error.permanent and str(code) in error.code
    expired = refused(kind, refusal(400, code=190), to=f"private:{COMMENT}")
    assert expired.kind is ErrorKind.AUTH_EXPIRED


@KINDS
def test_another_target_is_refused(kind: str) -> None:
    assert refused(kind, to="wall:1").code == "unknown_target"


@pytest.mark.parametrize("kind, name", [("messenger", "is_hidden"), ("instagram", "hide")])
@pytest.mark.parametrize("hidden, word", [(True, "true"), (False, "false")])
def test_a_comment_is_hidden_and_shown_again(kind: str, name: str, hidden: bool, word: str) -> None:
    sample, platform = samples(kind), Asked(answered({"success": True}))
    registry.open(kind).hide_comment(COMMENT, hidden, sample.ACCOUNT, platform)
    [request] = platform.requests
    assert (request.method, request.url) == ("POST", f"{sample.ACCOUNT.base_url}/v25.0/{COMMENT}")
    assert request.params == {name: word}
    with pytest.raises(DeliveryError) as error:
        registry.open(kind).hide_comment(COMMENT, hidden, sample.ACCOUNT, Asked(refusal(400, code=200)))
    assert error.value.kind is ErrorKind.BAD_REQUEST


def test_kinds_without_comments_say_so() -> None:
    line = registry.open("line")
    assert not line.capabilities.has_comments
    with pytest.raises(DeliveryError) as error:
        line.hide_comment("1", True, samples("line").ACCOUNT, Asked())
    assert error.value.code == "no_comments"


@pytest.mark.parametrize("kind, owner", [("messenger", ""), ("instagram", "me")])
def test_a_thread_is_taken_over_from_another_app(kind: str, owner: str) -> None:
    sample, platform = samples(kind), Asked(answered({"success": True}))
    registry.open(kind).take_thread(sample.ADDRESS, sample.ACCOUNT, platform)
    [request] = platform.requests
    owner = owner or sample.ACCOUNT.account_id
    assert (request.method, request.url) == (
        "POST",
        f"{sample.ACCOUNT.base_url}/v25.0/{owner}/take_thread_control",
    )
    assert request.json == {"recipient": {"id": sample.ADDRESS}}
    with pytest.raises(DeliveryError) as error:
        refusing = Asked(refusal(400, code=200))
        registry.open(kind).take_thread(sample.ADDRESS, sample.ACCOUNT, refusing)
    assert error.value.kind is ErrorKind.BAD_REQUEST  # one thread says nothing of the inbox


def test_kinds_whose_threads_have_no_owner_say_so() -> None:
    line = registry.open("line")
    assert not line.capabilities.takes_threads
    with pytest.raises(DeliveryError) as error:
        line.take_thread("1", samples("line").ACCOUNT, Asked())
    assert error.value.code == "no_owners"


# --- what came in ------------------------------------------------------------------------------------------


@KINDS
def test_files_are_fetched_from_metas_servers_only(kind: str) -> None:
    channel, sample = registry.open(kind), samples(kind)
    body = '{"attachments":[{"type":"image","payload":{"url":"%s"}}]}'  # one attachment as it comes

    def asked(url: str) -> PlatformRequest | None:
        element = sample.message_element("m", "") | {"message": {"mid": "m", **json.loads(body % url)}}
        [item] = channel.parse(sample.wrap([element]))
        return channel.file_request(item.attachments[0], sample.ACCOUNT, Asked())  # type: ignore[attr-defined]

    for good in ("https://scontent.xx.fbcdn.net/1.jpg", "https://lookaside.fbsbx.com/a?b=1"):
        request = asked(good)
        assert request is not None and request.url == good and request.headers == {}
    assert asked(f"{sample.ACCOUNT.base_url}/files/1.jpg") is not None
    for bad in (
        "https://evilfbcdn.net/1.jpg",
        "http://scontent.xx.fbcdn.net/1.jpg",
        "https://fbcdn.net.evil.example/1.jpg",
        "https://evil.example/?.fbcdn.net",
        "https://[::1/",
        "",
    ):
        assert asked(bad) is None


def test_a_message_with_nothing_in_it_is_not_a_message() -> None:
    message = OutgoingMessage(address="1", text=" ", correlation="c", retry_key="k")
    with pytest.raises(DeliveryError) as error:
        registry.open("messenger").send(message, samples("messenger").ACCOUNT, Asked())
    assert error.value.code == "empty_text"
