"""The double of Meta's Graph API, as far as Messenger and Instagram share it: calls, rules, webhooks, comments.

Sources for shapes, numbers and rules: Meta's reference of the Send API, of webhooks and of error codes.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import urlsplit

from conversations.channels import wire
from conversations.channels.base import Unparsable
from conversations.simulator import graph_messages, graph_routing, samples
from conversations.simulator.accounts import SimulatedAccount
from conversations.simulator.graph_comments import COMMENT, GraphComments
from conversations.simulator.graph_messages import Rules
from conversations.simulator.graph_personas import Personas
from conversations.simulator.platform import Event, NotPossible, Stage
from conversations.simulator.web import Request, Response, answer, not_found
from conversations.simulator.world import Bubble, Customer

DAY = 24 * 3600 * 1000
WEEK = 7 * DAY
APP_ID = 987654321012345


class FakeGraph(GraphComments):
    """One of Meta's platforms. `named`: the object of its webhooks; `fields`: what an app is subscribed to."""

    named: ClassVar[str]
    rules: ClassVar[Rules]
    has_personas: ClassVar[bool] = False
    fields: ClassVar[tuple[str, ...]]

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self._subscribed: dict[str, list[str]] = {}
        self._receipts: set[tuple[str, str]] = set()
        self._answered: set[str] = set()
        self._personas = Personas()

    async def answer(self, request: Request, path: str) -> Response:
        """`v25.0/{account}/messages`, `…/subscribed_apps`, `v25.0/{customer | account | comment}`, a comment's
        answers; `files/{kind}` gives what customers send."""
        parts = path.strip("/").split("/")
        if parts[0] == "files":
            return _file(parts[-1])
        account = self._account(request)
        if account is None:
            return self.refuse("no_token")
        if len(parts) == 3 and parts[1] in {account.account_id, "me"}:
            if parts[2] == "messages" and request.method == "POST":
                return self._send(account, request)
            if parts[2] == "take_thread_control" and request.method == "POST":
                return self._hand_over(account, request)
            if parts[2] == "personas" and self.has_personas:
                return self._of_personas(account, request)
            if parts[2] == "subscribed_apps":
                return self._subscription(account, request)
        if len(parts) in {2, 3} and self.comment(account, parts[1]) is not None:
            return self.comment_call(account, request, parts[1], "/".join(parts[2:]))
        if len(parts) == 2 and request.method == "GET":
            if parts[1] in {account.account_id, "me"}:
                return answer(self.described(account))
            if parts[1] == self.post_id(account):
                return answer({"id": parts[1], **self.post_facts(account)})
            customer = self.stage.world.customer(account, parts[1])
            return answer(self.profile(customer)) if customer else self.refuse("no_object")
        return self.refuse("no_object")

    @abstractmethod
    def described(self, account: SimulatedAccount) -> dict[str, str]:
        """What the API tells of the account."""

    @abstractmethod
    def profile(self, customer: Customer) -> dict[str, str]:
        """What the API tells of a customer."""

    @abstractmethod
    def gives_a_reason(self, content: Mapping[str, Any]) -> bool:
        """Whether messaging type and tag are what the platform takes."""

    @abstractmethod
    def tell_back(
        self, account: SimulatedAccount, customer: Customer, bubble: Bubble, message: Mapping[str, Any]
    ) -> None:
        """Post what the platform tells of a message that it accepted."""

    def envelope(
        self, account: SimulatedAccount, events: list[Event], *, again: bool
    ) -> tuple[bytes, Mapping[str, str]]:
        """One entry; changes are told in seconds, messages in milliseconds."""
        now = self.stage.world.now()
        is_change = "field" in events[0]
        entry = {"id": account.account_id, "time": now // 1000 if is_change else now}
        content = {"object": self.named, "entry": [{**entry, **graph_routing.entry_of(events)}]}
        body = json.dumps(content, separators=(",", ":")).encode()  # Meta escapes everything beyond ASCII
        digest = hmac.new(account.secret.encode(), body, hashlib.sha256).hexdigest()
        return body, {"Content-Type": "application/json", "X-Hub-Signature-256": f"sha256={digest}"}

    def post(self, account: SimulatedAccount, name: str, events: list[Event]) -> None:
        """What happens in a thread that another app owns is told apart."""
        person = graph_routing.concerns(events[0], self.stage.world.meet(account))
        if person is not None and person.held_elsewhere and "field" not in events[0]:
            events = [graph_routing.owned_elsewhere(each) for each in events]
        super().post(account, name, events)

    def file_url(self, kind: str) -> str:
        """Where our fetcher finds what a customer sent."""
        parts = urlsplit(self.stage.poster.own_address)
        host = parts.netloc.replace("localhost", "127.0.0.1", 1)
        return f"{parts.scheme or 'http'}://{host or '127.0.0.1'}/simulator/{self.kind}/files/{kind}"

    # --- messages --------------------------------------------------------------------------------------

    def _account(self, request: Request) -> SimulatedAccount | None:
        token = (request.bearer or request.query.get("access_token", "")).encode()
        known = [each for each in self.stage.register.accounts() if each.kind == self.kind]
        return next(
            (each for each in known if token and hmac.compare_digest(each.token.encode(), token)), None
        )

    def _send(self, account: SimulatedAccount, request: Request) -> Response:
        try:
            content = request.json()
        except Unparsable:
            return self.refuse("bad_request")
        recipient, message = wire.mapping(content, "recipient"), wire.mapping(content, "message")
        comment_id = wire.text(recipient, "comment_id")
        found = self.comment(account, comment_id) if comment_id else None
        customer = found[0] if found else self.stage.world.customer(account, wire.text(recipient, "id"))
        refusal = self.stage.faults.refusal() or self._objection(content, customer)
        if "persona_id" in content and not self._personas.called(account, wire.text(content, "persona_id")):
            refusal = refusal or "no_persona"
        if not refusal and customer is not None:
            since = found[1].at if found else customer.wrote_at
            refusal = self._too_late(content, since, comment_id) or self._twice(account, message)
        if refusal or customer is None:
            return self.record(account, "messages", request, content, self.refuse(refusal or "no_such_user"))
        bubble = Bubble(self.new_bubble_id(), self.stage.world.now(), False, "", answers=comment_id)
        graph_messages.put_on_phone(message, bubble)
        bubble.sender = self._personas.called(account, wire.text(content, "persona_id")) or ""
        customer.bubbles.append(bubble)
        self._answered.add(comment_id)
        self._receipts.add((account.account_id, graph_messages.order_number(message)))
        self.stage.world.touch(customer)
        self.tell_back(account, customer, bubble, message)
        done = answer({"recipient_id": customer.id, "message_id": bubble.id})
        return self.record(account, "messages", request, content, done)

    def _objection(self, content: Mapping[str, Any], customer: Customer | None) -> str:
        """Why the platform refuses this send whatever the time is, "" when it does not."""
        if customer is None:
            return "no_such_user"
        if not customer.follows:
            return "blocked"
        is_good = graph_messages.is_acceptable(wire.mapping(content, "message"), self.rules)
        return "" if is_good and self.gives_a_reason(content) else "bad_request"

    def _too_late(self, content: Mapping[str, Any], since: int, comment_id: str) -> str:
        if comment_id in self._answered and comment_id:
            return "replied"
        window = WEEK if comment_id or content.get("tag") == "HUMAN_AGENT" else DAY
        return "" if self.stage.world.now() - since <= window else "window_closed"

    def _twice(self, account: SimulatedAccount, message: Mapping[str, Any]) -> str:
        number = graph_messages.order_number(message)
        return "bad_request" if number and (account.account_id, number) in self._receipts else ""

    def _hand_over(self, account: SimulatedAccount, request: Request) -> Response:
        """The thread becomes the asking app's, whoever had it."""
        recipient = wire.mapping(request.json(), "recipient")
        customer = self.stage.world.customer(account, wire.text(recipient, "id"))
        if customer is None:
            return self.refuse("no_such_user")
        customer.held_elsewhere = False
        self.stage.world.touch(customer)
        return answer({"success": True})

    def _of_personas(self, account: SimulatedAccount, request: Request) -> Response:
        try:
            told = self._personas.asked(account, request)
        except Unparsable:
            told = None
        return self.refuse("bad_request") if told is None else answer(told)

    # --- subscriptions ---------------------------------------------------------------------------------

    def _subscription(self, account: SimulatedAccount, request: Request) -> Response:
        """GET reads, POST sets, DELETE takes away what the app is told; in the beginning everything is."""
        if request.method == "POST":
            wanted = request.query.get("subscribed_fields", "").split(",")
            self._subscribed[account.account_id] = [field for field in wanted if field]
            return answer({"success": True})
        if request.method == "DELETE":
            self._subscribed[account.account_id] = []
            return answer({"success": True})
        fields = self._subscribed.get(account.account_id, list(self.fields))
        app = {"id": str(APP_ID), "name": "Kontor", "subscribed_fields": fields}
        return answer({"data": [app] if fields else []})

    # --- what customers do -----------------------------------------------------------------------------

    def told(
        self, account: SimulatedAccount, customer: Customer, act: str, bubble: Bubble | None
    ) -> Event | None:
        if bubble is None:
            return self.told_of_account(account, customer, act)
        if bubble.kind == COMMENT:
            verb = {"edit": "edited", "unsend": "remove"}.get(act, "add")
            return self.comment_change(account, customer.id, customer.name, bubble, verb)
        event = happening(customer.id, account.account_id, bubble.at)
        if act == "edit":
            changed = {"mid": bubble.id, "text": bubble.text, "num_edit": bubble.edited}
            return {**event, "timestamp": self.stage.world.now(), "message_edit": changed}
        if act == "unsend":
            return {**event, "message": {"mid": bubble.id, "is_deleted": True}}
        if act == "start" or (act == "tap" and not _is_quick_reply(customer, bubble)):
            tapped = {"mid": bubble.id, "title": bubble.text, "payload": bubble.payload}
            return {**event, "postback": tapped}
        return {**event, "message": {"mid": bubble.id, **self.content(bubble)}}

    @abstractmethod
    def told_of_account(self, account: SimulatedAccount, customer: Customer, act: str) -> Event | None:
        """The event for an act that concerns no single message."""

    @abstractmethod
    def content(self, bubble: Bubble) -> dict[str, Any]:
        """A customer's message as webhooks tell it."""

    def act(self, account: SimulatedAccount, customer: Customer, wanted: Mapping[str, Any]) -> Bubble | None:
        """Beside what customers do everywhere: {"do": comment | start | react | refer, "text": …, "id": …,
        "emoji": …, "ref": …}; and what somebody does in the account's own inbox: {"do": colleague, "text": …},
        {"do": give_back}."""
        act = wanted.get("do")
        if act in graph_routing.ACTS:
            return self._act_elsewhere(account, customer, str(act), wanted)
        if act not in self.acts or act not in {"react", "refer"}:
            return super().act(account, customer, wanted)
        event = happening(customer.id, account.account_id, self.stage.world.now())
        told = (
            {"reaction": _reaction(customer, wanted)} if act == "react" else {"referral": _referral(wanted)}
        )
        customer.wrote_at = self.stage.world.now()
        self.post(account, act, [{**event, **told}])
        return None

    def _act_elsewhere(
        self, account: SimulatedAccount, customer: Customer, act: str, wanted: Mapping[str, Any]
    ) -> Bubble | None:
        now, bubble = self.stage.world.now(), None
        customer.held_elsewhere = act == graph_routing.COLLEAGUE
        event = happening(customer.id, account.account_id, now)
        if act == graph_routing.COLLEAGUE:
            bubble = Bubble(self.new_bubble_id(), now, False, self._text(wanted))
            customer.bubbles.append(bubble)
            event = happening(account.account_id, customer.id, now)
            self.post(account, "echo", [{**event, **graph_routing.said_there(bubble.id, bubble.text)}])
        else:
            self.post(account, "pass_thread_control", [{**event, **graph_routing.given_back(APP_ID)}])
        self.stage.world.touch(customer)
        return bubble

    def _change(self, customer: Customer, act: str, wanted: Mapping[str, Any]) -> Bubble | None:
        now = self.stage.world.now()
        if act == COMMENT:
            bubble = Bubble(self.new_comment_id(None), now, True, self._text(wanted), COMMENT)
        elif act == "start":
            bubble = Bubble(self.new_bubble_id(), now, True, "Get started", "tap", payload="GET_STARTED")
            customer.wrote_at = now
        else:
            return super()._change(customer, act, wanted)
        customer.bubbles.append(bubble)
        return bubble


def happening(sender: str, recipient: str, at: int) -> Event:
    """What every element of `messaging` begins with. at: milliseconds."""
    return {"sender": {"id": sender}, "recipient": {"id": recipient}, "timestamp": at}


def _is_quick_reply(customer: Customer, bubble: Bubble) -> bool:
    tapped = customer.bubble(bubble.answers)
    return tapped is not None and any(each.get("payload") == bubble.payload for each in tapped.choices)


def _reaction(customer: Customer, wanted: Mapping[str, Any]) -> dict[str, str]:
    found, emoji = customer.bubble(wire.text(wanted, "id")), wire.text(wanted, "emoji")[:16]
    if found is None or found.mine or found.kind == COMMENT:
        raise NotPossible("there is no such message")
    if not emoji:
        return {"mid": found.id, "action": "unreact"}
    return {"mid": found.id, "action": "react", "reaction": "other", "emoji": emoji}


def _referral(wanted: Mapping[str, Any]) -> dict[str, str]:
    """The customer came by a link of ours."""
    return {"ref": wire.text(wanted, "ref")[:200] or "shop", "source": "SHORTLINK", "type": "OPEN_THREAD"}


def _file(kind: str) -> Response:
    sample = samples.behind(kind)
    return Response(200, sample.content, sample.mime) if sample else not_found()
