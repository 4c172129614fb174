"""What happened at the platforms before a drill began, told by their own webhooks, in order."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import uuid4

from conversations.channels import registry
from conversations.channels.base import Account as Credentials
from conversations.channels.base import PlatformRequest, PlatformResponse, Sent
from conversations.channels.outgoing import OutgoingMessage
from conversations.simulator.accounts import SimulatedAccount
from conversations.simulator.authors import Authors, papers
from conversations.simulator.platform import NotPossible
from conversations.simulator.posting import Hook
from conversations.simulator.web import Request
from conversations.simulator.world import Customer
from tests.drills.ground import Account

ACTS = {"write": 9, "edit": 3, "unsend": 2, "react": 3, "read": 2, "sticker": 1, "unfollow": 1}
"""What customers do, and how often of all. Who went away comes back before anything else."""
PEOPLE = 3  # of each account
ANSWERS = 2  # of ours to each of them: what reports and reactions speak of
STEP_SECONDS = 2.0  # between two things that happen: some platforms tell whole seconds
DELIVERED_SECONDS = 0.6  # until the simulated platforms have told that what we sent arrived
EMOJI = ("👍", "❤", "😢", "")


@dataclass(frozen=True)
class Answer:
    """One of ours, as its platform took it. at: milliseconds of the platform's clock."""

    text: str
    at: int
    sent: Sent


@dataclass(frozen=True)
class Person:
    """A customer of an account. opening: the text by which their conversation is found."""

    account: SimulatedAccount
    customer: Customer
    answers: list[Answer] = field(default_factory=list)

    @property
    def opening(self) -> str:
        return f"opening of {self.customer.id}"


class Past:
    """opening: the first message of everybody. events: what happened after they were answered, `count` or a few more.
    acts: how often customers did what."""

    def __init__(self, accounts: Sequence[Account], count: int, rng: random.Random) -> None:
        self._rng = rng
        self._authors = Authors()
        self._loop = asyncio.new_event_loop()
        self.acts: Counter[str] = Counter()
        self._world.clock_offset = -STEP_SECONDS * (count * 2 + 1000)
        self.people = [self._meet(account, number) for account in accounts for number in range(PEOPLE)]
        self.opening: list[Hook] = []
        for person in self.people:
            self._pass_time()
            self.opening += self._authors.act(person.account, person.customer, "write", text=person.opening)
        self._loop.run_until_complete(self._answer_all())
        self._loop.close()
        self.events = self._authors.take()
        while len(self.events) < count:
            self.events += self._happen(f"said {len(self.events)}")
        self._world.clock_offset = 0.0  # what is posted is posted now

    def posted(self, hook: Hook, account: Account, port: int) -> tuple[str, bytes, Mapping[str, str]]:
        """Path, body and headers of a webhook, signed for this account at a web server's port."""
        address = f"http://localhost:{port}{account.hook_path}"
        self._authors.kept.addresses[account.kind, account.account_id] = address
        post = self._authors.post(hook)
        path = f"{account.hook_path}?{post.query}" if post.query else account.hook_path
        return path, post.body, post.headers

    @property
    def _world(self) -> Any:
        return self._authors.stage.world

    def _meet(self, account: Account, number: int) -> Person:
        simulated = SimulatedAccount(
            kind=account.kind,
            account_id=account.account_id,
            name=account.kind,
            secret=account.secret,
            token=account.token,
            hook_url=account.hook_path,
        )
        self._authors.connect(simulated)
        return Person(simulated, self._authors.meet(simulated, f"Mei {number}"))

    def _pass_time(self) -> None:
        self._world.clock_offset += STEP_SECONDS

    def _happen(self, text: str) -> list[Hook]:
        """Somebody does something. What is not possible, or told by no platform, gives nothing."""
        self._pass_time()
        person = self._rng.choice(self.people)
        act = self._rng.choices(list(ACTS), weights=list(ACTS.values()))[0]
        if not person.customer.follows:
            act = "follow"
        bubbles = [
            each for each in person.customer.bubbles if each.mine is (act != "react") and not each.unsent
        ]
        target = self._rng.choice(bubbles).id if bubbles else ""
        try:
            hooks = self._authors.act(
                person.account, person.customer, act, text=text, id=target, emoji=self._rng.choice(EMOJI)
            )
        except NotPossible:
            return []
        self.acts[act] += bool(hooks)
        return hooks

    # --- our own answers -----------------------------------------------------------------------------------

    async def _answer_all(self) -> None:
        for turn in range(ANSWERS):
            for person in self.people:
                self._pass_time()
                text, at = f"answer {turn} to {person.customer.id}", self._world.now()
                sent = await asyncio.to_thread(self._send, person, text)
                person.answers.append(Answer(text, at, sent))
        await asyncio.sleep(DELIVERED_SECONDS)

    def _send(self, person: Person, text: str) -> Sent:
        account, channel = person.account, registry.open(person.account.kind)
        credentials, settings = papers(account.kind, account.secret, account.token)
        ours = Credentials(
            account_id=account.account_id,
            base_url="http://localhost",
            credentials=credentials,
            settings=settings,
        )
        message = OutgoingMessage(
            address=person.customer.id,
            text=text,
            correlation="",  # would name a message of one brand
            retry_key=str(uuid4()),
            tried_at=datetime.fromtimestamp(self._world.now() / 1000, UTC),
        )
        if channel.borrows_token(ours):
            token = channel.lend_token(ours, lambda request: self._call(account, request))
            assert token is not None
            ours = replace(ours, credentials={**credentials, "access_token": token.value})
        return channel.send(message, ours, lambda request: self._call(account, request))

    def _call(self, account: SimulatedAccount, request: PlatformRequest) -> PlatformResponse:
        platform, received = self._authors.platforms[account.kind], _as_received(request)
        answering = asyncio.run_coroutine_threadsafe(platform.answer(received, received.path), self._loop)
        response = answering.result()
        return PlatformResponse(status=response.status, headers=response.headers, body=response.body)


def _as_received(request: PlatformRequest) -> Request:
    """A call of ours as the platform's server reads it."""
    parts = urlsplit(request.address)
    body = request.content or b""
    if request.json is not None:
        body = json.dumps(request.json).encode()
    elif request.form is not None:
        body = urlencode(request.form).encode()
    return Request(
        method=request.method,
        path=parts.path.lstrip("/"),
        query={**dict(parse_qsl(parts.query)), **request.params},
        headers={name.lower(): value for name, value in request.headers.items()},
        body=body,
        scheme=parts.scheme,
        host=parts.netloc,
    )
