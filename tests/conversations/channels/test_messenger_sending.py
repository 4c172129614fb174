"""Messenger, written as the platform reads it."""

import json
from dataclasses import replace

import pytest

from conversations.channels import messenger, names
from conversations.channels.base import AccountCheck, PlatformRequest, PlatformResponse, Profile
from conversations.channels.errors import DeliveryError, ErrorKind
from conversations.channels.items import JsonObject
from conversations.channels.outgoing import OutgoingMessage
from tests.conversations.channels.asking import Asked, answered
from tests.conversations.channels.samples.messenger import ACCEPTED, ACCOUNT, ADDRESS, refusal

CHANNEL = messenger.Messenger()
PAGE = ACCOUNT.account_id
MESSAGE = OutgoingMessage(address=ADDRESS, text="您好", correlation="message-1", retry_key="key-1")


def asked(message: OutgoingMessage, **account: object) -> PlatformRequest:
    requests: list[PlatformRequest] = []

    def platform(request: PlatformRequest) -> PlatformResponse:
        requests.append(request)
        return ACCEPTED

    changed = type(ACCOUNT)(
        account_id=PAGE,
        base_url=str(account.get("base_url", ACCOUNT.base_url)),
        credentials=ACCOUNT.credentials,
        settings=account.get("settings", {}),  # type: ignore[arg-type]
    )
    CHANNEL.send(message, changed, platform)
    [request] = requests
    return request


def test_an_answer_in_the_window_is_a_response_with_our_metadata() -> None:
    request = asked(MESSAGE)
    assert (request.method, request.url) == ("POST", f"{ACCOUNT.base_url}/v25.0/{PAGE}/messages")
    assert request.params == {} and request.json == {
        "recipient": {"id": ADDRESS},
        "messaging_type": "RESPONSE",
        "message": {"text": "您好", "metadata": "message-1"},
    }


def test_a_person_outside_of_the_window_sends_under_the_human_agent_tag() -> None:
    outside = OutgoingMessage(
        address=ADDRESS, text="您好", correlation="c", retry_key="k", outside_window=True
    )
    body = asked(outside).json
    assert (body["messaging_type"], body["tag"]) == ("MESSAGE_TAG", "HUMAN_AGENT")


def test_version_and_host_are_configured() -> None:
    assert asked(MESSAGE, settings={"api_version": "v26.0"}).url.startswith(f"{ACCOUNT.base_url}/v26.0/")
    assert asked(MESSAGE, base_url="").url.startswith("https://graph.facebook.com/v25.0/")
    assert asked(MESSAGE, base_url="http://127.0.0.1:9/").url.startswith("http://127.0.0.1:9/v25.0/")


def test_a_refusal_tells_code_text_and_how_long_to_wait() -> None:
    plain = refusal(400, code=32, error_subcode=7, message="Page request limit reached")
    usage = '{"104":[{"type":"messenger","call_count":100,"estimated_time_to_regain_access":3}]}'
    for headers, seconds in (
        ({}, None),
        ({"Retry-After": "30"}, 30.0),
        ({"X-Business-Use-Case-Usage": usage}, 180.0),
        ({"X-Business-Use-Case-Usage": "nonsense"}, None),
    ):
        answer = PlatformResponse(status=400, headers=headers, body=plain.body)
        with pytest.raises(DeliveryError) as error:
            CHANNEL.send(MESSAGE, ACCOUNT, lambda request, answer=answer: answer)  # type: ignore[misc]
        assert error.value.kind is ErrorKind.RATE_LIMITED and error.value.retry_after == seconds
        assert (error.value.code, error.value.detail) == ("32/7", "Page request limit reached")
        assert not error.value.key_used and not error.value.permanent


def profile(answer: PlatformResponse) -> Profile:
    return CHANNEL.fetch_profile(ADDRESS, ACCOUNT, lambda request: answer)


def test_a_profile_names_the_customer() -> None:
    body = {"first_name": "美玲", "last_name": "陳", "profile_pic": "https://platform-lookaside.fbsbx.com/p"}
    answer = PlatformResponse(status=200, headers={}, body=json.dumps(body).encode())
    assert profile(answer) == Profile(name="陳美玲", picture_url="https://platform-lookaside.fbsbx.com/p")
    assert (
        profile(PlatformResponse(status=200, headers={}, body=b'{"name":"Ken Tanaka"}')).name == "Ken Tanaka"
    )


@pytest.mark.parametrize("error", [(100, 2018218), (100, 2018247), (230, 0), (100, 2018001)])
def test_a_customer_without_a_readable_profile_has_an_empty_one(error: tuple[int, int]) -> None:
    assert profile(refusal(400, code=error[0], error_subcode=error[1])) == Profile()


@pytest.mark.parametrize("code, kind", [(190, ErrorKind.AUTH_EXPIRED), (2, ErrorKind.TEMPORARY)])
def test_other_trouble_with_a_profile_is_told(code: int, kind: ErrorKind) -> None:
    with pytest.raises(DeliveryError) as error:
        profile(refusal(400, code=code))
    assert error.value.kind is kind


@pytest.mark.parametrize(
    "first, last, name",
    [
        ("美玲", "陳", "陳美玲"),
        ("さくら", "佐々木", "佐々木さくら"),
        ("길동", "홍", "홍길동"),
        ("Mei-Ling", "Chen", "Mei-Ling Chen"),
        ("Mei", "陳", "Mei 陳"),
        ("", "陳", "陳"),
        ("Ann", "", "Ann"),
        ("", "", ""),
    ],
)
def test_names_stand_in_the_order_of_their_script(first: str, last: str, name: str) -> None:
    assert names.full_name(first, last) == name


# --- checking ----------------------------------------------------------------------------------------------

ALL_FIELDS = [
    "messages",
    "messaging_postbacks",
    "message_deliveries",
    "message_reads",
    "message_echoes",
    "message_reactions",
    "message_edits",
    "feed",
]


def checked(*apps: JsonObject, page: str = PAGE, **settings: str) -> AccountCheck:
    platform = Asked(answered({"id": page, "name": "Shanhai"}), answered({"data": list(apps)}))
    return CHANNEL.check(replace(ACCOUNT, settings=settings), platform)


def test_a_page_that_is_subscribed_to_everything_is_well() -> None:
    found = checked({"id": "1", "subscribed_fields": ALL_FIELDS})
    assert (found.name, found.warnings) == ("Shanhai", ())


@pytest.mark.parametrize(
    "lost, words", [("messages", "customers write"), ("feed", "comments"), ("message_reads", "threads")]
)
def test_a_field_that_was_lost_without_a_word_is_told(lost: str, words: str) -> None:
    fields = [field for field in ALL_FIELDS if field != lost]
    [warning] = checked({"id": "1", "subscribed_fields": fields}).warnings
    assert words in warning
    assert len(checked().warnings) == 3


def test_the_subscription_of_another_app_is_not_ours() -> None:
    ours, other = {"id": "7", "subscribed_fields": ["feed"]}, {"id": "8", "subscribed_fields": ALL_FIELDS}
    assert checked(ours, other).warnings == ()
    assert len(checked(ours, other, app_id="7").warnings) == 2
    assert checked(ours, other, app_id="8").warnings == ()


def test_a_token_of_another_page_is_told_and_a_dead_one_raises() -> None:
    [warning] = checked(page="104857600999999").warnings
    assert "another Page" in warning
    with pytest.raises(DeliveryError) as error:
        CHANNEL.check(ACCOUNT, Asked(refusal(401, code=190)))
    assert error.value.kind is ErrorKind.AUTH_EXPIRED
