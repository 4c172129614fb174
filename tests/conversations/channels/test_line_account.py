"""What a check of an Official Account finds, and whom the profile calls ask about."""

import json
from dataclasses import replace
from typing import Any

import pytest

from conversations.channels.base import AccountCheck, PlatformRequest, PlatformResponse, Profile
from conversations.channels.errors import DeliveryError, ErrorKind
from conversations.channels.line import Line
from tests.conversations.channels.samples.line import ACCOUNT, ADDRESS, refusal

CHANNEL = Line()
HOOK = "https://desk.example/hooks/line/key"
GROUP, ROOM = "C" + "1" * 32, "R" + "1" * 32
HEALTHY: dict[str, Any] = {
    "info": {"userId": ACCOUNT.account_id, "displayName": "山海茶行", "basicId": "@shanhai"},
    "channel/webhook/endpoint": {"endpoint": HOOK, "active": True},
    "message/quota": {"type": "limited", "value": 500},
    "message/quota/consumption": {"totalUsage": 399},
}


class Platform:
    """Answers each path with its content; a path without one with 404."""

    def __init__(self, **contents: Any) -> None:
        self.contents = contents
        self.asked: list[str] = []

    def __call__(self, request: PlatformRequest) -> PlatformResponse:
        path = request.url.partition("/v2/bot/")[2]
        self.asked.append(path)
        content = self.contents.get(path)
        if isinstance(content, PlatformResponse):
            return content
        return PlatformResponse(
            status=404 if content is None else 200, headers={}, body=json.dumps(content).encode()
        )


def checked(**changes: Any) -> AccountCheck:
    contents = {**HEALTHY, **{name.replace("_", "/"): content for name, content in changes.items()}}
    return CHANNEL.check(replace(ACCOUNT, hook_url=HOOK), Platform(**contents))


def test_an_account_in_order_has_a_name_its_figures_and_no_warnings() -> None:
    assert checked() == AccountCheck(name="山海茶行 @shanhai", figures={"quota": 500, "quota_used": 399})


@pytest.mark.parametrize(
    "used, words", [(400, "Four fifths"), (499, "Four fifths"), (500, "used up:"), (501, "used up:")]
)
def test_a_quota_that_is_almost_used_is_told(used: int, words: str) -> None:
    [warning] = checked(message_quota_consumption={"totalUsage": used}).warnings
    assert words in warning


def test_an_account_without_a_quota_counts_without_an_alarm() -> None:
    found = checked(message_quota={"type": "none"}, message_quota_consumption={"totalUsage": 9_999})
    assert (found.figures, found.warnings) == ({"quota_used": 9_999}, ())


@pytest.mark.parametrize(
    "name, content, words",
    [
        ("info", {"userId": "U" + "9" * 32}, "another account"),
        ("channel_webhook_endpoint", {"endpoint": HOOK, "active": False}, "switched off"),
        ("channel_webhook_endpoint", None, "switched off"),
        (
            "channel_webhook_endpoint",
            {"endpoint": "https://other.example/", "active": True},
            "another address",
        ),
    ],
)
def test_what_keeps_messages_away_is_told(name: str, content: Any, words: str) -> None:
    [warning] = checked(**{name: content}).warnings
    assert words in warning


def test_a_refused_token_is_an_error() -> None:
    with pytest.raises(DeliveryError) as error:
        checked(info=refusal(401))
    assert error.value.kind is ErrorKind.AUTH_EXPIRED


def test_groups_and_their_members_have_profiles_and_rooms_have_none() -> None:
    platform = Platform(
        **{
            f"group/{GROUP}/summary": {
                "groupId": GROUP,
                "groupName": "家族",
                "pictureUrl": "https://p.example/g",
            },
            f"group/{GROUP}/member/{ADDRESS}": {"displayName": "美玲"},
            f"room/{ROOM}/member/{ADDRESS}": {"displayName": "Ken"},
        }
    )
    assert CHANNEL.fetch_profile(GROUP, ACCOUNT, platform) == Profile(
        name="家族", picture_url="https://p.example/g"
    )
    assert CHANNEL.fetch_profile(ROOM, ACCOUNT, platform) == Profile()
    assert CHANNEL.fetch_member(GROUP, ADDRESS, ACCOUNT, platform) == Profile(name="美玲")
    assert CHANNEL.fetch_member(ROOM, ADDRESS, ACCOUNT, platform) == Profile(name="Ken")
    assert CHANNEL.fetch_member(GROUP, "U" + "2" * 32, ACCOUNT, platform) == Profile()
    assert len(platform.asked) == 4
