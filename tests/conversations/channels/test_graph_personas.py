"""In whose name an answer by Messenger appears."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from conversations.channels import graph_personas
from conversations.channels.base import PlatformResponse
from conversations.channels.errors import DeliveryError
from conversations.channels.messenger import Messenger
from conversations.channels.outgoing import OutgoingMessage
from tests.conversations.channels.asking import Asked, answered
from tests.conversations.channels.samples.messenger import ACCEPTED, ADDRESS
from tests.conversations.channels.samples.messenger import ACCOUNT as PLAIN

CHANNEL = Messenger()
ACCOUNT = replace(PLAIN, settings={"personas": "yes", "persona_picture": "https://brand.example/mei.png"})
MESSAGE = OutgoingMessage(address=ADDRESS, text="您好", correlation="m-1", retry_key="k-1", sender_name="Mei")
NONE_YET = answered({"data": []})


def refused(code: int, text: str, status: int = 400) -> PlatformResponse:
    return answered({"error": {"code": code, "message": text}}, status)


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    graph_personas._known.clear()
    yield
    graph_personas._known.clear()


def test_a_persona_is_made_once_and_every_answer_of_the_agent_names_it() -> None:
    platform = Asked(NONE_YET, answered({"id": "77"}), ACCEPTED, ACCEPTED)
    CHANNEL.send(MESSAGE, ACCOUNT, platform)
    CHANNEL.send(MESSAGE, ACCOUNT, platform)
    listed, made, first, second = platform.requests
    assert (listed.method, made.method) == ("GET", "POST") and made.url.endswith("/personas")
    assert made.json == {"name": "Mei", "profile_picture_url": "https://brand.example/mei.png"}
    assert first.json["persona_id"] == second.json["persona_id"] == "77"


def test_a_persona_that_is_there_is_found_on_a_later_page() -> None:
    more = {"data": [{"id": "1", "name": "Ken"}], "paging": {"cursors": {"after": "c2"}, "next": "https://…"}}
    platform = Asked(answered(more), answered({"data": [{"id": "2", "name": "Mei"}]}), ACCEPTED)
    CHANNEL.send(MESSAGE, ACCOUNT, platform)
    assert platform.requests[1].params["after"] == "c2"
    assert platform.requests[-1].json["persona_id"] == "2"


@pytest.mark.parametrize(
    "message, account",
    [
        (MESSAGE, PLAIN),
        (replace(MESSAGE, sender_name=""), ACCOUNT),
        (replace(MESSAGE, to="private:c-1"), ACCOUNT),
    ],
    ids=["not wanted", "written by nobody", "private answer to a comment"],
)
def test_everything_else_goes_out_in_the_pages_own_name(message: OutgoingMessage, account: object) -> None:
    platform = Asked(ACCEPTED)
    CHANNEL.send(message, account, platform)  # type: ignore[arg-type]
    assert "persona_id" not in platform.requests[0].json


@pytest.mark.parametrize("answer", [refused(200, "no permission", 403), refused(1, "try later", 500)])
def test_a_persona_that_meta_does_not_give_holds_no_answer_back(answer: PlatformResponse) -> None:
    platform = Asked(answer, ACCEPTED)
    assert CHANNEL.send(MESSAGE, ACCOUNT, platform).external_id
    assert "persona_id" not in platform.requests[-1].json


def test_what_stays_refused_is_not_asked_for_with_every_answer_and_trouble_is() -> None:
    platform = Asked(refused(200, "no permission", 403), ACCEPTED, ACCEPTED)
    CHANNEL.send(MESSAGE, ACCOUNT, platform)
    CHANNEL.send(MESSAGE, ACCOUNT, platform)
    assert [each.method for each in platform.requests] == ["GET", "POST", "POST"]
    other = replace(MESSAGE, sender_name="Ken")
    platform = Asked(
        refused(1, "later", 500), ACCEPTED, answered({"data": [{"id": "9", "name": "Ken"}]}), ACCEPTED
    )
    CHANNEL.send(other, ACCOUNT, platform)
    CHANNEL.send(other, ACCOUNT, platform)
    assert platform.requests[-1].json["persona_id"] == "9"


def test_a_persona_that_was_deleted_at_meta_is_forgotten_and_the_answer_goes_out() -> None:
    there = answered({"data": [{"id": "77", "name": "Mei"}]})
    platform = Asked(
        there, refused(100, "(#100) Invalid persona_id"), ACCEPTED, NONE_YET, answered({"id": "78"}), ACCEPTED
    )
    CHANNEL.send(MESSAGE, ACCOUNT, platform)
    assert "persona_id" not in platform.requests[2].json
    CHANNEL.send(MESSAGE, ACCOUNT, platform)
    assert platform.requests[-1].json["persona_id"] == "78"


def test_a_refusal_for_another_reason_is_told_and_nothing_is_sent_twice() -> None:
    there = answered({"data": [{"id": "77", "name": "Mei"}]})
    platform = Asked(there, refused(100, "(#100) Invalid parameter"))
    with pytest.raises(DeliveryError):
        CHANNEL.send(MESSAGE, ACCOUNT, platform)
    assert [each.method for each in platform.requests] == ["GET", "POST"]
