"""Public comments and mentions, as Facebook and Instagram tell them."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from conversations.channels import registry
from conversations.channels.items import CommentChanged, Item, UnknownItem

PAYLOADS = Path(__file__).parent / "payloads"
PAGE, POST = "104857600123456", "104857600123456_122141721440024251"
COMMENT = "122141721440024251_657063669920574"


def parsed(kind: str) -> list[Item]:
    return registry.open(kind).parse((PAYLOADS / kind / "comments.json").read_bytes())


def comments(kind: str) -> list[CommentChanged]:
    return [item for item in parsed(kind) if isinstance(item, CommentChanged)]


def read(value: dict[str, Any], field: str = "feed", at: int = 1793585100) -> Item:
    entry = {"id": PAGE, "time": at, "changes": [{"field": field, "value": value}]}
    [item] = registry.open("messenger").parse(json.dumps({"object": "page", "entry": [entry]}).encode())
    return item


def utc(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def test_a_comment_on_a_post_names_its_author_its_post_and_its_words() -> None:
    comment = comments("messenger")[0]
    assert (comment.account_id, comment.change, comment.comment_id) == (PAGE, "added", COMMENT)
    assert (comment.address, comment.sender_name) == ("7012345678901234", "陳美玲")
    assert (comment.post_id, comment.parent_id, comment.text) == (POST, "", "請問還有M號嗎?")
    assert comment.post == {"url": "https://www.facebook.com/shop/posts/1"}
    assert (comment.happened_at, comment.by_account, comment.is_mention) == (utc(1793585098), False, False)


def test_our_own_answer_below_a_comment_is_told_apart() -> None:
    answer = comments("messenger")[1]
    assert (answer.by_account, answer.parent_id, answer.change) == (True, COMMENT, "added")


def test_a_comment_is_edited_hidden_shown_and_removed_when_meta_tells_it() -> None:
    changes = [item for item in comments("messenger") if item.comment_id == COMMENT]
    assert [item.change for item in changes] == ["added", "edited", "hidden", "unhidden", "hidden", "removed"]
    assert changes[1].text == "還有L號嗎?"
    assert [item.happened_at for item in changes[1:]] == [
        utc(1793585110 + 10 * number) for number in range(1, 6)
    ]
    assert changes[-1].address == ""


def test_a_comment_that_is_told_twice_is_one_and_hiding_it_again_is_another_change() -> None:
    value = {"item": "comment", "verb": "add", "comment_id": COMMENT, "post_id": POST, "message": "one"}
    assert read(value).event_id == read({**value, "message": "two"}, at=1793585200).event_id
    hide = {**value, "verb": "hide"}
    assert read(hide).event_id == read(hide).event_id != read(hide, at=1793585200).event_id


def test_a_picture_below_a_post_is_an_attachment() -> None:
    [picture] = [item for item in comments("messenger") if item.attachments]
    assert (picture.text, picture.attachments[0].kind) == ("", "image")
    assert picture.attachments[0].url == "https://scontent.xx.fbcdn.net/v/c.jpg"


def test_mentions_in_comments_and_posts_are_marked() -> None:
    in_comment, in_post = (item for item in comments("messenger") if item.is_mention)
    assert (in_comment.comment_id, in_comment.post_id, in_comment.sender_name) == ("99_1", "88_99", "Ann")
    assert (in_post.comment_id, in_post.post_id, in_post.text) == ("88_100", "88_100", "Shanhai is good")


@pytest.mark.parametrize(
    "value",
    [
        {"item": "like", "verb": "add", "comment_id": COMMENT},
        {"item": "comment", "verb": "shout", "comment_id": COMMENT},
        {"item": "comment", "verb": "add"},
        {},
    ],
    ids=str,
)
def test_what_is_no_change_of_a_comment_is_unknown(value: dict[str, Any]) -> None:
    item = read(value)
    assert isinstance(item, UnknownItem) and item.name == "feed"
    assert isinstance(read({"item": "comment", "verb": "add", "comment_id": COMMENT}), CommentChanged)


def test_instagram_tells_comments_live_ones_and_mentions() -> None:
    comment, live, mention, in_caption, own = comments("instagram")
    assert (comment.address, comment.sender_name, comment.text) == ("6633221100998877", "mei.tw", "價格?")
    assert (comment.comment_id, comment.post_id) == ("18000000000000501", "17990000000000001")
    assert comment.parent_id == "18000000000000400" and comment.post["ad_title"] == "Autumn"
    assert comment.happened_at == utc(1793585300)
    assert live.post == {"media_product_type": "FEED", "is_live": True}
    assert (mention.is_mention, mention.comment_id, mention.post_id) == (
        True,
        "18000000000000503",
        "17990000000000003",
    )
    assert in_caption.comment_id == in_caption.post_id == "17990000000000004"
    assert own.by_account and own.comment_id == "18000000000000504" and own.happened_at == utc(1793585310)


def test_instagrams_other_news_are_unknown() -> None:
    [unknown] = [item for item in parsed("instagram") if isinstance(item, UnknownItem)]
    assert unknown.name == "story_insights"
