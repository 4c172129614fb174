"""Public comments in the double of Meta's Graph API: they stand on their author's phone, beside the messages."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from conversations.channels import wire
from conversations.channels.base import Unparsable
from conversations.simulator.accounts import SimulatedAccount
from conversations.simulator.graph_refusals import refuse
from conversations.simulator.platform import Event, Platform
from conversations.simulator.web import Request, Response, answer
from conversations.simulator.world import Bubble, Customer

POST_TEXT = "New in the shop: the ferry bag, in three colours. Ask us anything! 🛍️"
POSTED_AT = "2026-03-02T09:00:00+0000"

COMMENT = "comment"
"""The kind of a bubble that everybody can read."""


class GraphComments(Platform):
    """A platform with posts that people comment on."""

    answers_below: ClassVar[str]  # the edge of a comment that takes public answers
    hides_by: ClassVar[str]  # the property that hides a comment
    subcodes: ClassVar[Mapping[str, int]] = {}  # where its errors differ from Messenger's

    def refuse(self, name: str) -> Response:
        """The error body for one of our names of the faults."""
        return refuse(name, self.subcodes)

    @abstractmethod
    def comment_change(
        self, account: SimulatedAccount, author: str, name: str, bubble: Bubble, verb: str
    ) -> Event | None:
        """The change that tells what happened to a comment; None where the platform does not tell it."""

    def comment(self, account: SimulatedAccount, comment_id: str) -> tuple[Customer, Bubble] | None:
        """A comment and on whose phone it stands."""
        for customer in self.stage.world.meet(account):
            bubble = customer.bubble(comment_id)
            if bubble is not None and bubble.kind == COMMENT:
                return customer, bubble
        return None

    def comment_call(
        self, account: SimulatedAccount, request: Request, comment_id: str, edge: str
    ) -> Response:
        """Answer below a comment (`edge`), or hide it and show it again."""
        found = self.comment(account, comment_id)
        if found is None or request.method != "POST" or edge not in {"", self.answers_below}:
            return self.refuse("no_object")
        customer, comment = found
        try:
            content = {**request.query, **request.json()}
        except Unparsable:
            return self.refuse("bad_request")
        done = self.stage.faults.refusal()
        if done:
            return self.record(account, edge or COMMENT, request, content, self.refuse(done))
        if not edge:
            return self._hide(account, request, content, customer, comment)
        text = wire.text(content, "message")
        if not text and not wire.text(content, "attachment_url"):
            return self.record(account, edge, request, content, self.refuse("bad_request"))
        reply = Bubble(
            self.new_comment_id(comment), self.stage.world.now(), False, text, COMMENT, answers=comment_id
        )
        customer.bubbles.append(reply)
        self.stage.world.touch(customer)
        self._tell_comment(account, account.account_id, account.name, reply, "add")
        return self.record(account, edge, request, content, answer({"id": reply.id}))

    def _hide(
        self,
        account: SimulatedAccount,
        request: Request,
        content: Mapping[str, Any],
        customer: Customer,
        comment: Bubble,
    ) -> Response:
        wanted = str(content.get(self.hides_by, "")).lower()
        if wanted not in {"true", "false"}:
            return self.record(account, COMMENT, request, content, self.refuse("bad_request"))
        verb = "hide" if wanted == "true" else "unhide"
        self._tell_comment(account, customer.id, customer.name, comment, verb)
        return self.record(account, COMMENT, request, content, answer({"success": True}))

    def _tell_comment(
        self, account: SimulatedAccount, author: str, name: str, bubble: Bubble, verb: str
    ) -> None:
        change = self.comment_change(account, author, name, bubble, verb)
        if change is not None:
            self.post(account, f"comment {verb}", [change])

    def post_text(self, account: SimulatedAccount) -> str:
        return POST_TEXT

    @abstractmethod
    def post_id(self, account: SimulatedAccount) -> str:
        """The id of the account's one post."""

    @abstractmethod
    def post_facts(self, account: SimulatedAccount) -> dict[str, str]:
        """What the API tells of it."""

    @abstractmethod
    def new_comment_id(self, below: Bubble | None) -> str:
        """The id of a comment below a post, or below another comment."""
