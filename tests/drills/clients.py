"""The platforms' and the agents' side of the wire. They go on until they are answered, and are never killed."""

from __future__ import annotations

import contextlib
import http.client
import json
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import NAMESPACE_OID, UUID, uuid5

from django.db import connection

from config.run import ADDRESS
from conversations import outbound
from conversations.models import Message
from tenants.scope import tenant_scope
from tenants.workspace.events import SYSTEM
from tests.drills.generator import Webhook
from tests.drills.ground import Brand
from tests.drills.history import FAIL, INVOKE, OK, UNKNOWN, History
from tests.drills.processes import Web

ANSWER_SECONDS = 20.0
PATIENCE_SECONDS = 90.0
T = TypeVar("T")

PAUSES = (0.05, 0.1, 0.2, 0.4)


Posted = tuple[str, bytes, Mapping[str, str]]
"""Path, body and headers of one POST."""


@dataclass(frozen=True)
class Reply:
    """What an agent writes into a conversation."""

    brand: Brand
    conversation: UUID
    account: str
    customer: str
    text: str

    @property
    def client_id(self) -> UUID:
        return uuid5(NAMESPACE_OID, self.text)


def post_webhooks(
    history: History,
    webs: Sequence[Web],
    hooks: Iterable[Webhook],
    *,
    rng: random.Random,
    threads: int = 8,
    rate: float = 1e9,
) -> None:
    """Post them in order, several at once, each until it is answered with 200. rate: at most so many a second."""

    def post(hook: Webhook, web: Web) -> int:
        headers = {**hook.headers, "Host": f"localhost:{web.port}"}
        return _call(web.port, "POST", hook.account.hook_path, hook.body, headers)[0]

    def go_on(hook: Webhook) -> None:
        facts = [
            {
                "tenant": written.account.brand,
                "account": written.account.account_id,
                "customer": written.customer,
                "text": written.text,
            }
            for written in hook.written
        ]
        _until_answered(history, "hook", facts, lambda: post(hook, rng.choice(webs)))

    _in_threads(deque(hooks), go_on, threads, rate)


def post_until_taken(web: Web, posts: Iterable[Callable[[], Posted]], *, threads: int) -> None:
    """Post webhooks that no history tells of, in order, each until it is answered with 200. A post is written anew
    for each try, as some platforms sign the time."""

    def go_on(write: Callable[[], Posted]) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (status := _status(web, write())) != 200:
            if time.monotonic() > deadline:
                raise TimeoutError(f"a webhook was not taken in time, last answer {status}")
            time.sleep(PAUSES[0])

    _in_threads(deque(posts), go_on, threads, rate=1e9)


def _status(web: Web, posted: Posted) -> int:
    """What a web server answers to a webhook; 0 when it does not."""
    path, body, headers = posted
    try:
        return _call(web.port, "POST", path, body, {**headers, "Host": f"localhost:{web.port}"})[0]
    except (OSError, http.client.HTTPException):
        return 0


def write_replies(
    history: History,
    webs: Sequence[Web],
    replies: Iterable[Reply],
    *,
    rng: random.Random,
    threads: int = 4,
    rate: float = 1e9,
) -> None:
    """Write them through the REST API, each until it is accepted; a repeated call is the same message."""

    def post(reply: Reply, web: Web) -> int:
        body = json.dumps({"text": reply.text, "client_id": str(reply.client_id)})
        path = f"/api/v1/conversations/{reply.conversation}/messages"
        return _call(web.port, "POST", path, body.encode(), api_headers(reply.brand, web))[0]

    def go_on(reply: Reply) -> None:
        facts = {
            "tenant": reply.brand.slug,
            "account": reply.account,
            "customer": reply.customer,
            "text": reply.text,
        }
        _until_answered(history, "reply", [facts], lambda: post(reply, rng.choice(webs)), good=201)

    _in_threads(deque(replies), go_on, threads, rate)


def give_up_unconfirmed(history: History, brand: Brand) -> None:
    """An agent decides: what nobody can say the fate of is not sent again, and those behind it go."""
    connection.close()  # it may be from before a crash
    with tenant_scope(brand.tenant):
        for message in Message.objects.filter(status=Message.Status.UNCONFIRMED):
            history.note("skip", OK, text=message.text, tenant=brand.slug)
            with contextlib.suppress(outbound.ReplyRefused):  # its echo came at last
                outbound.skip(message, by=SYSTEM)


def read_feed(brand: Brand, web: Web, after: int) -> list[tuple[int, str]]:
    """Number and name of the events behind a number, from the change feed. Raises OSError when it does not answer."""
    status, body = _call(
        web.port, "GET", f"/api/v1/events?after={after}&limit=100", b"", api_headers(brand, web)
    )
    if status != 200:
        raise OSError(f"the feed answered {status}")
    return [(event["sequence"], event.get("name", "")) for event in json.loads(body)["events"]]


def api_headers(brand: Brand, web: Web) -> dict[str, str]:
    return {
        "Host": f"{brand.host}:{web.port}",
        "Authorization": f"Bearer {brand.api_token}",
        "Content-Type": "application/json",
    }


def _until_answered(
    history: History, op: str, facts: Sequence[dict[str, str]], call: Callable[[], int], good: int = 200
) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    tries = 0
    while True:
        for one in facts:
            history.note(op, INVOKE, **one)
        try:
            status = call()
        except (OSError, http.client.HTTPException) as error:
            phase, why = UNKNOWN, type(error).__name__
        else:
            phase, why = (OK if status == good else FAIL), str(status)
        for one in facts:
            history.note(op, phase, why=why, **one)
        if phase == OK:
            return
        if time.monotonic() > deadline:
            raise TimeoutError(f"{op} {facts[0]['text']} was not taken in time, last answer {why}")
        time.sleep(PAUSES[min(tries, len(PAUSES) - 1)])
        tries += 1


def _call(port: int, method: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
    wire = http.client.HTTPConnection(ADDRESS, port, timeout=ANSWER_SECONDS)
    with contextlib.closing(wire):
        wire.request(method, path, body or None, headers)
        response = wire.getresponse()
        return response.status, response.read()


def _in_threads(waiting: deque[T], work: Callable[[T], None], threads: int, rate: float) -> None:
    """Take what waits, in order, in several threads. The first error is raised when all have ended."""
    errors: list[BaseException] = []
    began, number, turn = time.monotonic(), len(waiting), threading.Lock()

    def run() -> None:
        while not errors:
            with turn:
                if not waiting:
                    return
                taken = waiting.popleft()
                due = began + (number - len(waiting)) / rate
            time.sleep(max(0.0, due - time.monotonic()))
            try:
                work(taken)
            except BaseException as error:
                errors.append(error)

    crew = [threading.Thread(target=run, daemon=True) for _ in range(threads)]
    for one in crew:
        one.start()
    for one in crew:
        one.join()
    if errors:
        raise errors[0]
