"""What every channel kind promises of reading, checked for each one that is registered."""

import ast
import contextlib
import importlib
import inspect
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.channels import registry
from conversations.channels.base import Channel, Hook, Unparsable
from conversations.channels.items import IncomingMessage, Item
from tests.conversations.channels import poison
from tests.conversations.channels.contract import (
    FILES,
    TEXT,
    every_file,
    every_kind,
    fuzzed,
    hook,
    json_values,
    payload,
    require_well_formed,
    samples,
    vars_of,
    written,
)


def is_one_a_call(kind: str) -> bool:
    """Whether the kind's platform sends one element a call."""
    return bool(getattr(samples(kind), "ONE_A_CALL", False))


# --- registry ----------------------------------------------------------------------------------------------


@every_kind
def test_a_registered_kind_opens_as_itself(kind: str) -> None:
    channel = registry.open(kind)
    assert isinstance(channel, Channel) and channel.kind == kind and channel.label
    assert channel is registry.open(kind)
    assert channel.default_base_url == "" or channel.default_base_url.startswith("https://")
    assert channel.capabilities.text_limit > 0


def test_a_kind_that_is_not_registered_is_refused_by_name() -> None:
    with pytest.raises(registry.UnknownKind, match="telegraph"):
        registry.open("telegraph")


@every_kind
def test_a_kind_is_pure(kind: str) -> None:
    """No database, settings, clock or network of its own, and no other kind."""
    allowed = {
        "__future__",
        "base64",
        "collections",
        "dataclasses",
        "datetime",
        "re",
        "typing",
        "urllib",
        "uuid",
    }
    others = {path.rpartition(".")[0] for other, path in registry.KINDS.items() if other != kind}
    module = importlib.import_module(type(registry.open(kind)).__module__)
    tree = ast.parse(inspect.getsource(module))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            assert {name.name.split(".")[0] for name in node.names} <= allowed
        elif isinstance(node, ast.ImportFrom):
            source = str(node.module)
            names = {f"{source}.{name.name}" for name in node.names} | {source}
            ours = source.startswith("conversations.channels") or source == "django.utils.translation"
            assert ours or source.split(".")[0] in allowed
            assert not names & others
        elif isinstance(node, ast.Attribute):
            assert node.attr not in {"now", "utcnow", "today"}


# --- signatures --------------------------------------------------------------------------------------------


@every_kind
def test_only_exactly_signed_bytes_are_verified(kind: str) -> None:
    channel, sample = registry.open(kind), samples(kind)
    body = sample.wrap([sample.message_element("m-1", TEXT)])
    call = hook(kind, body, "secret-1")
    assert channel.verify(call, ["secret-1"]) is sample.SIGNS
    assert channel.verify(call, ["secret-2", "secret-1"]) is sample.SIGNS
    covers_body = getattr(sample, "SIGNS_BODY", True)
    assert not covers_body or not channel.verify(replace(call, body=body + b" "), ["secret-1"])
    assert not channel.verify(call, ["secret-2"])
    assert not channel.verify(call, [])
    assert not channel.verify(Hook(body=body), ["secret-1"])
    assert not channel.verify(hook(kind, body, ""), [""])


@every_kind
@fuzzed
@given(signature=st.text(st.characters()))
def test_an_odd_signature_is_refused_and_never_an_error(kind: str, signature: str) -> None:
    channel, call = registry.open(kind), hook(kind, b"{}", "secret-1")
    odd = replace(
        call, headers=dict.fromkeys(call.headers, signature), query=dict.fromkeys(call.query, signature)
    )
    assert not channel.verify(odd, ["secret-1"])


@every_kind
def test_no_handshake_succeeds_without_a_verify_token(kind: str) -> None:
    query = {"hub.mode": "subscribe", "hub.verify_token": "", "hub.challenge": "1158201444"}
    assert registry.open(kind).challenge(query, "") is None


# --- reading -----------------------------------------------------------------------------------------------


@every_kind
def test_there_are_payloads_of_this_kind(kind: str) -> None:
    assert [path for file_kind, path in FILES if file_kind == kind]


@every_file
def test_a_payload_is_read_the_same_way_each_time(kind: str, path: Path) -> None:
    channel, body = registry.open(kind), payload(kind, path)
    items = channel.parse(body)
    require_well_formed(items)
    assert channel.parse(body) == items
    json.dumps([item.raw for item in items], allow_nan=False)


@every_file
def test_a_stored_element_is_read_again_to_the_same_item(kind: str, path: Path) -> None:
    channel = registry.open(kind)
    for item in channel.parse(payload(kind, path)):
        assert channel.parse_element(item.account_id, json.loads(json.dumps(item.raw))) == [item]


@every_file
def test_event_ids_of_a_payload_are_distinct_where_there_are_any(kind: str, path: Path) -> None:
    ids = [item.event_id for item in registry.open(kind).parse(payload(kind, path)) if item.event_id]
    assert len(ids) == len(set(ids))


def with_unknown_fields(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: with_unknown_fields(inner) for key, inner in value.items()} | {"brand_new": {"x": [1]}}
    return [with_unknown_fields(inner) for inner in value] if isinstance(value, list) else value


@every_file
def test_unknown_fields_change_nothing(kind: str, path: Path) -> None:
    def told(body: bytes) -> list[tuple[object, ...]]:
        return [
            (type(item), vars_of(item)["address"], vars_of(item).get("text"), item.happened_at)
            for item in registry.open(kind).parse(body)
        ]

    content = json.loads(path.read_bytes())
    assert told(written(kind, with_unknown_fields(content))) == told(payload(kind, path))


@every_file
def test_items_name_the_receiving_account_where_the_platform_does(kind: str, path: Path) -> None:
    names_account = getattr(samples(kind), "NAMES_ACCOUNT", True)
    allowed = {True, False} if names_account is None else {names_account}
    assert {bool(item.account_id) for item in registry.open(kind).parse(payload(kind, path))} <= allowed


@pytest.mark.parametrize("kind", [kind for kind in registry.KINDS if not is_one_a_call(kind)])
def test_one_odd_element_never_costs_the_others(kind: str) -> None:
    channel, sample = registry.open(kind), samples(kind)
    odd: list[object] = [None, 7, "text", [], {}, {"message": []}, {"type": "message"}, {"type": 5}]
    good = [sample.message_element(f"m-{number}", f"text {number}") for number in range(len(odd) + 1)]
    mixed = [element for pair in zip(good, odd, strict=False) for element in pair] + [good[-1]]
    items = channel.parse(sample.wrap(mixed))
    require_well_formed(items)
    assert len(items) == len(mixed)
    found = [item.text for item in items if isinstance(item, IncomingMessage)]
    assert found == [f"text {number}" for number in range(len(good))]


@every_kind
@pytest.mark.parametrize("body", poison.BODIES.values(), ids=poison.BODIES.keys())
def test_a_poisonous_body_is_unparsable(kind: str, body: bytes) -> None:
    with pytest.raises(Unparsable):
        registry.open(kind).parse(body)


@every_kind
@pytest.mark.parametrize("text", ["a\x00b", "a\ud800b", "a\udc00"])
def test_a_poisonous_text_arrives_mended(kind: str, text: str) -> None:
    sample = samples(kind)
    [item] = registry.open(kind).parse(sample.wrap([sample.message_element("m-1", text)]))
    assert isinstance(item, IncomingMessage)
    assert item.text == text.replace("\x00", "\ufffd").replace("\ud800", "\ufffd").replace("\udc00", "\ufffd")
    json.dumps(item.raw, ensure_ascii=False).encode("utf-8")


def require_tolerance(read: Callable[[], list[Item]]) -> None:
    with contextlib.suppress(Unparsable):
        require_well_formed(read())


@every_kind
@fuzzed
@given(data=st.data())
def test_a_payload_with_any_part_replaced_is_read_or_unparsable(kind: str, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from([path for file_kind, path in FILES if file_kind == kind]))
    content = json.loads(path.read_bytes())
    node: Any = content
    while isinstance(node, dict | list) and node:
        keys: list[Any] = sorted(node) if isinstance(node, dict) else list(range(len(node)))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(node[key], dict | list) or not node[key] or data.draw(st.integers(0, 3)) == 0:
            node[key] = data.draw(json_values)
            break
        node = node[key]
    require_tolerance(lambda: registry.open(kind).parse(written(kind, content)))


@every_kind
@fuzzed
@given(
    elements=st.lists(json_values | st.dictionaries(st.sampled_from(["message", "type", "id"]), json_values))
)
def test_any_elements_are_read_or_unparsable(kind: str, elements: list[object]) -> None:
    require_tolerance(lambda: registry.open(kind).parse(samples(kind).wrap(elements)))


@every_kind
@fuzzed
@given(raw=st.dictionaries(st.text(max_size=8), json_values))
def test_any_stored_element_is_read_or_unparsable(kind: str, raw: dict[str, object]) -> None:
    account_id = samples(kind).ACCOUNT.account_id
    require_tolerance(lambda: registry.open(kind).parse_element(account_id, raw))


@every_kind
@fuzzed
@given(body=st.binary())
def test_any_bytes_are_read_or_unparsable(kind: str, body: bytes) -> None:
    require_tolerance(lambda: registry.open(kind).parse(body))
