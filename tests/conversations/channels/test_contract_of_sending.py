"""What every channel kind promises of sending, checked for each one that is registered."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.channels import registry
from conversations.channels.base import PlatformResponse, Profile, Sent, text_length
from conversations.channels.errors import DeliveryError, ErrorKind
from tests.conversations.channels.contract import (
    Platform,
    carries_token,
    every_kind,
    fuzzed,
    json_values,
    outgoing,
    samples,
)


@every_kind
def test_an_accepted_message_is_sent_under_the_platforms_id(kind: str) -> None:
    sample = samples(kind)
    sent = registry.open(kind).send(outgoing(kind), sample.ACCOUNT, Platform(sample.ACCEPTED))
    assert sent.external_id == sample.SENT_ID


@every_kind
def test_calls_go_to_the_configured_host_with_the_token_where_no_log_shows_it(kind: str) -> None:
    channel, sample, platform = registry.open(kind), samples(kind), Platform(samples(kind).ACCEPTED)
    channel.send(outgoing(kind), sample.ACCOUNT, platform)
    channel.fetch_profile(sample.ADDRESS, sample.ACCOUNT, platform)
    token = sample.ACCOUNT.credentials["access_token"]
    assert bool(platform.requests) is sample.SIGNS
    for request in platform.requests:
        assert request.url.startswith(sample.ACCOUNT.base_url + "/")
        assert carries_token(kind, request)
        assert token not in f"{request.url} {request.params} {request.json!r} {request!r}"


@every_kind
def test_a_hostile_address_cannot_change_the_path_of_a_call(kind: str) -> None:
    channel, sample, platform = registry.open(kind), samples(kind), Platform(samples(kind).ACCEPTED)
    channel.fetch_profile("../x?y=1#z/", sample.ACCOUNT, platform)
    assert bool(platform.requests) is channel.capabilities.has_profiles
    for request in platform.requests:
        assert "..%2Fx%3Fy%3D1%23z%2F" in request.url and "../" not in request.url and "#" not in request.url


@every_kind
def test_a_text_at_the_limit_goes_out_and_a_longer_one_is_never_tried(kind: str) -> None:
    channel, sample, platform = registry.open(kind), samples(kind), Platform(samples(kind).ACCEPTED)
    limit, unit = channel.capabilities.text_limit, channel.capabilities.text_unit
    fits = "🍎" * (limit // text_length("🍎", unit))
    assert isinstance(channel.send(outgoing(kind, text=fits), sample.ACCOUNT, platform), Sent)
    platform.requests.clear()
    for refused in (fits + "🍎", "", " \n"):
        with pytest.raises(DeliveryError) as error:
            channel.send(outgoing(kind, text=refused), sample.ACCOUNT, platform)
        assert error.value.kind is ErrorKind.BAD_REQUEST and error.value.permanent
    assert platform.requests == []


ERRORS = [(kind, answer, meaning) for kind in registry.KINDS for answer, meaning in samples(kind).ERRORS]


@pytest.mark.parametrize(
    "kind, answer, meaning", ERRORS, ids=[f"{kind}-{answer.body[:60]!r}" for kind, answer, _ in ERRORS]
)
def test_each_refusal_is_told_in_our_words(kind: str, answer: PlatformResponse, meaning: ErrorKind) -> None:
    with pytest.raises(DeliveryError) as error:
        registry.open(kind).send(outgoing(kind), samples(kind).ACCOUNT, Platform(answer))
    assert error.value.kind is meaning and error.value.code


@every_kind
@pytest.mark.parametrize("trouble", [ErrorKind.TEMPORARY, ErrorKind.UNKNOWN_OUTCOME])
def test_trouble_on_the_way_is_passed_on_as_it_is(kind: str, trouble: ErrorKind) -> None:
    channel, sample = registry.open(kind), samples(kind)
    platform = Platform(DeliveryError(trouble))
    if not sample.SIGNS:
        assert channel.send(outgoing(kind), sample.ACCOUNT, platform) and not platform.requests
        return
    with pytest.raises(DeliveryError) as error:
        channel.send(outgoing(kind), sample.ACCOUNT, platform)
    assert error.value.kind is trouble and len(platform.requests) == 1


@every_kind
@fuzzed
@given(
    status=st.integers(100, 599), body=st.binary() | json_values.map(lambda value: json.dumps(value).encode())
)
def test_any_answer_is_a_result_or_a_delivery_error(kind: str, status: int, body: bytes) -> None:
    channel, sample = registry.open(kind), samples(kind)
    platform = Platform(PlatformResponse(status=status, headers={"Retry-After": "soon"}, body=body))
    for call, result in (
        (lambda: channel.send(outgoing(kind, reply_handle="token"), sample.ACCOUNT, platform), Sent),
        (lambda: channel.fetch_profile(sample.ADDRESS, sample.ACCOUNT, platform), Profile),
    ):
        try:
            assert isinstance(call(), result)
        except DeliveryError as error:
            assert error.code
