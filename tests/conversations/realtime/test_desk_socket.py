from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.sessions.models import Session
from pytest_django import Settings

from conversations.realtime import connection, desk_socket, frames
from conversations.realtime import hub as hub_module
from conversations.realtime.connection import Close
from conversations.realtime.hub import Hub
from tenants import completeness, directory
from tenants.directory import TenantRef
from tenants.models import Membership, Tenant, User
from tenants.scope import in_tenant
from tenants.workspace.log import newest_sequence
from tenants.workspace.models import Agent, Team
from tests.conversations.realtime.browser import Browser, Refused
from tests.conversations.realtime.conftest import Open, page_headers
from tests.conversations.realtime.seeds import Talk, make_inbox, start_talk, write

pytestmark = pytest.mark.django_db(transaction=True)

CookieOf = Callable[[User, TenantRef], Awaitable[str]]


async def a_talk(tenant: TenantRef) -> Talk:
    return await in_tenant(tenant, lambda: start_talk(make_inbox()))


async def newest(tenant: TenantRef) -> int:
    return await in_tenant(tenant, newest_sequence)


async def change(rows: Any, **values: Any) -> None:
    await sync_to_async(rows.update)(**values)


async def knock(headers: list[tuple[bytes, bytes]]) -> int:
    """The code with which a handshake is refused; 0 when it is accepted."""
    browser = Browser(desk_socket.application, headers)
    try:
        await browser.connect()
    except Refused as refused:
        return refused.code
    await browser.leave()
    return 0


# --- the stream ---------------------------------------------------------------------------------------------


async def test_a_message_is_live(open_desk: Open, acme: TenantRef, alice: User) -> None:
    talk = await a_talk(acme)
    at = await newest(acme)
    desk = await open_desk(alice, acme, after=at)
    await in_tenant(acme, write, talk, "在嗎？")
    (event,) = await desk.hear_events(1)
    assert event["sequence"] == at + 1
    assert event["message"]["text"] == "在嗎？"
    assert event["conversation"]["id"] == str(talk.id)


async def test_what_was_missed_comes_first_and_live_follows_without_a_hole(
    open_desk: Open, acme: TenantRef, alice: User
) -> None:
    talk = await a_talk(acme)
    at = await newest(acme)
    for number in range(5):
        await in_tenant(acme, write, talk, f"missed {number}")
    desk = await open_desk(alice, acme)
    desk.say({"type": "hello", "after": at})
    missed = await desk.hear_events(5)
    await in_tenant(acme, write, talk, "live")
    (live,) = await desk.hear_events(1)
    assert [event["sequence"] for event in [*missed, live]] == list(range(at + 1, at + 7))


async def test_who_missed_too_much_is_told_to_read_again(
    open_desk: Open, acme: TenantRef, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames, "MOST_MISSED", 2)
    talk = await a_talk(acme)
    at = await newest(acme)
    for number in range(3):
        await in_tenant(acme, write, talk, str(number))
    desk = await open_desk(alice, acme)
    desk.say({"type": "hello", "after": at})
    assert await desk.hear() == {"type": "resync", "newest": at + 3}
    await in_tenant(acme, write, talk, "live")
    (event,) = await desk.hear_events(1)
    assert event["sequence"] == at + 4


async def test_a_browser_that_sees_a_hole_asks_again(open_desk: Open, acme: TenantRef, alice: User) -> None:
    talk = await a_talk(acme)
    at = await newest(acme)
    desk = await open_desk(alice, acme, after=at)
    await in_tenant(acme, write, talk, "one")
    await desk.hear_events(1)
    desk.say({"type": "hello", "after": at})
    (again,) = await desk.hear_events(1)
    assert again["sequence"] == at + 1


async def test_a_pong_carries_the_newest_number(open_desk: Open, acme: TenantRef, alice: User) -> None:
    talk = await a_talk(acme)
    desk = await open_desk(alice, acme, after=await newest(acme))
    await in_tenant(acme, write, talk, "one")
    await desk.hear_events(1)
    desk.say({"type": "ping"})
    assert await desk.hear() == {"type": "pong", "newest": await newest(acme)}


async def test_an_agent_of_no_team_gets_bare_numbers_for_a_team_inbox(
    open_desk: Open, acme: TenantRef, bob: User, alice: User
) -> None:
    def seed() -> Talk:
        return start_talk(make_inbox("Press", only_for=Team.objects.create(name="Press")))

    talk = await in_tenant(acme, seed)
    at = await newest(acme)
    bobs, alices = await open_desk(bob, acme, after=at), await open_desk(alice, acme, after=at)
    await in_tenant(acme, write, talk, "a secret")
    assert await bobs.hear_events(1) == [{"sequence": at + 1}]
    assert (await alices.hear_events(1))[0]["message"]["text"] == "a secret"


# --- who may enter ------------------------------------------------------------------------------------------


async def test_no_cookie_no_entry(the_hub: Hub, acme: TenantRef) -> None:
    assert await knock(page_headers(acme, None)) == connection.Close.NOT_SIGNED_IN
    assert await knock(page_headers(acme, "a" * 32)) == connection.Close.NOT_SIGNED_IN


async def test_a_member_of_another_brand_is_a_stranger(
    the_hub: Hub, cookie_of: CookieOf, acme: TenantRef, globex: TenantRef, charlie: User
) -> None:
    signed_in_at_acme, signed_in_at_home = await cookie_of(charlie, acme), await cookie_of(charlie, globex)
    assert await knock(page_headers(acme, signed_in_at_acme)) == connection.Close.NOT_ALLOWED
    assert await knock(page_headers(acme, signed_in_at_home)) == connection.Close.NOT_SIGNED_IN
    assert await knock(page_headers(globex, signed_in_at_home)) == 0


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "null",
        "http://globex.localhost:8000",
        "http://acme.localhost",
        "http://acme.localhost:9000",
        "https://acme.localhost:8000",
        "http://acme.localhost.evil.test:8000",
        "http://evil-acme.localhost:8000",
        "http://acme.localhost:8000@evil.test",
        "http://evil.test/acme.localhost:8000",
        "http://localhost:8000",
        "",
        "http://[",
    ],
)
async def test_a_page_of_another_origin_does_not_get_in(
    the_hub: Hub, cookie_of: CookieOf, acme: TenantRef, alice: User, origin: str | None
) -> None:
    cookie = await cookie_of(alice, acme)
    assert await knock(page_headers(acme, cookie, origin=origin)) == connection.Close.NOT_ALLOWED
    assert await knock(page_headers(acme, cookie)) == 0


async def test_two_origins_or_two_hosts_are_refused(
    the_hub: Hub, cookie_of: CookieOf, acme: TenantRef, alice: User
) -> None:
    headers = page_headers(acme, await cookie_of(alice, acme))
    for name in (b"origin", b"host"):
        twice = [*headers, next(header for header in headers if header[0] == name)]
        assert await knock(twice) == connection.Close.NOT_ALLOWED


async def test_behind_a_proxy_the_page_must_be_secure(
    the_hub: Hub, cookie_of: CookieOf, acme: TenantRef, alice: User, settings: Settings
) -> None:
    cookie = await cookie_of(alice, acme)
    settings.SESSION_COOKIE_SECURE = True
    secure = page_headers(acme, cookie, host="acme.localhost", origin="https://acme.localhost")
    plain = page_headers(acme, cookie, host="acme.localhost", origin="http://acme.localhost")
    assert await knock(secure) == 0
    assert await knock(plain) == connection.Close.NOT_ALLOWED


@pytest.mark.parametrize(
    "host", ["nobody.localhost:8000", "localhost:8000", "acme.localhost:8000, globex.localhost"]
)
async def test_a_host_that_is_no_brand_is_refused(
    the_hub: Hub, cookie_of: CookieOf, acme: TenantRef, alice: User, host: str
) -> None:
    headers = page_headers(acme, await cookie_of(alice, acme), host=host, origin=f"http://{host}")
    assert await knock(headers) == connection.Close.NOT_ALLOWED


async def test_a_suspended_brand_lets_nobody_in(
    the_hub: Hub, cookie_of: CookieOf, acme: TenantRef, alice: User
) -> None:
    headers = page_headers(acme, await cookie_of(alice, acme))
    await change(Tenant.objects.filter(id=acme.id), status=Tenant.Status.SUSPENDED)
    directory.forget()
    assert await knock(headers) == connection.Close.NOT_ALLOWED


async def test_one_person_cannot_open_connections_without_end(
    open_desk: Open, cookie_of: CookieOf, acme: TenantRef, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "SOCKETS_PER_USER", 2)
    first = await open_desk(alice, acme)
    await open_desk(alice, acme)
    headers = page_headers(acme, await cookie_of(alice, acme))
    assert await knock(headers) == connection.Close.TRY_LATER
    await first.leave()
    assert await knock(headers) == 0


# --- rights change ------------------------------------------------------------------------------------------


@pytest.fixture
def quick_rights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk_socket, "RIGHTS_SECONDS", 0.05)


async def test_a_removed_member_is_sent_away(
    quick_rights: None, open_desk: Open, acme: TenantRef, bob: User
) -> None:
    desk = await open_desk(bob, acme, after=0)
    await change(Membership.objects.filter(user_id=bob.id), is_active=False)
    assert await desk.hear_close() == connection.Close.NOT_ALLOWED


async def test_a_lowered_role_ends_the_connection(
    quick_rights: None, open_desk: Open, acme: TenantRef, alice: User
) -> None:
    desk = await open_desk(alice, acme, after=0)
    await change(Membership.objects.filter(user_id=alice.id), role=Membership.Role.VIEWER)
    assert await desk.hear_close() == connection.Close.NOT_ALLOWED


async def test_signing_out_ends_the_connection(
    quick_rights: None, open_desk: Open, acme: TenantRef, alice: User
) -> None:
    desk = await open_desk(alice, acme, after=0)
    await sync_to_async(Session.objects.all().delete)()
    assert await desk.hear_close() == connection.Close.NOT_SIGNED_IN


async def test_a_new_team_shows_its_inbox_without_a_new_connection(
    quick_rights: None, open_desk: Open, acme: TenantRef, bob: User, bob_agent: Agent
) -> None:
    team = await in_tenant(acme, lambda: Team.objects.create(name="Press"))
    talk = await in_tenant(acme, lambda: start_talk(make_inbox("Press", only_for=team)))
    at = await newest(acme)
    desk = await open_desk(bob, acme, after=at)
    await in_tenant(acme, lambda: team.agents.add(bob_agent))
    assert await desk.hear("resync") == {"type": "resync", "newest": at}
    await in_tenant(acme, write, talk, "for the press")
    assert (await desk.hear_events(1))[0]["message"]["text"] == "for the press"


# --- presence -----------------------------------------------------------------------------------------------


async def test_agents_see_who_looks_and_who_writes(
    open_desk: Open, acme: TenantRef, alice: User, bob: User, bob_agent: Agent
) -> None:
    talk = await a_talk(acme)
    at = await newest(acme)
    alices, bobs = await open_desk(alice, acme, after=at), await open_desk(bob, acme, after=at)
    seen = []
    for frame in (
        {"type": "viewing", "conversation_id": str(talk.id), "visible": True},
        {"type": "typing", "conversation_id": str(talk.id)},
        {"type": "viewing", "conversation_id": None, "visible": True},
    ):
        bobs.say(frame)
        presence = await alices.hear("presence")
        seen.append([(agent["id"], agent["name"], agent["state"]) for agent in presence["agents"]])
    bob_is = (str(bob_agent.id), "Bob")
    assert seen == [[(*bob_is, "viewing")], [(*bob_is, "typing")], []]


async def test_a_closed_window_is_gone(open_desk: Open, acme: TenantRef, alice: User, bob: User) -> None:
    talk = await a_talk(acme)
    at = await newest(acme)
    alices, bobs = await open_desk(alice, acme, after=at), await open_desk(bob, acme, after=at)
    bobs.say({"type": "viewing", "conversation_id": str(talk.id), "visible": True})
    assert len((await alices.hear("presence"))["agents"]) == 1
    await bobs.leave()
    assert (await alices.hear("presence"))["agents"] == []


async def test_a_newcomer_is_told_who_is_around(
    open_desk: Open, acme: TenantRef, alice: User, bob: User
) -> None:
    talk = await a_talk(acme)
    at = await newest(acme)
    bobs = await open_desk(bob, acme, after=at)
    bobs.say({"type": "viewing", "conversation_id": str(talk.id), "visible": True})
    await bobs.hear("presence")
    alices = await open_desk(alice, acme, after=at)
    assert (await alices.hear("presence"))["agents"][0]["name"] == "Bob"


async def test_a_hidden_a_foreign_and_a_random_conversation_are_refused_alike(
    open_desk: Open, acme: TenantRef, globex: TenantRef, bob: User
) -> None:
    def seed() -> Talk:
        return start_talk(make_inbox("Press", only_for=Team.objects.create(name="Press")))

    hidden, foreign = await in_tenant(acme, seed), await a_talk(globex)
    shown = await a_talk(acme)
    desk = await open_desk(bob, acme, after=await newest(acme))
    random_id = "018f0000-0000-7000-8000-000000000000"
    for kind in ("viewing", "typing"):
        for conversation_id in (
            str(hidden.id),
            str(foreign.id),
            random_id,
            "*",
            "desk.*",
            7,
            ["x"],
            "\ud800",
        ):
            desk.say({"type": kind, "conversation_id": conversation_id, "visible": True})
            assert await desk.hear() == {"type": "error", "code": "not_found"}
    desk.say({"type": "viewing", "conversation_id": str(shown.id), "visible": True})
    assert (await desk.hear())["type"] == "presence"


async def test_a_viewer_looks_but_does_not_type(open_desk: Open, acme: TenantRef, victor: User) -> None:
    talk = await a_talk(acme)
    desk = await open_desk(victor, acme, after=await newest(acme))
    desk.say({"type": "typing", "conversation_id": str(talk.id)})
    assert await desk.hear() == {"type": "error", "code": "not_allowed"}


# --- bad input and bad networks -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "7", "null", '{"type": 7}', "{}", "[" * 50_000, '{"type":' * 5_000]
)
async def test_what_is_no_frame_ends_the_connection(
    open_desk: Open, acme: TenantRef, alice: User, text: str
) -> None:
    desk, other = await open_desk(alice, acme, after=0), await open_desk(alice, acme, after=0)
    desk.say_text(text)
    assert await desk.hear_close() == connection.Close.BAD_FRAME
    other.say({"type": "ping"})
    assert (await other.hear("pong"))["type"] == "pong"


async def test_bytes_end_the_connection(open_desk: Open, acme: TenantRef, alice: User) -> None:
    desk = await open_desk(alice, acme)
    desk.say_bytes(b'{"type":"ping"}')
    assert await desk.hear_close() == connection.Close.BAD_FRAME


async def test_a_frame_beyond_the_bound_ends_the_connection(
    open_desk: Open, acme: TenantRef, alice: User
) -> None:
    desk = await open_desk(alice, acme)
    desk.say_text('{"type":"ping","x":"' + "字" * 20_000 + '"}')
    assert (await desk.hear("pong"))["type"] == "pong"
    desk.say_text('{"type":"ping","x":"' + "字" * 30_000 + '"}')
    assert await desk.hear_close() == connection.Close.TOO_BIG


async def test_a_flood_ends_the_connection_and_disturbs_nobody(
    open_desk: Open, acme: TenantRef, alice: User, bob: User
) -> None:
    talk = await a_talk(acme)
    at = await newest(acme)
    flooder, other = await open_desk(alice, acme, after=at), await open_desk(bob, acme, after=at)
    for _ in range(1_000):
        flooder.say({"type": "ping"})
    assert await flooder.hear_close() == connection.Close.BAD_FRAME
    await in_tenant(acme, write, talk, "still here")
    assert len(await other.hear_events(1)) == 1


@pytest.mark.parametrize("after", [None, "7", -1, True, 1.5, 2**70, [], {}])
async def test_a_bad_number_is_refused_and_a_good_one_taken(
    open_desk: Open, acme: TenantRef, alice: User, after: Any
) -> None:
    desk = await open_desk(alice, acme)
    desk.say({"type": "hello", "after": after})
    assert await desk.hear() == {"type": "error", "code": "bad_number"}
    desk.say({"type": "hello", "after": await newest(acme)})
    assert await desk.hear() == {"type": "events", "events": []}


async def test_an_unknown_type_is_an_error_and_many_are_the_end(
    open_desk: Open, acme: TenantRef, alice: User
) -> None:
    desk = await open_desk(alice, acme)
    desk.say({"type": "join", "group": "presence.*"})
    assert await desk.hear() == {"type": "error", "code": "unknown_type"}
    for _ in range(desk_socket.MOST_REFUSALS):
        desk.say({"type": "join"})
    assert await desk.hear_close() == connection.Close.BAD_FRAME


async def test_a_browser_that_does_not_read_is_sent_away_and_the_others_are_not(
    open_desk: Open, acme: TenantRef, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "MOST_FRAMES_WAITING", 5)
    talk = await a_talk(acme)
    at = await newest(acme)
    stuck, other = await open_desk(alice, acme, after=at), await open_desk(bob, acme, after=at)
    stuck.stop_reading()
    for number in range(10):
        await in_tenant(acme, write, talk, str(number))
        await other.hear_events(1)
    stuck.read_again()
    assert await stuck.hear_close() == connection.Close.TRY_LATER


async def test_a_browser_that_swallows_without_ever_answering_is_sent_away(
    open_desk: Open, acme: TenantRef, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "MOST_BYTES_UNHEARD", 3_000)
    talk = await a_talk(acme)
    desk = await open_desk(alice, acme, after=await newest(acme))
    for number in range(10):
        await in_tenant(acme, write, talk, str(number))
    assert await desk.hear_close() == connection.Close.TRY_LATER


async def test_a_silent_browser_is_sent_away(
    open_desk: Open, acme: TenantRef, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "SILENCE_SECONDS", 0.1)
    desk = await open_desk(alice, acme, after=0)
    assert await desk.hear_close() == connection.Close.SILENT


async def test_a_damaged_brand_asks_the_browser_to_come_again(
    open_desk: Open, acme: TenantRef, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk_socket, "RIGHTS_SECONDS", 0.05)
    desk = await open_desk(alice, acme)
    monkeypatch.setattr(completeness, "faults", lambda schemas: {acme.schema_name: "missing: a table"})
    directory.forget()
    assert await desk.hear_close() == Close.TRY_LATER
    with pytest.raises(Refused) as refused:
        await open_desk(alice, acme)
    assert refused.value.code == Close.TRY_LATER
