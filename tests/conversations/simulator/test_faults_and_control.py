"""Disturbing the road, reading the record, who may do so, and what is remembered."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conversations.simulator import platform
from conversations.simulator.accounts import Register, SimulatedAccount, SimulatedShop
from conversations.simulator.application import ROOT, Simulator
from tests.conversations.simulator.conftest import OFFICIAL, PAGE, PSID, USER, Caller, Receiver


def texts(receiver: Receiver) -> list[str]:
    return [json.loads(body)["events"][0]["message"]["text"] for _headers, body in receiver.posts]


async def write(call: Caller, *said: str) -> None:
    for text in said:
        assert (await call.act("line", "write", text=text)).status == 200


async def test_webhooks_arrive_in_order(call: Caller, receiver: Receiver) -> None:
    await write(call, *"abcdef")
    await receiver.wait(6)
    assert texts(receiver) == list("abcdef")


async def test_a_webhook_is_posted_twice_on_demand(call: Caller, receiver: Receiver) -> None:
    await call("POST", "control/faults", {"duplicate": 1})
    await write(call, "a", "b")
    await receiver.wait(3)
    assert texts(receiver) == ["a", "a", "b"]
    assert receiver.posts[0][1] == receiver.posts[1][1]


async def test_held_webhooks_arrive_behind_the_next_one_in_reverse(call: Caller, receiver: Receiver) -> None:
    await call("POST", "control/faults", {"reorder": 2})
    await write(call, "a", "b", "c")
    await receiver.wait(3)
    assert texts(receiver) == ["c", "b", "a"]
    await call("POST", "control/faults", {"reorder": 1})
    await write(call, "d")
    assert (await call("GET", "control/record")).json["waiting"] == 1
    await call("POST", "control/release")
    await receiver.wait(4)


async def test_a_dropped_webhook_never_arrives(call: Caller, receiver: Receiver) -> None:
    await call("POST", "control/faults", {"drop": 1})
    await write(call, "a", "b")
    await receiver.wait(1)
    assert texts(receiver) == ["b"]
    hooks = (await call("GET", "control/record")).json["hooks"]
    assert "dropped" in [each["how"] for each in hooks]


async def test_a_webhook_is_repeated_until_somebody_takes_it(
    call: Caller, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conversations.simulator.posting.WAITS", (0.01,) * 5)
    receiver.statuses = [503, 500]
    await write(call, "a")
    posts = await receiver.wait(3)
    again = [json.loads(body)["events"][0]["deliveryContext"]["isRedelivery"] for _headers, body in posts]
    assert again == [False, True, True]
    assert len({json.loads(body)["events"][0]["webhookEventId"] for _headers, body in posts}) == 1


async def test_a_send_that_hangs_is_delivered_all_the_same(
    call: Caller, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "HANG_SECONDS", 0.01)
    await call("POST", "control/faults", {"hang": 1})
    assert (await call.push("hi")).status == 504
    phone = (await call("GET", f"phone/line/{OFFICIAL}/{USER}/news?after=")).json
    assert [bubble["text"] for bubble in phone["bubbles"]] == ["hi"]


async def test_the_record_holds_every_send_with_its_answer(call: Caller) -> None:
    await call("POST", "control/faults", {"temporary": 1})
    await call.push("hi", x_line_retry_key="5f0c9d3e-6f1f-4b8e-9b5e-0d6a3d3d2a11")
    await call.push("hi", x_line_retry_key="5f0c9d3e-6f1f-4b8e-9b5e-0d6a3d3d2a11")
    sends = (await call("GET", "control/record")).json["sends"]
    assert [each["status"] for each in sends] == [500, 200]
    assert {each["retry_key"] for each in sends} == {"5f0c9d3e-6f1f-4b8e-9b5e-0d6a3d3d2a11"}
    assert sends[1]["content"]["messages"] == [{"type": "text", "text": "hi"}]
    await call("POST", "control/reset")
    assert (await call("GET", "control/record")).json == {"sends": [], "hooks": [], "waiting": 0}


async def test_a_new_customer_can_write(call: Caller, receiver: Receiver) -> None:
    given = {"kind": "messenger", "account_id": PAGE, "name": "林小姐"}
    made = await call("POST", "control/customers", given)
    wanted = {
        "kind": "messenger",
        "account_id": PAGE,
        "customer": made.json["id"],
        "do": "write",
        "text": "hi",
    }
    assert (await call("POST", "control/act", wanted)).status == 200
    await receiver.wait_for(made.json["id"])


@pytest.mark.parametrize(
    "path, body",
    [
        ("act", {}),
        ("act", {"kind": "line", "account_id": OFFICIAL, "customer": USER, "do": "fly"}),
        ("act", {"kind": "line", "account_id": OFFICIAL, "customer": USER, "do": ["write"]}),
        ("act", {"kind": "line", "account_id": OFFICIAL, "customer": USER, "do": "write", "text": " "}),
        ("act", {"kind": "line", "account_id": OFFICIAL, "customer": USER, "do": "unsend", "id": "7"}),
        ("act", {"kind": "line", "account_id": OFFICIAL, "customer": "nobody", "do": "write", "text": "x"}),
        ("faults", {"earthquake": 1}),
        ("faults", {"drop": -1}),
        ("faults", {"drop": "x"}),
        ("clock", {}),
        ("customers", {"kind": "line", "account_id": OFFICIAL, "name": ""}),
        ("accounts", {"kind": "line"}),
        (
            "accounts",
            {"kind": "fax", "account_id": "1", "name": "x", "secret": "s", "token": "t", "hook_url": "u"},
        ),
        ("act", b"{"),
    ],
)
async def test_what_makes_no_sense_is_refused(call: Caller, path: str, body: Any) -> None:
    refused = await call("POST", f"control/{path}", body)
    assert refused.status == 400 and refused.json["error"]


# --- who may ------------------------------------------------------------------------------------------------


async def test_a_control_token_is_needed_where_there_is_one(connect: Callable[[Simulator], None]) -> None:
    simulator = Simulator(control_token="drill")
    connect(simulator)
    call = Caller(simulator)
    for given in ("", "Bearer wrong", "Bearer"):
        assert (await call("GET", "control/record", authorization=given)).status == 403
    assert (await call("GET", "control/record", authorization="Bearer drill")).status == 200


@pytest.mark.parametrize("origin", ["https://evil.test", "null", "", "http://localhost:9999"])
async def test_another_sites_page_cannot_play_the_customer(call: Caller, origin: str) -> None:
    wanted = {"do": "write", "text": "x"}
    for path in (f"phone/line/{OFFICIAL}/{USER}/act", "control/faults"):
        assert (await call("POST", path, wanted, origin=origin)).status == 403
    assert (await call("POST", f"phone/line/{OFFICIAL}/{USER}/act", wanted)).status == 200


@pytest.mark.parametrize("host", ["acme.localhost:8000", "evil.test", "localhost.evil.test", ""])
async def test_other_hosts_have_no_simulator(call: Caller, host: str) -> None:
    assert (await call("GET", "", host=host)).status == 404
    assert (await call("GET", "")).status == 200


# --- pages --------------------------------------------------------------------------------------------------


async def test_pages_run_under_a_strict_policy(call: Caller) -> None:
    shop = SimulatedShop(
        "shanhai", "山海茶行", "zh-hant", "shanhai.localhost", "site-key", "#1f5f5b", "高山烏龍"
    )
    call.simulator.stage.register.connect_shop(shop)
    pages = [await call("GET", path) for path in ("", f"phone/messenger/{PAGE}/{PSID}/", "shop/shanhai/")]
    for page in pages:
        assert page.status == 200
        policy = page.headers["content-security-policy"]
        assert "unsafe" not in policy and "default-src 'none'" in policy
        assert b"style=" not in page.body and b"<script>" not in page.body
    assert "script-src http://shanhai.localhost:8000; frame-src http://shanhai.localhost:8000" in policy
    assert b'src="http://shanhai.localhost:8000/widget/loader.js"' in pages[2].body
    assert b'data-site="site-key"' in pages[2].body


async def test_a_name_cannot_break_out_of_a_page(call: Caller) -> None:
    given = {"kind": "line", "account_id": OFFICIAL, "name": "<script>alert(1)</script>"}
    made = await call("POST", "control/customers", given)
    for path in ("", f"phone/line/{OFFICIAL}/{made.json['id']}/"):
        assert b"<script>alert" not in (await call("GET", path)).body


@pytest.mark.parametrize(
    "accepted, tag", [("zh-TW,zh;q=0.9", "zh-Hant"), ("ja", "ja"), ("fr,en", "en"), ("", "en")]
)
async def test_pages_speak_the_browsers_language(call: Caller, accepted: str, tag: str) -> None:
    page = await call("GET", "", accept_language=accepted)
    assert f'<html lang="{tag}">'.encode() in page.body


async def test_only_the_simulators_own_files_are_served(call: Caller) -> None:
    assert (await call("GET", "static/phone.js")).headers["content-type"].startswith("text/javascript")
    for name in ("../widget/loader.js", "..%2fwidget", "phone.html", "nothing.css", ""):
        assert (await call("GET", f"static/{name}")).status == 404


async def test_a_phone_waits_for_news(call: Caller) -> None:
    before = (await call("GET", f"phone/line/{OFFICIAL}/{USER}/news?after=")).json["version"]
    await call.push("news")
    after = (await call("GET", f"phone/line/{OFFICIAL}/{USER}/news?after={before}")).json
    assert after["version"] > before and after["bubbles"][-1]["text"] == "news"
    assert (await call("GET", f"phone/line/{OFFICIAL}/nobody/")).status == 404


# --- what is remembered -------------------------------------------------------------------------------------


async def test_accounts_and_phones_survive_a_restart(
    tmp_path: Path, connect: Callable[[Simulator], None]
) -> None:
    simulator = Simulator(folder=tmp_path)
    connect(simulator)
    await Caller(simulator).push("remember")
    simulator.stage.world.save()
    again = await Caller(Simulator(folder=tmp_path))("GET", f"phone/line/{OFFICIAL}/{USER}/news?after=")
    assert [bubble["text"] for bubble in again.json["bubbles"]] == ["remember"]
    assert {facts.st_mode & 0o777 for facts in map(os.stat, os.scandir(tmp_path))} == {0o600}


def test_a_platform_says_of_our_own_hooks_how_people_reach_us() -> None:
    account = SimulatedAccount("line", "U1", "Ours", "s", "t", "/hooks/line/k")
    elsewhere = replace(account, hook_url="https://other.example/hook")
    poster = Simulator(outside_address="http://localhost:9000").stage.poster
    poster.own_address = "http://127.0.0.1:9000"
    assert poster.told_address_of(account) == "http://localhost:9000/hooks/line/k"
    assert poster.address_of(account) == "http://127.0.0.1:9000/hooks/line/k"
    assert poster.told_address_of(elsewhere) == poster.address_of(elsewhere) == elsewhere.hook_url


async def test_an_account_added_by_another_process_is_seen(
    tmp_path: Path, connect: Callable[[Simulator], None]
) -> None:
    simulator = Simulator(folder=tmp_path)
    connect(simulator)
    before = simulator.stage.register.accounts()
    assert before and simulator.stage.register.shops() == []
    Register(tmp_path).connect_shop(SimulatedShop("a", "A", "en", "a.localhost", "key"))
    assert [shop.slug for shop in simulator.stage.register.shops()] == ["a"]
    assert simulator.stage.register.accounts() == before


def test_it_runs_as_a_process_of_its_own(receiver: Receiver) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "conversations.simulator", "--control-token", "drill"],
        stdout=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip()

        def call(path: str, body: Any = None, token: str = "drill") -> tuple[int, Any]:
            data = None if body is None else json.dumps(body).encode()
            request = urllib.request.Request(address + path, data, {"Authorization": f"Bearer {token}"})
            try:
                with urllib.request.urlopen(request, timeout=20) as answer:
                    return answer.status, json.load(answer)
            except urllib.error.HTTPError as error:
                return error.code, None

        account = {"kind": "line", "account_id": OFFICIAL, "name": "x", "secret": "s", "token": "t"}
        customers = [{"id": USER, "name": "Mei"}]
        assert (
            call("control/accounts", {**account, "hook_url": receiver.url, "customers": customers})[0] == 200
        )
        wanted = {"kind": "line", "account_id": OFFICIAL, "customer": USER, "do": "write", "text": "hello"}
        assert call("control/act", wanted)[0] == 200
        push = {"to": USER, "messages": [{"type": "text", "text": "hi"}]}
        assert call("line/v2/bot/message/push", push, token="t")[0] == 200
        assert call("control/record", token="wrong")[0] == 403
        assert [each["status"] for each in call("control/record")[1]["sends"]] == [200]
    finally:
        process.terminate()
        process.communicate(timeout=20)
