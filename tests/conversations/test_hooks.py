"""The door for platforms: who may come in, what is answered, what is stored."""

from __future__ import annotations

import asyncio
import json
import logging
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.utils import timezone

from conversations import hook_bodies, hooks, lanes, unknown_accounts
from conversations.channels import wire
from conversations.models import Conversation, InboundRecord, Inbox, Message
from tenants import completeness, directory, sealing
from tenants.directory import TenantRef
from tenants.models import ChannelApp, Tenant, UnknownAccount, UnparsedHook
from tenants.scope import tenant_scope
from tests.conversations.posting import (
    PAGE,
    SECRET,
    call,
    connect,
    line_signature,
    message,
    milliseconds,
    page_app,
    page_inbox,
    post,
    signature,
    webhook,
)

pytestmark = pytest.mark.django_db(transaction=True)

BODY = webhook((PAGE, [message("m1", "您好")]))


@pytest.fixture(autouse=True)
def strangers_are_written_down_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unknown_accounts, "PAUSE_SECONDS", 0.0)


@pytest.fixture
def inbox(acme: TenantRef) -> Inbox:
    with tenant_scope(acme):
        return page_inbox()


@pytest.fixture
def app(acme: TenantRef, inbox: Inbox) -> ChannelApp:
    app = page_app()
    connect(app, acme, inbox)
    return app


def stored(tenant: TenantRef) -> list[str]:
    with tenant_scope(tenant):
        return sorted(Message.objects.values_list("external_id", flat=True))


def records(tenant: TenantRef) -> int:
    with tenant_scope(tenant):
        return InboundRecord.objects.count()


# --- what is taken -----------------------------------------------------------------------------------------


def test_a_signed_webhook_is_on_disk_when_it_is_answered(app: ChannelApp, acme: TenantRef) -> None:
    assert asyncio.run(post(app, BODY)) == (200, b"{}")
    with tenant_scope(acme):
        assert Message.objects.get().text == "您好"
        assert InboundRecord.objects.get().headers == {"x-hub-signature-256": signature(BODY)}


def test_a_brands_own_host_takes_hooks_too(app: ChannelApp, acme: TenantRef) -> None:
    assert asyncio.run(post(app, BODY, host="acme.localhost:8000"))[0] == 200
    assert stored(acme) == ["m1"]


def test_a_line_webhook_is_taken(acme: TenantRef) -> None:
    app = ChannelApp(kind="line", key="key-of-the-line-app", name="App", tenant_id=acme.id)
    app.sealed_secret = sealing.seal(SECRET, bound_to=f"channel_app:{app.id}:secret")
    app.save()
    with tenant_scope(acme):
        inbox = Inbox.objects.create(name="LINE", channel="line", account_id="U0", identity_scope="provider")
    connect(app, acme, inbox)
    event = {
        "type": "message", "mode": "active", "timestamp": milliseconds(0), "webhookEventId": "01H", "replyToken": "t",
        "source": {"type": "user", "userId": "U1"}, "message": {"id": "900", "type": "text", "text": "こんにちは"},
    }  # fmt: skip
    body = json.dumps({"destination": "U0", "events": [event]}).encode()

    def post_line(signed: str) -> int:
        return asyncio.run(call(f"/hooks/line/{app.key}", body, headers={"x-line-signature": signed}))[0]

    assert post_line(signature(body)) == 401
    assert post_line(line_signature(body)) == 200
    with tenant_scope(acme):
        assert Message.objects.get().text == "こんにちは"
        assert Conversation.objects.get().reply_handle == "t"


def test_two_brands_in_one_webhook_each_get_their_own(
    app: ChannelApp, acme: TenantRef, globex: TenantRef
) -> None:
    with tenant_scope(globex):
        other = page_inbox("400500600")
    connect(app, globex, other)
    body = webhook((PAGE, [message("m1")]), ("400500600", [message("m2", page="400500600")]))
    assert asyncio.run(post(app, body))[0] == 200
    assert (stored(acme), stored(globex)) == (["m1"], ["m2"])


def test_the_hot_path_asks_the_database_for_nothing_but_the_writing(
    app: ChannelApp, acme: TenantRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    async def twice() -> None:
        await post(app, BODY)
        genuine = directory.in_thread
        monkeypatch.setattr(directory, "in_thread", lambda *given: asked.append(given) or genuine(*given))
        await post(app, webhook((PAGE, [message("m2")])))

    asyncio.run(twice())
    assert stored(acme) == ["m1", "m2"] and asked == []


# --- who is refused ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "signed",
    [
        "",
        signature(BODY, "another application's secret"),
        signature(BODY)[:-1],
        signature(BODY)[:20],
        signature(BODY).upper(),
        signature(BODY).removeprefix("sha256="),
        signature(BODY).replace("sha256=", "sha1="),
        line_signature(BODY),
        signature(json.dumps(json.loads(BODY), separators=(",", ":")).encode()),
        signature(b""),
    ],
)
def test_a_signature_that_is_not_of_these_bytes_is_refused_and_leaves_nothing(
    app: ChannelApp, acme: TenantRef, signed: str
) -> None:
    assert asyncio.run(post(app, BODY, signed=signed)) == (401, b"")
    assert records(acme) == 0 and hooks.counts["refused_signature"] == 1
    assert asyncio.run(post(app, BODY))[0] == 200
    assert records(acme) == 1


def test_a_signature_is_asked_for_before_anything_is_read(app: ChannelApp, acme: TenantRef) -> None:
    assert asyncio.run(post(app, b"{", signed="sha256=00"))[0] == 401
    assert not UnparsedHook.objects.exists()


def test_another_applications_good_signature_opens_nothing_here(app: ChannelApp, acme: TenantRef) -> None:
    theirs = page_app(key="key-of-another-app", secret="their secret")
    assert asyncio.run(post(app, BODY, signed=signature(BODY, "their secret")))[0] == 401
    assert asyncio.run(post(theirs, BODY, signed=signature(BODY, "their secret")))[0] == 200
    assert records(acme) == 0  # signed well, but not for this page
    assert asyncio.run(post(app, BODY))[0] == 200
    assert records(acme) == 1


def test_an_application_without_a_secret_lets_nobody_in(acme: TenantRef) -> None:
    bare = page_app(secret="")
    for signed in ("", signature(BODY, ""), signature(BODY)):
        assert asyncio.run(post(bare, BODY, signed=signed))[0] == 401
    bare.sealed_secret = sealing.seal(SECRET, bound_to="somewhere else")
    bare.save()
    directory.forget()
    assert asyncio.run(post(bare, BODY))[0] == 401


@pytest.mark.parametrize(("hours_left", "status"), [(1, 200), (-1, 401)])
def test_the_secret_before_is_good_until_its_time_is_over(
    app: ChannelApp, hours_left: int, status: int
) -> None:
    app.sealed_previous_secret = app.sealed_secret
    app.sealed_secret = sealing.seal("the new secret", bound_to=f"channel_app:{app.id}:secret")
    app.previous_secret_until = timezone.now() + timedelta(hours=hours_left)
    app.save()
    assert asyncio.run(post(app, BODY))[0] == status
    assert asyncio.run(post(app, BODY, signed=signature(BODY, "the new secret")))[0] == 200


def test_a_flood_of_bad_signatures_is_held_off_and_good_ones_pass(app: ChannelApp, acme: TenantRef) -> None:
    async def flood() -> list[int]:
        return [
            (await post(app, BODY, signed="sha256=00"))[0] for _ in range(hooks.BAD_SIGNATURES_PER_MINUTE + 5)
        ]

    statuses = asyncio.run(flood())
    assert statuses.count(401) == hooks.BAD_SIGNATURES_PER_MINUTE and statuses[-5:] == [429] * 5
    assert asyncio.run(post(app, BODY))[0] == 200
    assert asyncio.run(post(app, BODY, signed="sha256=00", client="127.0.0.2"))[0] == 401


@pytest.mark.parametrize(
    "path",
    [
        "/hooks/messenger/unknown",
        "/hooks/line/{key}",
        "/hooks/none/{key}",
        "/hooks/{key}",
        "/hooks/messenger/{key}/more",
        "/hooks/messenger/\x00",
        "/hooks/messenger/",
    ],
)
def test_an_address_that_is_not_there_is_not_found(app: ChannelApp, acme: TenantRef, path: str) -> None:
    headers = {"x-hub-signature-256": signature(BODY)}
    assert asyncio.run(call(path.format(key=app.key), BODY, headers=headers))[0] == 404
    assert records(acme) == 0


@pytest.mark.parametrize(
    ("host", "status"), [("nobody.localhost", 404), ("a b", 400), ("", 400), ("acme.localhost", 200)]
)
def test_an_unknown_host_is_not_served(app: ChannelApp, host: str, status: int) -> None:
    assert asyncio.run(post(app, BODY, host=host))[0] == status


def test_other_methods_are_not_allowed(app: ChannelApp) -> None:
    assert asyncio.run(call(f"/hooks/messenger/{app.key}", method="PUT"))[0] == 405


def test_the_key_is_in_no_log(app: ChannelApp, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    asyncio.run(post(app, BODY, signed="sha256=00"))
    asyncio.run(post(app, webhook(("unknown page", [message("m1", page="unknown page")]))))
    asyncio.run(post(app, b"{"))
    assert caplog.records and app.key not in caplog.text and SECRET not in caplog.text


# --- the handshake -----------------------------------------------------------------------------------------


def handshake(app: ChannelApp, token: str, challenge: str = "12345") -> tuple[int, bytes]:
    asked = {"hub.mode": "subscribe", "hub.verify_token": token, "hub.challenge": challenge}
    return asyncio.run(call(f"/hooks/messenger/{app.key}", method="GET", query=urlencode(asked)))


def test_the_handshake_answers_who_knows_the_token(app: ChannelApp) -> None:
    assert handshake(app, "verify me") == (200, b"12345")
    assert handshake(app, "verify me", "<b>1</b>") == (200, b"<b>1</b>")  # as text/plain, nosniff
    assert handshake(app, "guess") == (403, b"")
    assert handshake(app, "") == (403, b"")


# --- hostile and odd bodies --------------------------------------------------------------------------------


def test_a_body_that_is_too_large_is_refused_before_and_while_it_is_read(
    app: ChannelApp, acme: TenantRef
) -> None:
    announced = {"content-length": str(wire.MAX_BYTES + 1), "x-hub-signature-256": "sha256=00"}
    path = f"/hooks/messenger/{app.key}"

    async def never() -> dict[str, Any]:
        raise AssertionError("the body was asked for")

    assert asyncio.run(call(path, headers=announced, receive=never))[0] == 413

    async def endless() -> dict[str, Any]:
        return {"type": "http.request", "body": b"x" * 1_000_000, "more_body": True}

    assert asyncio.run(call(path, receive=endless))[0] == 413
    assert asyncio.run(post(app, BODY))[0] == 200 and records(acme) == 1


def test_a_body_that_never_ends_is_given_up(app: ChannelApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hook_bodies, "BODY_SECONDS", 0.01)

    async def silent() -> dict[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError

    assert asyncio.run(call(f"/hooks/messenger/{app.key}", receive=silent))[0] == 408


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'{"object":"user"}', b"[" * 100_000, b'{"a":' * 5_000, b"\xff\xfe"]
)
def test_a_signed_body_that_cannot_be_read_is_kept_and_answered(
    app: ChannelApp, acme: TenantRef, body: bytes
) -> None:
    assert asyncio.run(post(app, body))[0] == 200
    assert bytes(UnparsedHook.objects.get().body) == body and hooks.counts["unparsable"] == 1
    own = page_app(acme, key="key-of-acmes-own-app")
    assert asyncio.run(post(own, body))[0] == 200
    with tenant_scope(acme):
        row = InboundRecord.objects.get()
        assert (row.state, row.channel, bytes(row.body)) == ("dead", "messenger", body)


@pytest.mark.parametrize("text", ["\x00", "\ud800", "a\x00b\udfff", "\u202e" * 10, "x" * 100_000])
def test_poisonous_text_is_stored_harmless(app: ChannelApp, acme: TenantRef, text: str) -> None:
    assert asyncio.run(post(app, webhook((PAGE, [message("m1", text), message("m2", "fine")]))))[0] == 200
    assert stored(acme) == ["m1", "m2"]


def test_items_of_an_account_that_nobody_connected_are_counted_and_dropped(
    app: ChannelApp, acme: TenantRef
) -> None:
    body = webhook(("unknown page", [message("m1", page="unknown page"), message("m2", page="unknown page")]),
                   (PAGE, [message("m3")]))  # fmt: skip

    async def twice() -> None:
        assert (await post(app, body))[0] == 200
        assert (await post(app, body))[0] == 200
        while unknown_accounts._writers:
            await asyncio.gather(*unknown_accounts._writers)

    asyncio.run(twice())
    row = UnknownAccount.objects.get()
    assert (row.account_id, row.items, row.app_id) == ("unknown page", 4, app.id)
    assert stored(acme) == ["m3"] and hooks.counts["unknown_account"] == 4


def test_many_unknown_accounts_in_one_body_cost_one_look_up(
    app: ChannelApp, acme: TenantRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    genuine = directory.in_thread
    entries = [(f"page {number}", [message(f"u{number}", page=f"page {number}")]) for number in range(300)]
    body = webhook(*entries, (PAGE, [message("m1")]))

    async def twice() -> None:
        await post(app, webhook((PAGE, [message("m0")])))
        monkeypatch.setattr(directory, "in_thread", lambda *given: asked.append(given[0]) or genuine(*given))
        assert (await post(app, body))[0] == 200
        assert (await post(app, body))[0] == 200

    asyncio.run(twice())
    assert (len(asked), stored(acme)) == (1, ["m0", "m1"])
    assert hooks.counts["unknown_account"] == 600


def test_a_suspended_brand_receives_nothing_until_it_is_back(app: ChannelApp, acme: TenantRef) -> None:
    Tenant.objects.filter(id=acme.id).update(status="suspended")
    directory.forget()
    assert asyncio.run(post(app, BODY))[0] == 200
    assert records(acme) == 0 and hooks.counts["suspended"] == 1
    Tenant.objects.filter(id=acme.id).update(status="active")
    directory.forget()
    assert asyncio.run(post(app, BODY))[0] == 200
    assert records(acme) == 1


def damage(tenant: TenantRef, monkeypatch: pytest.MonkeyPatch) -> None:
    """The brand's schema has lost a table."""
    monkeypatch.setattr(completeness, "faults", lambda schemas: {tenant.schema_name: "missing: a table"})
    directory.forget()


def test_a_damaged_brand_is_asked_to_come_again_and_its_neighbour_in_the_same_body_is_served(
    app: ChannelApp, acme: TenantRef, globex: TenantRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tenant_scope(globex):
        connect(app, globex, page_inbox("400500600"))
    body = webhook((PAGE, [message("m1")]), ("400500600", [message("m2", page="400500600")]))
    with monkeypatch.context() as patch:
        damage(acme, patch)
        assert asyncio.run(post(app, body))[0] == 503
        assert (stored(acme), stored(globex)) == ([], ["m2"])
    directory.forget()
    assert asyncio.run(post(app, body))[0] == 200
    assert (stored(acme), stored(globex)) == (["m1"], ["m2"])


def test_an_unreadable_body_for_a_damaged_brand_comes_again(
    acme: TenantRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = page_app(acme)
    with monkeypatch.context() as patch:
        damage(acme, patch)
        assert asyncio.run(post(app, b"{"))[0] == 503
        assert records(acme) == 0
    directory.forget()
    assert asyncio.run(post(app, b"{"))[0] == 200
    assert records(acme) == 1


def test_a_secret_that_does_not_open_verifies_nothing_and_the_other_one_still_does(
    app: ChannelApp, acme: TenantRef
) -> None:
    app.sealed_previous_secret, app.sealed_secret = app.sealed_secret, "v1.damaged"
    app.previous_secret_until = timezone.now() + timedelta(hours=1)
    app.save()
    assert asyncio.run(post(app, BODY))[0] == 200
    app.sealed_previous_secret = ""
    app.save()
    directory.forget()
    assert asyncio.run(post(app, BODY))[0] == 401


# --- when storing fails ------------------------------------------------------------------------------------


def test_a_commit_that_fails_is_not_acknowledged_and_the_platforms_next_try_is(
    app: ChannelApp, acme: TenantRef
) -> None:
    with tenant_scope(acme), connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'disk full'; END $$;"
            "CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON conversations_inboundrecord"
            " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse()"
        )
    try:
        assert asyncio.run(post(app, BODY))[0] == 503
        assert records(acme) == 0 and stored(acme) == []
    finally:
        with tenant_scope(acme), connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION refuse CASCADE")
    assert asyncio.run(post(app, BODY))[0] == 200
    assert stored(acme) == ["m1"]


def test_a_full_lane_asks_the_platform_to_come_again(
    app: ChannelApp, acme: TenantRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    genuine = lanes.submit

    async def full(*given: Any) -> None:
        raise lanes.LaneFull

    monkeypatch.setattr(lanes, "submit", full)
    assert asyncio.run(post(app, BODY))[0] == 503 and hooks.counts["full"] == 1
    monkeypatch.setattr(lanes, "submit", genuine)
    assert asyncio.run(post(app, BODY))[0] == 200
