"""Reading what strangers send."""

import base64
import contextlib
import hmac
import json
import math
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conversations.channels import wire
from conversations.channels.base import Account, Capabilities, PlatformResponse, Unparsable
from conversations.channels.errors import DeliveryError, ErrorKind
from conversations.channels.items import UNKNOWN_TIME
from conversations.channels.outgoing import OutgoingMessage
from tests.conversations.channels import poison

fuzzed = settings(deadline=None)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


def storable(value: object) -> bool:
    """Whether PostgreSQL takes the value as jsonb."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    return "\\u0000" not in text and text.encode("utf-8").decode("utf-8") == text


# --- JSON --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", poison.BODIES.values(), ids=poison.BODIES.keys())
def test_a_poisonous_body_is_an_object_or_unparsable(body: bytes) -> None:
    try:
        loaded = wire.load(body)
    except Unparsable:
        return
    assert storable(loaded)


@pytest.mark.parametrize(
    "name", [name for name in poison.BODIES if name not in {"empty object", "wrong shapes"}]
)
def test_what_is_no_bounded_json_object_is_refused(name: str) -> None:
    with pytest.raises(Unparsable):
        wire.load(poison.BODIES[name])


def test_an_object_with_or_without_byte_order_mark_is_read() -> None:
    assert wire.load('{"text":"你好 🍎"}'.encode()) == {"text": "你好 🍎"}
    assert wire.load(b"\xef\xbb\xbf" + '{"text":"你好"}'.encode()) == {"text": "你好"}


def test_nul_and_lone_surrogates_are_replaced_in_keys_and_texts_and_pairs_are_kept() -> None:
    loaded = wire.load(b'{"a\\u0000":["x\\ud800y","\\udc00","\\ud83c\\udf4e",{"b":"\\u0000"}]}')
    assert loaded == {"a\ufffd": ["x\ufffdy", "\ufffd", "🍎", {"b": "\ufffd"}]}


def test_an_escaped_backslash_before_u0000_is_plain_text() -> None:
    assert wire.load(b'{"a":"\\\\u0000"}') == {"a": "\\u0000"}


@pytest.mark.parametrize("number", ["1e400", "-1e400", "NaN", "Infinity", "-Infinity", "9" * 5_000])
def test_a_number_that_the_database_cannot_keep_becomes_its_text(number: str) -> None:
    loaded = wire.load(b'{"text":"kept","n":[%s]}' % number.encode())
    assert loaded == {"text": "kept", "n": [number]}
    assert storable(loaded)


def test_ordinary_numbers_stay_numbers() -> None:
    assert wire.load(b'{"a":369239263222822,"b":25.0478,"c":-1,"d":1e3}') == {
        "a": 369239263222822,
        "b": 25.0478,
        "c": -1,
        "d": 1000.0,
    }


def test_of_duplicate_keys_the_last_one_counts() -> None:
    assert wire.load(b'{"a":1,"a":2}') == {"a": 2}


@pytest.mark.parametrize("opening, closing", [(b"[", b"]"), (b'{"a":', b"}")])
def test_the_border_of_depth_is_exact(opening: bytes, closing: bytes) -> None:
    def nested(levels: int) -> bytes:
        return b'{"a":' + opening * (levels - 1) + b"1" + closing * (levels - 1) + b"}"

    assert wire.load(nested(wire.MAX_DEPTH))
    with pytest.raises(Unparsable, match="nested"):
        wire.load(nested(wire.MAX_DEPTH + 1))


def test_brackets_inside_of_texts_count_for_nothing() -> None:
    text = '[{"' * 50_000 + "\\"
    assert wire.load(json.dumps({"text": text, "list": [[]] * 100}).encode())["text"] == text


def test_a_full_batch_of_meta_is_not_too_much() -> None:
    element = {
        "sender": {"id": "1"},
        "recipient": {"id": "2"},
        "message": {"attachments": [{"type": "image", "payload": {"url": "u"}}] * 10},
    }
    assert wire.load(json.dumps({"entry": [{"messaging": [element]}] * 1_000}).encode())


def test_the_border_of_size_is_exact() -> None:
    frame = len(b'{"a":""}')
    assert wire.load(b'{"a":"' + b"x" * (wire.MAX_BYTES - frame) + b'"}')
    with pytest.raises(Unparsable, match="bytes"):
        wire.load(b'{"a":"' + b"x" * (wire.MAX_BYTES - frame + 1) + b'"}')


@fuzzed
@given(st.dictionaries(st.text(), json_values))
def test_any_json_object_can_be_stored_after_loading(value: dict[str, object]) -> None:
    assert storable(wire.load(json.dumps(value).encode()))


@fuzzed
@given(st.binary() | st.text().map(str.encode))
def test_any_bytes_are_an_object_or_unparsable(body: bytes) -> None:
    with contextlib.suppress(Unparsable):
        assert isinstance(wire.load(body), dict)


# --- fields ------------------------------------------------------------------------------------------------


def test_fields_of_another_type_read_as_empty() -> None:
    odd = {"a": [1], "b": {"c": 1}, "d": True, "e": None, "f": 1.5, "g": "x"}
    assert [wire.text(odd, key) for key in "abdefz"] == [""] * 6
    assert wire.mapping(odd, "a") == {} and wire.mapping(odd, "b") == {"c": 1}
    assert wire.objects(odd, "b") == [] and wire.objects(odd, "a") == []
    assert wire.elements(odd, "a") == [{"value": 1}] and wire.elements(odd, "g") == []
    assert [wire.whole_number(odd, key) for key in "abdefg"] == [None] * 6
    assert [wire.decimal(odd, key) for key in "abdeg"] == [None] * 5 and wire.decimal(odd, "f") == 1.5


def test_an_id_given_as_a_number_keeps_all_its_digits() -> None:
    assert wire.identifier({"id": 369239263222822999}, "id") == "369239263222822999"


def test_an_id_too_long_for_a_key_column_becomes_its_digest() -> None:
    long, other = "m" * (wire.MAX_ID + 1), "m" * (wire.MAX_ID + 2)
    assert wire.identifier({"id": "m" * wire.MAX_ID}, "id") == "m" * wire.MAX_ID
    digests = {wire.identifier({"id": value}, "id") for value in (long, other)}
    assert len(digests) == 2 and all(len(digest) <= wire.MAX_ID for digest in digests)
    assert len(wire.stable_id("reaction", long, other)) <= wire.MAX_ID


def test_a_text_is_cut_at_its_bound() -> None:
    assert len(wire.text({"a": "字" * 100_000}, "a")) == wire.MAX_TEXT


def test_a_fingerprint_is_the_same_for_the_same_thing_only() -> None:
    assert wire.fingerprint({"a": 1, "b": [2]}) == wire.fingerprint({"b": [2], "a": 1})
    assert wire.fingerprint({"a": 1}) != wire.fingerprint({"a": 2})


def test_too_many_elements_are_refused() -> None:
    assert len(wire.elements({"a": [0] * wire.MAX_ITEMS}, "a")) == wire.MAX_ITEMS
    with pytest.raises(Unparsable):
        wire.elements({"a": [0] * (wire.MAX_ITEMS + 1)}, "a")


# --- time --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [1793584984, 1793584984000, "1793584984", "1793584984000", 1793584984.0])
def test_seconds_and_milliseconds_are_told_apart(value: object) -> None:
    assert wire.moment(value) == datetime(2026, 11, 2, 2, 3, 4, tzinfo=UTC)


def test_milliseconds_are_kept() -> None:
    assert wire.moment(1793584984500) == datetime(2026, 11, 2, 2, 3, 4, 500_000, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, "", "soon", [], {}, "1e400", "9" * 5_000),
        *(0, -1, 5, -(10**30), 10**30, 10**400, math.inf, math.nan, 4102444800000, 99_999_999_999),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_time_that_is_nonsense_is_the_unknown_time(value: object) -> None:
    assert wire.moment(value) == UNKNOWN_TIME


def test_the_first_credible_time_counts() -> None:
    assert wire.moment(None, "x", 1793584984, 1793584999) == datetime(2026, 11, 2, 2, 3, 4, tzinfo=UTC)


@fuzzed
@given(st.integers() | st.floats() | st.text())
def test_any_time_is_aware_and_credible_or_unknown(value: object) -> None:
    found = wire.moment(value)
    assert found.tzinfo is UTC and wire.EARLIEST <= found <= UNKNOWN_TIME


# --- signatures, answers -----------------------------------------------------------------------------------


def encode(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


def test_one_of_several_secrets_is_enough_and_empty_ones_count_for_nothing() -> None:
    signature = encode(hmac.digest(b"new", b"body", "sha256"))
    assert wire.signed_by_one(b"body", signature, ["old", "", "new"], encode)
    assert not wire.signed_by_one(b"body", signature, ["old"], encode)
    without_secret = encode(hmac.digest(b"", b"body", "sha256"))
    assert not wire.signed_by_one(b"body", without_secret, [""], encode)
    assert not wire.signed_by_one(b"body", without_secret, [], encode)


@pytest.mark.parametrize("given_signature", ["", "簽名", "\ud800", "x" * 100_000])
def test_an_odd_signature_is_refused_without_an_error(given_signature: str) -> None:
    assert not wire.signed_by_one(b"body", given_signature, ["secret"], encode)


def test_secrets_are_the_same_or_not_and_never_empty() -> None:
    assert wire.same_secret("密碼", "密碼")
    assert not wire.same_secret("密碼", "密") and not wire.same_secret("", "")


def test_retry_after_is_read_whatever_the_case_of_its_name() -> None:
    assert wire.retry_after({"Retry-After": "12"}) == 12.0
    assert wire.retry_after({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}) is None
    assert wire.retry_after({}) is None


def test_an_answer_that_is_no_object_reads_as_empty() -> None:
    assert wire.answer(PlatformResponse(status=200, headers={}, body=b"<html>")) == {}
    assert wire.answer(PlatformResponse(status=200, headers={}, body=b'{"a":1}')) == {"a": 1}


def outgoing(text: str) -> OutgoingMessage:
    return OutgoingMessage(address="a", text=text, correlation="c", retry_key="k")


@pytest.mark.parametrize(
    "unit, fits, too_long",
    [
        ("characters", "🍎" * 10, "🍎" * 11),
        ("utf16", "🍎" * 5, "🍎" * 5 + "a"),
        ("bytes", "字字字a", "字字字ab"),
    ],
)
def test_length_is_counted_in_the_unit_of_the_platform(unit: str, fits: str, too_long: str) -> None:
    capabilities = Capabilities(text_limit=10, text_unit=unit)
    wire.require_sendable(outgoing(fits), capabilities)
    with pytest.raises(DeliveryError) as refused:
        wire.require_sendable(outgoing(too_long), capabilities)
    assert refused.value.code == "text_too_long" and refused.value.permanent


def test_an_account_without_a_token_cannot_send() -> None:
    with pytest.raises(DeliveryError) as refused:
        wire.bearer(Account(account_id="a", base_url=""))
    assert refused.value.kind is ErrorKind.AUTH_EXPIRED
    account = Account(account_id="a", base_url="", credentials={"access_token": "t"})
    assert wire.bearer(account) == {"Authorization": "Bearer t"}
    assert "'t'" not in repr(account)
