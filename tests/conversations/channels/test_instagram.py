"""Instagram, read and written as the platform does."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from conversations.channels import instagram
from conversations.channels.base import Account, Hook, PlatformRequest, PostFacts, Profile, Unparsable
from conversations.channels.errors import DeliveryError, ErrorKind
from conversations.channels.items import (
    DeliveryReport,
    IncomingMessage,
    Item,
    MessageEcho,
    MessageEdited,
    MessageReaction,
    MessageUnsent,
)
from tests.conversations.channels.asking import Asked, answered, one_request
from tests.conversations.channels.contract import outgoing
from tests.conversations.channels.samples.instagram import (
    ACCEPTED,
    ACCOUNT,
    ADDRESS,
    message_element,
    signature_headers,
    wrap,
)
from tests.conversations.channels.samples.messenger import refusal

PAYLOADS = Path(__file__).parent / "payloads" / "instagram"
CHANNEL = instagram.Instagram()


def parsed(name: str) -> list[Item]:
    return CHANNEL.parse((PAYLOADS / f"{name}.json").read_bytes())


def messages(name: str) -> list[IncomingMessage]:
    return [item for item in parsed(name) if isinstance(item, IncomingMessage)]


def named(external_id: str) -> IncomingMessage:
    [item] = [item for item in messages("attachments") if item.external_id == external_id]
    return item


# --- reading -----------------------------------------------------------------------------------------------


def test_handshake_and_signature_are_metas() -> None:
    query = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": "TOKEN"}
    assert CHANNEL.challenge(query, "TOKEN") == "1158201444"
    assert CHANNEL.challenge(query, "OTHER") is None
    body = wrap([message_element("m", "hi")])
    assert CHANNEL.verify(Hook(body=body, headers=signature_headers(body, "secret")), ["secret"])


def test_a_direct_message_is_read_with_its_platform_time() -> None:
    message = messages("messages")[0]
    assert (message.account_id, message.address) == (ACCOUNT.account_id, ADDRESS)
    assert (message.kind, message.text) == ("text", "這件還有嗎")
    assert message.happened_at == datetime.fromtimestamp(1793585200.8, UTC)


def test_an_answer_to_a_story_keeps_the_link_to_it() -> None:
    message = messages("messages")[1]
    [story] = message.attachments
    assert (message.kind, message.text, story.kind) == ("text", "這件還有嗎", "link")
    assert story.details == {"type": "story_reply", "story_id": "17900011122233344"}
    assert story.url.startswith("https://lookaside.fbsbx.com/")
    assert CHANNEL.file_request(story, ACCOUNT, Asked()) is None


def test_a_mention_in_a_story_is_a_link_that_is_never_fetched() -> None:
    message = named("ig_story")
    [story] = message.attachments
    assert (message.kind, story.kind, story.details["type"]) == ("attachment", "link", "story_mention")
    assert CHANNEL.file_request(story, ACCOUNT, Asked()) is None
    [picture, *_] = named("ig_media").attachments
    assert CHANNEL.file_request(picture, ACCOUNT, Asked()) is not None


def test_inline_answers_taps_ads_and_what_is_not_supported_are_told_apart() -> None:
    _plain, _story, answer, tapped, from_ad, unsupported = messages("messages")
    assert answer.reply_to == "aWdfb3V0MQ"
    assert (tapped.text, tapped.postback) == ("訂單", "ORDER")
    assert from_ad.referral["ads_context_data"] == {"ad_title": "Autumn"}
    assert (unsupported.kind, unsupported.text) == ("unsupported", "")


@pytest.mark.parametrize(
    "external_id, kind, attachments",
    [
        ("ig_media", "attachment", ["image", "audio", "video", "file"]),
        ("ig_share", "attachment", ["link"]),
        ("ig_post", "attachment", ["link"]),
        ("ig_reel", "attachment", ["link"]),
        ("ig_heart", "sticker", ["sticker"]),
        ("ig_once", "attachment", ["card"]),
    ],
)
def test_what_comes_with_a_message_is_told_apart(external_id: str, kind: str, attachments: list[str]) -> None:
    message = named(external_id)
    assert (message.kind, [part.kind for part in message.attachments]) == (kind, attachments)


def test_every_action_becomes_its_item() -> None:
    assert [type(item) for item in parsed("actions")] == [
        IncomingMessage,
        IncomingMessage,
        MessageReaction,
        MessageReaction,
        DeliveryReport,
        MessageEdited,
        MessageUnsent,
        MessageEcho,
        MessageEcho,
    ]


def test_ice_breakers_and_links_tell_how_the_customer_came() -> None:
    tapped, came = messages("actions")
    assert (tapped.kind, tapped.postback, tapped.text) == ("postback", "ORDER", "Where is my order?")
    assert (came.kind, came.referral["ref"]) == ("referral", "shop-qr")


def test_a_message_that_was_seen_is_named_by_its_id() -> None:
    [seen] = [item for item in parsed("actions") if isinstance(item, DeliveryReport)]
    assert (seen.status, seen.external_ids, seen.watermark) == ("read", ("aWdfb3V0MQ",), None)


def test_taking_back_names_the_message_and_echoes_the_customer() -> None:
    [unsent] = [item for item in parsed("actions") if isinstance(item, MessageUnsent)]
    assert unsent.external_id == "aWdfZAG1faXRlbToxAAA"
    words, picture = (item for item in parsed("actions") if isinstance(item, MessageEcho))
    assert (words.address, words.text, words.correlation) == (ADDRESS, "有的", "")
    assert (picture.kind, picture.attachments[0].kind) == ("attachment", "image")


def test_standby_is_marked() -> None:
    [message] = messages("standby")
    assert message.details == {"standby": True}


def test_an_entry_names_the_account_whatever_the_object_is_called() -> None:
    body = wrap([message_element("m", "hi")])
    assert CHANNEL.parse(body) == CHANNEL.parse(body.replace(b'"instagram"', b'"page"'))
    with pytest.raises(Unparsable):
        CHANNEL.parse(body.replace(b'"instagram"', b'"whatsapp_business_account"'))


# --- writing -----------------------------------------------------------------------------------------------


def asked(account: Account = ACCOUNT, **changes: object) -> PlatformRequest:
    return one_request(CHANNEL, outgoing("instagram", **changes), account, ACCEPTED)


def test_an_answer_carries_neither_metadata_nor_a_reason() -> None:
    request = asked()
    assert request.url == f"{ACCOUNT.base_url}/v25.0/me/messages"
    assert request.json == {"recipient": {"id": ADDRESS}, "message": {"text": "您好 🍎"}}


def test_a_person_outside_of_the_window_says_so() -> None:
    body = asked(outside_window=True).json
    assert (body["messaging_type"], body["tag"]) == ("MESSAGE_TAG", "HUMAN_AGENT")


def test_the_host_follows_the_log_in() -> None:
    plain = replace(ACCOUNT, base_url="")
    assert asked(plain).url == "https://graph.instagram.com/v25.0/me/messages"
    by_facebook = replace(plain, settings={"login": "facebook"})
    assert asked(by_facebook).url == "https://graph.facebook.com/v25.0/me/messages"
    named = replace(ACCOUNT, base_url="https://graph.facebook.com")
    assert asked(named).url.startswith("https://graph.facebook.com/")


def test_the_limit_counts_bytes() -> None:
    assert asked(text="長" * 333).json["message"]["text"] == "長" * 333
    with pytest.raises(DeliveryError) as error:
        asked(text="長" * 334)
    assert error.value.code == "text_too_long"


# --- asking ------------------------------------------------------------------------------------------------


def test_a_profile_names_the_customer_or_their_account() -> None:
    told = {"name": "陳美玲", "username": "mei.tw", "profile_pic": "https://scontent.cdninstagram.com/p"}
    platform = Asked(answered(told), answered({"username": "mei.tw"}))
    assert CHANNEL.fetch_profile(ADDRESS, ACCOUNT, platform) == Profile(
        name="陳美玲", picture_url="https://scontent.cdninstagram.com/p"
    )
    assert CHANNEL.fetch_profile(ADDRESS, ACCOUNT, platform).name == "mei.tw"
    assert platform.requests[0].url == f"{ACCOUNT.base_url}/v25.0/{ADDRESS}"


@pytest.mark.parametrize("code", [230, 9010])
def test_who_gave_no_consent_has_an_empty_profile(code: int) -> None:
    assert CHANNEL.fetch_profile(ADDRESS, ACCOUNT, Asked(refusal(400, code=code))) == Profile()
    with pytest.raises(DeliveryError) as error:
        CHANNEL.fetch_profile(ADDRESS, ACCOUNT, Asked(refusal(400, code=190)))
    assert error.value.kind is ErrorKind.AUTH_EXPIRED


def test_a_post_is_told_with_the_still_of_its_film() -> None:
    told = {
        "caption": "新品",
        "media_url": "https://scontent.cdninstagram.com/film.mp4",
        "thumbnail_url": "https://scontent.cdninstagram.com/still.jpg",
        "permalink": "javascript:alert(1)",
        "timestamp": "yesterday",
    }
    platform = Asked(answered(told), answered({}))
    assert CHANNEL.fetch_post("1799", ACCOUNT, platform) == PostFacts(
        text="新品", picture_url="https://scontent.cdninstagram.com/still.jpg"
    )
    assert CHANNEL.fetch_post("1799", ACCOUNT, platform) == PostFacts()
    assert platform.requests[0].url == f"{ACCOUNT.base_url}/v25.0/1799"
    assert platform.requests[0].params == {"fields": "caption,media_url,permalink,timestamp,thumbnail_url"}


def subscribed(*fields: str) -> dict[str, object]:
    return {"data": [{"id": "987654321012345", "subscribed_fields": list(fields)}]}


@pytest.mark.parametrize(
    "login, fields, warnings",
    [
        ("", ("messages", "comments"), 0),
        ("", ("messages",), 1),
        ("", (), 2),
        ("facebook", ("feed",), 0),
        ("facebook", (), 1),
    ],
)
def test_a_check_reads_the_subscription_again(login: str, fields: tuple[str, ...], warnings: int) -> None:
    platform = Asked(answered({"id": "1", "username": "shanhai"}), answered(subscribed(*fields)))
    found = CHANNEL.check(replace(ACCOUNT, settings={"login": login}), platform)
    assert (found.name, len(found.warnings)) == ("shanhai", warnings)
    assert [request.url.removeprefix(ACCOUNT.base_url) for request in platform.requests] == [
        f"/v25.0/{ACCOUNT.account_id}",
        "/v25.0/me/subscribed_apps",
    ]
