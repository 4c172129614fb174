"""The double of WeChat's API for Official Accounts, and its webhooks.

An account's `token` is its AppSecret, its `secret` the token of the hooks (in safe mode with EncodingAESKey and
AppID). Sources for shapes, limits and numbers: WeChat's pages on customer service messages, temporary media,
template messages, access tokens, and its table of return codes.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from conversations.channels import wire
from conversations.channels.base import Unparsable
from conversations.simulator import samples, telegram_forms, wechat_hooks, wechat_messages
from conversations.simulator.accounts import SimulatedAccount
from conversations.simulator.platform import Event, Platform, Stage
from conversations.simulator.web import Request, Response, answer
from conversations.simulator.wechat_messages import refuse
from conversations.simulator.wechat_permits import BRIEF_WINDOW, WHOLE_WINDOW, Tokens, Windows
from conversations.simulator.world import Bubble, Customer, digits

MOST_UPLOADS = 50
MENU_KEY, SCENE = "ORDER_STATUS", "shop-7"

_PRESSED = {
    "menu": ("CLICK", MENU_KEY),
    "scan": ("SCAN", SCENE),
    "follow": ("subscribe", ""),
    "unfollow": ("unsubscribe", ""),
}


class FakeWeChat(Platform):
    """api.weixin.qq.com for the simulated Official Accounts."""

    kind = "wechat"
    label = "WeChat"
    acts = frozenset(
        {"write", "image", "audio", "location", "tap", "menu", "scan", "follow", "unfollow", "read"}
    )

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self._tokens = Tokens(stage)
        self._windows = Windows(stage)
        self._uploads: dict[str, dict[str, str]] = {}

    async def answer(self, request: Request, path: str) -> Response:
        """`cgi-bin/{token,stable_token,message/custom/send,message/template/send,
        template/get_all_private_template,media/upload,media/get,
        user/info,customservice/getkflist}`."""
        call = f"{request.method} {path.strip('/').removeprefix('cgi-bin/')}"
        if call in {"POST stable_token", "GET token"}:
            return self._tokens.lend(request)
        account = self._tokens.account(request)
        if isinstance(account, Response):
            return account
        if call == "POST message/custom/send":
            return self._send(account, request)
        if call == "POST message/template/send":
            return self._send_template(account, request)
        if call == "GET template/get_all_private_template":
            return answer({"template_list": list(wechat_messages.TEMPLATES)})
        if call == "POST media/upload":
            return self._upload(request)
        if call == "GET media/get":
            return _media(request.query.get("media_id", ""))
        if call == "GET user/info":
            return self._user(account, request.query.get("openid", ""))
        if call == "GET customservice/getkflist":
            return answer({"kf_list": []})
        return refuse("no_such_call")

    def new_customer_id(self) -> str:
        return f"o{secrets.token_urlsafe(20)}"

    def new_bubble_id(self) -> str:
        return digits(17)

    def envelope(
        self, account: SimulatedAccount, events: list[Event], *, again: bool
    ) -> tuple[bytes, Mapping[str, str]]:
        """WeChat posts one event at a time."""
        body = wechat_hooks.sealed(wechat_hooks.written(events[0]), account.secret, account.account_id)
        return body, {"Content-Type": "text/xml"}

    def query(self, account: SimulatedAccount, body: bytes) -> str:
        return wechat_hooks.signed(body, account.secret)

    def act(self, account: SimulatedAccount, customer: Customer, wanted: Mapping[str, Any]) -> Bubble | None:
        act = str(wanted.get("do"))
        if act in {"menu", "scan"}:
            self._windows.open(customer, BRIEF_WINDOW)
            self.post(account, act, [self._event(account, customer, act)])
            return None
        return super().act(account, customer, wanted)

    def told(
        self, account: SimulatedAccount, customer: Customer, act: str, bubble: Bubble | None
    ) -> Event | None:
        if act == "read":
            return None  # WeChat tells nobody
        if bubble is None:
            if act == "follow":
                self._windows.open(customer, BRIEF_WINDOW)
            else:
                self._windows.close(customer)
            return self._event(account, customer, act)
        self._windows.open(customer, WHOLE_WINDOW)
        common = {**_sides(account, customer), "CreateTime": bubble.at // 1000}
        return {**common, **wechat_messages.told(bubble), "MsgId": int(bubble.id)}

    # --- what customers do ---------------------------------------------------------------------------------

    def _event(self, account: SimulatedAccount, customer: Customer, act: str) -> Event:
        name, key = _PRESSED[act]
        ticket = {"Ticket": f"gQ{digits(10)}"} if act == "scan" else {}
        at = self.stage.world.now() // 1000
        common = {**_sides(account, customer), "CreateTime": at, "MsgType": "event"}
        return {**common, "Event": name, "EventKey": key, **ticket}

    # --- what we ask ---------------------------------------------------------------------------------------

    def _send(self, account: SimulatedAccount, request: Request) -> Response:
        try:
            content = request.json()
        except Unparsable:
            return self.record(account, "custom", request, {}, refuse("bad_request"))
        customer = self.stage.world.customer(account, wire.text(content, "touser"))
        refusal = self.stage.faults.refusal() or wechat_messages.objection(content, self._uploads)
        if not refusal and customer is None:
            refusal = "no_such_user"
        if not refusal and customer is not None:
            refusal = self._windows.take_place(customer) if customer.follows else "window_closed"
        if refusal or customer is None:
            return self.record(account, "custom", request, content, refuse(refusal or "no_such_user"))
        bubble = Bubble(self.new_bubble_id(), self.stage.world.now(), False, "")
        wechat_messages.put_on_phone(content, bubble, self._uploads)
        customer.bubbles.append(bubble)
        self.stage.world.touch(customer)
        return self.record(account, "custom", request, content, answer({"errcode": 0, "errmsg": "ok"}))

    def _send_template(self, account: SimulatedAccount, request: Request) -> Response:
        """A template message: no window, but a follower only; what became of it is told by an event."""
        try:
            content = request.json()
        except Unparsable:
            return self.record(account, "template", request, {}, refuse("bad_request"))
        customer = self.stage.world.customer(account, wire.text(content, "touser"))
        refusal = self.stage.faults.refusal()
        known = {each["template_id"] for each in wechat_messages.TEMPLATES}
        if not refusal and wire.text(content, "template_id") not in known:
            refusal = "template"
        if not refusal and (customer is None or not customer.follows):
            refusal = "not_subscribed"
        if refusal or customer is None:
            return self.record(account, "template", request, content, refuse(refusal or "not_subscribed"))
        bubble = Bubble(digits(9), self.stage.world.now(), False, "")
        values = [
            wire.text(value, "value")
            for value in wire.mapping(content, "data").values()
            if isinstance(value, dict)
        ]
        bubble.text = "\n".join([wire.text(content, "template_id"), *values])
        customer.bubbles.append(bubble)
        self.stage.world.touch(customer)
        common = {**_sides(account, customer), "CreateTime": bubble.at // 1000, "MsgType": "event"}
        done = {"Event": "TEMPLATESENDJOBFINISH", "MsgID": int(bubble.id), "Status": "success"}
        self.post(account, "template", [{**common, **done}])
        taken = answer({"errcode": 0, "errmsg": "ok", "msgid": int(bubble.id)})
        return self.record(account, "template", request, content, taken)

    def _upload(self, request: Request) -> Response:
        """A temporary file: what is kept of it is what the phone shows."""
        try:
            file = telegram_forms.read(request).files.get("media")
        except Unparsable:
            file = None
        kind = request.query.get("type", "")
        refusal = self.stage.faults.refusal() or wechat_messages.upload_objection(kind, file)
        if refusal or file is None:
            return refuse(refusal or "file_missing")
        media_id = secrets.token_urlsafe(32)
        self._uploads[media_id] = wechat_messages.shown_file(kind, file)
        while len(self._uploads) > MOST_UPLOADS:
            del self._uploads[next(iter(self._uploads))]
        return answer({"type": kind, "media_id": media_id, "created_at": self.stage.world.now() // 1000})

    def _user(self, account: SimulatedAccount, openid: str) -> Response:
        customer = self.stage.world.customer(account, openid)
        if customer is None:
            return refuse("no_such_user")
        if not customer.follows:
            return answer({"subscribe": 0, "openid": openid})
        return answer(
            {
                "subscribe": 1,
                "openid": openid,
                "nickname": "",
                "language": customer.language.replace("-", "_"),
                "subscribe_scene": "ADD_SCENE_QR_CODE",
            }
        )


def _sides(account: SimulatedAccount, customer: Customer) -> Event:
    return {"ToUserName": account.account_id, "FromUserName": customer.id}


def _media(media_id: str) -> Response:
    """A file that a customer sent."""
    kind = media_id.removeprefix(wechat_messages.SENT_BY_CUSTOMER).partition("-")[0]
    sample = samples.of(kind) if media_id.startswith(wechat_messages.SENT_BY_CUSTOMER) else None
    if sample is None:
        return refuse("media")
    disposition = {"content-disposition": f'attachment; filename="{sample.name}"'}
    return Response(200, sample.content, sample.mime, disposition)
