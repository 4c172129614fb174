"""LINE, read and written as the platform does it."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from conversations.channels.base import Hook, PlatformRequest, PlatformResponse, Profile, Sent, Unparsable
from conversations.channels.errors import DeliveryError, ErrorKind
from conversations.channels.items import (
    AccountChange,
    AudienceChange,
    IncomingMessage,
    Item,
    MessageEdited,
    MessageUnsent,
    UnknownItem,
)
from conversations.channels.line import Line
from conversations.channels.outgoing import OutgoingMessage
from tests.conversations.channels.samples.line import (
    ACCEPTED,
    ACCOUNT,
    ADDRESS,
    SENT_ID,
    message_element,
    refusal,
    wrap,
)

PAYLOADS = Path(__file__).parent / "payloads" / "line"
CHANNEL = Line()
GROUP = "Ca56f94637c0000000000000000000001"
DEAD_TOKEN = refusal(400, "Invalid reply token")


def parsed(name: str) -> list[Item]:
    return CHANNEL.parse((PAYLOADS / f"{name}.json").read_bytes())


# --- signature and envelope --------------------------------------------------------------------------------


def test_the_published_vector_is_verified() -> None:
    body = (PAYLOADS / "signed_vector.json").read_bytes()
    headers = {"x-line-signature": "WkRXWi7Ha+004VmVRiGTtZM0k8uT7gG2vxIIsRlKXn4="}
    assert len(body) == 427
    assert CHANNEL.verify(Hook(body=body, headers=headers), ["line-channel-secret-1"])
    assert not CHANNEL.verify(Hook(body=body, headers=headers), ["line-channel-secret-2"])
    again = json.dumps(json.loads(body), separators=(",", ":")).encode()
    assert again != body and not CHANNEL.verify(Hook(body=again, headers=headers), ["line-channel-secret-1"])


def test_the_verify_button_sends_no_events_and_is_fine() -> None:
    assert parsed("verify_button") == []


@pytest.mark.parametrize(
    "body", [b'{"events":[]}', b'{"destination":"","events":[]}', b'{"destination":"U1"}']
)
def test_a_body_without_destination_or_events_is_unparsable(body: bytes) -> None:
    with pytest.raises(Unparsable):
        CHANNEL.parse(body)


# --- messages ----------------------------------------------------------------------------------------------


def test_a_text_is_read_with_its_platform_time_and_reply_token() -> None:
    [item] = parsed("signed_vector")
    assert item == IncomingMessage(
        account_id=ACCOUNT.account_id,
        event_id="01KB2C3D4E5F6G7H8J9K0M1N2P",
        happened_at=datetime(2026, 11, 2, 2, 3, 4, 500_000, tzinfo=UTC),
        raw=item.raw,
        address=ADDRESS,
        external_id="588000000000000001",
        text="請問訂單 🍎",
        reply_handle="7f3c9b1e5d2a4c6088aa11bb22cc33dd",
    )


def test_every_event_becomes_its_item() -> None:
    followed, sticker, postback, unsent, unfollowed = parsed("events")
    assert isinstance(followed, AudienceChange)
    assert (followed.change, followed.reply_handle) == ("followed", "aa11")
    assert isinstance(sticker, IncomingMessage) and sticker.kind == "sticker"
    assert sticker.attachments[0].details["sticker_id"] == "1988"
    assert sticker.attachments[0].details["keywords"] == ["Hi"]
    assert isinstance(postback, IncomingMessage) and postback.kind == "postback"
    assert (postback.postback, postback.text) == ("csat=5&conv=771", "2026-11-05T10:00")
    assert postback.external_id == postback.event_id == "01KB2C4A000000000000000003"
    assert isinstance(unsent, MessageUnsent) and unsent.external_id == "588000000000000001"
    assert isinstance(unfollowed, AudienceChange) and unfollowed.change == "unfollowed"


def test_media_of_line_are_known_by_id_and_those_of_others_by_address() -> None:
    image, video, audio, file, *_ = (item for item in parsed("media") if isinstance(item, IncomingMessage))
    assert [item.kind for item in (image, video, audio, file)] == ["attachment"] * 4
    assert (image.attachments[0].media_id, image.attachments[0].url) == ("588000000000000011", "")
    assert image.attachments[0].details["image_set"]["total"] == 2
    assert (video.attachments[0].media_id, video.attachments[0].url) == ("", "https://shop.example/v.mp4")
    assert video.attachments[0].details["duration_milliseconds"] == 60_000
    assert audio.attachments[0].kind == "audio"
    assert (file.attachments[0].name, file.attachments[0].size) == ("領収書.pdf", 2138)


def test_places_quotes_and_kinds_to_come_are_shown() -> None:
    place, quote, future = (item for item in parsed("media")[4:] if isinstance(item, IncomingMessage))
    assert (place.kind, place.attachments[0].name) == ("location", "東京駅")
    assert place.attachments[0].details["latitude"] == 35.6812
    assert (quote.reply_to, quote.text) == ("588000000000000011", "これです")
    assert (future.kind, future.text, future.attachments) == ("unsupported", "", ())


def test_a_redelivered_event_has_the_same_id_even_without_one_of_its_own() -> None:
    element = message_element("m", "hello")
    del element["webhookEventId"]
    [first], [again] = (
        CHANNEL.parse(wrap([{**element, "deliveryContext": {"isRedelivery": flag}}]))
        for flag in (False, True)
    )
    [other] = CHANNEL.parse(wrap([{**element, "timestamp": 1793584984501}]))
    assert first.event_id == again.event_id != other.event_id


def test_a_group_or_room_is_one_conversation_and_names_who_spoke() -> None:
    member, nobody, room, edited, *_ = parsed("groups")
    assert isinstance(member, IncomingMessage) and member.address == GROUP
    assert member.details == {"sender": {"id": ADDRESS}}
    assert isinstance(nobody, IncomingMessage) and (nobody.address, nobody.details) == (GROUP, {})
    assert isinstance(room, IncomingMessage) and room.address == "Ra8dbf4673c0000000000000000000001"
    assert isinstance(edited, MessageEdited) and edited.address == GROUP
    assert (edited.external_id, edited.text) == ("588000000000000021", "大家早")


def test_a_customer_alone_is_no_group() -> None:
    [item] = parsed("signed_vector")
    assert isinstance(item, IncomingMessage) and (item.address, item.details) == (ADDRESS, {})


def test_a_group_that_takes_the_account_in_or_puts_it_out_is_reachable_or_not() -> None:
    changes = [item for item in parsed("groups") if isinstance(item, AudienceChange)]
    assert [(item.address, item.change) for item in changes] == [(GROUP, "followed"), (GROUP, "unfollowed")]


def test_pictures_of_a_set_stand_in_the_order_of_the_set_whatever_comes_first() -> None:
    def picture(place: int) -> IncomingMessage:
        content = {"type": "image", "id": f"5{place}", "contentProvider": {"type": "line"}}
        element = {
            **message_element("m", ""),
            "message": {**content, "imageSet": {"id": "s", "index": place}},
        }
        [item] = CHANNEL.parse(wrap([element]))
        assert isinstance(item, IncomingMessage)
        return item

    arrived = [picture(place) for place in (3, 1, 2)]
    in_order = sorted(arrived, key=lambda item: item.happened_at)
    assert [item.external_id for item in in_order] == ["51", "52", "53"]
    assert {item.happened_at.replace(microsecond=0) for item in arrived} == {
        datetime(2026, 11, 2, 2, 3, 4, tzinfo=UTC)
    }


def test_an_event_in_standby_cannot_be_replied_to_and_says_so() -> None:
    room = parsed("groups")[2]
    assert isinstance(room, IncomingMessage) and room.details["standby"] is True and room.reply_handle == ""


def test_news_of_the_account_and_of_its_people_are_told_as_such() -> None:
    told = {item.details["event"]: item for item in parsed("account") if isinstance(item, AccountChange)}
    assert {name: item.change for name, item in told.items()} == {
        "accountLink": "other", "membership": "other", "beacon": "other", "videoPlayComplete": "other",
        "module": "thread_control", "activated": "thread_control", "deactivated": "thread_control",
        "botSuspended": "disconnected", "botResumed": "other", "delivery": "other", "memberLeft": "other",
    }  # fmt: skip
    assert (told["accountLink"].address, told["accountLink"].details["link"]["result"]) == (ADDRESS, "ok")
    assert (told["memberLeft"].address, told["botSuspended"].address) == (GROUP, "")
    assert "replyToken" not in told["accountLink"].details


def test_what_we_do_not_read_yet_keeps_its_name() -> None:
    assert [item.name for item in parsed("account") if isinstance(item, UnknownItem)] == ["hologram"]


# --- sending -----------------------------------------------------------------------------------------------

KEY = "0b54ac9e-6a1c-4d2e-9a43-0d9c5f4f2a10"
PUSHED = OutgoingMessage(address=ADDRESS, text="您好", correlation="message-1", retry_key=KEY)
REPLIED = replace(PUSHED, reply_handle="token-1")


class Platform:
    """Answers in turn, and keeps what it was asked."""

    def __init__(self, *answers: PlatformResponse | DeliveryError) -> None:
        self.answers = list(answers)
        self.requests: list[PlatformRequest] = []

    def __call__(self, request: PlatformRequest) -> PlatformResponse:
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, DeliveryError):
            raise answer
        return answer

    @property
    def ways(self) -> Sequence[str]:
        return [request.url.rpartition("/")[2] for request in self.requests]


def refused(message: OutgoingMessage, platform: Platform) -> DeliveryError:
    with pytest.raises(DeliveryError) as error:
        CHANNEL.send(message, ACCOUNT, platform)
    return error.value


def test_with_a_reply_token_it_replies_without_a_retry_key() -> None:
    platform = Platform(ACCEPTED)
    assert CHANNEL.send(REPLIED, ACCOUNT, platform) == Sent(external_id=SENT_ID, way="reply")
    [request] = platform.requests
    assert request.url == f"{ACCOUNT.base_url}/v2/bot/message/reply"
    assert request.json == {"replyToken": "token-1", "messages": [{"type": "text", "text": "您好"}]}
    assert "x-line-retry-key" not in {name.lower() for name in request.headers}


def test_without_a_reply_token_it_pushes_with_the_retry_key() -> None:
    platform = Platform(ACCEPTED)
    assert CHANNEL.send(PUSHED, ACCOUNT, platform) == Sent(external_id=SENT_ID, way="push")
    [request] = platform.requests
    assert request.url == f"{ACCOUNT.base_url}/v2/bot/message/push"
    assert request.json == {"to": ADDRESS, "messages": [{"type": "text", "text": "您好"}]}
    assert request.headers["X-Line-Retry-Key"] == KEY


def test_a_dead_reply_token_leads_to_a_push_in_the_same_call() -> None:
    platform = Platform(DEAD_TOKEN, ACCEPTED)
    assert CHANNEL.send(REPLIED, ACCOUNT, platform).way == "push"
    assert platform.ways == ["reply", "push"]


@pytest.mark.parametrize(
    "answer",
    [DeliveryError(ErrorKind.UNKNOWN_OUTCOME), refusal(500), refusal(503)],
    ids=["lost", "500", "503"],
)
def test_a_reply_with_an_unknown_outcome_is_never_pushed(answer: PlatformResponse | DeliveryError) -> None:
    platform = Platform(answer)
    error = refused(REPLIED, platform)
    assert error.kind is ErrorKind.UNKNOWN_OUTCOME and not error.key_used
    assert platform.ways == ["reply"]


@pytest.mark.parametrize(
    "answer, kind",
    [
        (DeliveryError(ErrorKind.TEMPORARY), ErrorKind.TEMPORARY),
        (refusal(401), ErrorKind.AUTH_EXPIRED),
        (refusal(429), ErrorKind.RATE_LIMITED),
        (refusal(400, "The request body has 1 error(s)"), ErrorKind.BAD_REQUEST),
    ],
)
def test_a_reply_refused_for_another_reason_is_not_pushed(
    answer: PlatformResponse | DeliveryError, kind: ErrorKind
) -> None:
    platform = Platform(answer)
    assert refused(REPLIED, platform).kind is kind
    assert platform.ways == ["reply"]


@pytest.mark.parametrize(
    "answer, kind",
    [
        (DeliveryError(ErrorKind.UNKNOWN_OUTCOME), ErrorKind.UNKNOWN_OUTCOME),
        (refusal(500), ErrorKind.TEMPORARY),
    ],
    ids=["lost", "500"],
)
def test_a_push_is_covered_by_its_key(answer: PlatformResponse | DeliveryError, kind: ErrorKind) -> None:
    error = refused(PUSHED, Platform(answer))
    assert error.kind is kind and error.key_used and not error.permanent


def test_a_push_that_was_accepted_before_is_a_success() -> None:
    answer = refusal(409, "The retry key is already accepted", sentMessages=[{"id": SENT_ID}])
    assert CHANNEL.send(PUSHED, ACCOUNT, Platform(answer)) == Sent(external_id=SENT_ID, way="push")


def test_a_refusal_tells_its_details_and_how_long_to_wait() -> None:
    details = [{"message": "May not be empty", "property": "messages[0].text"}]
    error = refused(PUSHED, Platform(refusal(400, "The request body has 1 error(s)", details=details)))
    assert error.detail == "The request body has 1 error(s); May not be empty"
    slow = PlatformResponse(status=429, headers={"Retry-After": "7"}, body=b"{}")
    assert refused(PUSHED, Platform(slow)).retry_after == 7.0


@pytest.mark.parametrize(
    "name, shown",
    [("Mei", "Mei"), ("  ", None), ("Caroline", None), ("美" * 25, "美" * 20), ("🍎" * 11, "🍎" * 10)],
)
def test_the_name_of_the_agent_is_shown_where_line_allows_it(name: str, shown: str | None) -> None:
    platform = Platform(ACCEPTED)
    CHANNEL.send(replace(PUSHED, sender_name=name), ACCOUNT, platform)
    [body] = platform.requests[0].json["messages"]
    assert body.get("sender") == (None if shown is None else {"name": shown})


def test_the_host_defaults_to_the_platforms_own() -> None:
    platform = Platform(ACCEPTED)
    CHANNEL.send(PUSHED, replace(ACCOUNT, base_url=""), platform)
    assert platform.requests[0].url == "https://api.line.me/v2/bot/message/push"


# --- profile -----------------------------------------------------------------------------------------------


def test_a_profile_tells_name_picture_and_language() -> None:
    body = {
        "userId": ADDRESS,
        "displayName": "陳美玲",
        "pictureUrl": "https://profile.example/p",
        "language": "zh-TW",
    }
    platform = Platform(PlatformResponse(status=200, headers={}, body=json.dumps(body).encode()))
    assert CHANNEL.fetch_profile(ADDRESS, ACCOUNT, platform) == Profile(
        name="陳美玲", picture_url="https://profile.example/p", language="zh-TW"
    )
    assert platform.requests[0].url == f"{ACCOUNT.base_url}/v2/bot/profile/{ADDRESS}"


def test_a_customer_who_blocked_us_has_an_empty_profile() -> None:
    assert CHANNEL.fetch_profile(ADDRESS, ACCOUNT, Platform(refusal(404, "Not found"))) == Profile()


def test_other_trouble_with_a_profile_is_told() -> None:
    with pytest.raises(DeliveryError) as error:
        CHANNEL.fetch_profile(ADDRESS, ACCOUNT, Platform(refusal(401)))
    assert error.value.kind is ErrorKind.AUTH_EXPIRED
