"""The drill of hostile webhooks: whatever is posted, good ones arrive and the server lives."""

from __future__ import annotations

import contextlib
import http.client
import json
import random
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from config.run import ADDRESS
from conversations.simulator.accounts import SimulatedAccount
from conversations.simulator.authors import KINDS, Authors
from tests.conversations.channels import contract
from tests.conversations.channels.poison import BODIES
from tests.drills import evidence
from tests.drills.background import Meanwhile
from tests.drills.checker import RECEIVED, Breach, Database, check
from tests.drills.clients import post_webhooks
from tests.drills.generator import Webhook, Written
from tests.drills.ground import Account
from tests.drills.processes import TooLate, Web
from tests.drills.stage import Stage

HOSTILE, SHORT_HOSTILE = 300, 80
GOOD, SHORT_GOOD = 600, 80
WAIT_SECONDS = 30.0
TRIES = 4  # of a webhook that is told to come again
PAUSE_SECONDS = 0.5

VALUES: tuple[Any, ...] = (
    None,
    True,
    -1,
    10**400,
    1e308,
    "",
    "\x00",
    "\ud800",
    "\u202e" + "A" * 70_000,
    "'; DROP TABLE contacts_contact; --",
    "<script>alert(1)</script>",
    "{{ 7 * 7 }}",
    "../../../../etc/passwd",
    "9" * 400,
    "2026-99-99T99:99:99Z",
    [],
    {},
    [[[[[[[[[[]]]]]]]]]],
    [0] * 2000,
    {"$ne": 1},
)
"""What stands where the platform would have written something else."""


@dataclass(frozen=True)
class Attack:
    """Bytes of a whole request. may_wait: it is signed, so a refusal for the moment is tried again."""

    what: str
    request: bytes
    is_signed: bool = False


def hostile(stage: Stage) -> str:
    """Broken, huge, mutated and forged webhooks of every kind come between good ones."""
    web = stage.web()
    brand = stage.brand(*KINDS)
    good = list(_good(stage, web, brand.accounts, SHORT_GOOD if stage.is_short else GOOD))
    number = SHORT_HOSTILE if stage.is_short else HOSTILE
    attacks = [_attack(stage.rng, stage.rng.choice(brand.accounts), web.port) for _ in range(number)]
    life = web.running.pid
    posting = Meanwhile(lambda: post_webhooks(stage.history, [web], good, rng=stage.rng, threads=4))
    answers: Counter[int] = Counter()
    for attack in attacks:
        status, is_announced = _until_decided(web.port, attack)
        answers[status] += 1
        if status >= 500 and not is_announced:
            stage.found.append(Breach("broken", f"{attack.what} was answered {status}"))
        elif status >= 500:
            stage.found.append(Breach("stuck", f"{attack.what} is asked for again and again"))
    posting.done()
    if web.running.poll() is not None or web.running.pid != life:
        stage.found.append(Breach("broken", "the web server is not alive"))
    stage.judged = lambda: _judged(stage, {written.text for hook in good for written in hook.written})
    told = ", ".join(f"{count} x {status or 'no answer'}" for status, count in answers.most_common())
    return f"{number} hostile posts ({told}) between {len(good)} good ones"


def _judged(stage: Stage, good: set[str]) -> list[Breach]:
    """The laws, for what good webhooks brought: what hostile ones may have left behind is none of theirs."""
    found = evidence.read_database([brand.tenant for brand in stage.brands])
    talks = {row.conversation for row in found.messages if row.text in good}
    kept = {row.text for row in found.messages if row.conversation in talks}
    people = {(row.tenant, row.account, row.customer) for row in found.messages if row.text in good}
    database = Database(
        messages=[row for row in found.messages if row.conversation in talks],
        events=[
            replace(event, name="of somebody else")
            if event.name == RECEIVED and event.text not in kept
            else event
            for event in found.events
        ],
        newest=found.newest,
        live=[who for who in found.live if who in people],
    )
    return check(stage.history.lines, database)


# --- good ones ---------------------------------------------------------------------------------------------


def _good(stage: Stage, web: Web, accounts: list[Account], number: int) -> Iterator[Webhook]:
    """Messages of one customer of each account, as their platforms write and sign them."""
    authors = Authors()
    people = []
    for account in accounts:
        simulated = SimulatedAccount(
            kind=account.kind,
            account_id=account.account_id,
            name=account.kind,
            secret=account.secret,
            token=account.token,
            hook_url=f"http://localhost:{web.port}{account.hook_path}",
        )
        people.append((account, simulated, authors.meet(simulated)))
    for place in range(number):
        account, simulated, customer = stage.rng.choice(people)
        text = f"good {stage.seed}.{place}"
        [hook] = authors.act(simulated, customer, "write", text=text)
        post = authors.post(hook)
        written = Written(account, customer.id, text, customer.bubbles[-1].id, {})
        path = f"{account.hook_path}?{post.query}" if post.query else account.hook_path
        yield Webhook(replace(account, hook_path=path), (written,), post.body, post.headers)


# --- hostile ones ------------------------------------------------------------------------------------------


def _attack(rng: random.Random, account: Account, port: int) -> Attack:
    make: Callable[..., Attack] = rng.choice(
        (_mutated, _mutated, _mutated, _torn, _poisoned, _forged, _malformed)
    )
    return make(rng, account, port)


def _mutated(rng: random.Random, account: Account, port: int) -> Attack:
    """A payload of the platform's, one to three of whose values are something else."""
    path = rng.choice([path for kind, path in contract.FILES if kind == account.kind])
    content = json.loads(path.read_bytes())
    for _ in range(rng.randint(1, 3)):
        _spoil(rng, content)
    body = contract.written(account.kind, content)
    return _signed(f"{account.kind}/{path.stem} with other values", account, body, port)


def _torn(rng: random.Random, account: Account, port: int) -> Attack:
    """A payload that ends too early, or has other bytes in it."""
    path = rng.choice([path for kind, path in contract.FILES if kind == account.kind])
    body = bytearray(contract.payload(account.kind, path))
    if rng.random() < 0.5:
        del body[rng.randrange(len(body)) :]
    else:
        for _ in range(20):
            body[rng.randrange(len(body))] = rng.randrange(32, 127)
    return _signed(f"{account.kind}/{path.stem} torn", account, bytes(body), port)


def _poisoned(rng: random.Random, account: Account, port: int) -> Attack:
    name = rng.choice(sorted(BODIES))
    return _signed(f"{account.kind}: {name}", account, BODIES[name], port)


def _forged(rng: random.Random, account: Account, port: int) -> Attack:
    """A payload that somebody else signed, or nobody."""
    path = rng.choice([path for kind, path in contract.FILES if kind == account.kind])
    stranger = replace(account, secret="of somebody else")
    signed = _signed(
        f"{account.kind}/{path.stem} forged", stranger, contract.payload(account.kind, path), port
    )
    return replace(signed, is_signed=False)


def _malformed(rng: random.Random, account: Account, port: int) -> Attack:
    """A request that is none, or not one of a platform's."""
    host = f"Host: localhost:{port}\r\n"
    what, request = rng.choice(
        (
            (
                "no such key",
                f"POST /hooks/{account.kind}/nobody HTTP/1.1\r\n{host}Content-Length: 2\r\n\r\n{{}}",
            ),
            ("another kind", f"POST /hooks/widget/{account.hook_path[-8:]} HTTP/1.1\r\n{host}\r\n"),
            ("another method", f"DELETE {account.hook_path} HTTP/1.1\r\n{host}\r\n"),
            ("a false handshake", f"GET {account.hook_path}?hub.challenge=%00%ff HTTP/1.1\r\n{host}\r\n"),
            ("no host", f"POST {account.hook_path} HTTP/1.0\r\nContent-Length: 2\r\n\r\n{{}}"),
            ("a path of signs", f"POST /hooks/{account.kind}/%00%ff%2e%2e HTTP/1.1\r\n{host}\r\n"),
            ("many headers", f"POST {account.hook_path} HTTP/1.1\r\n{host}" + "X-A: b\r\n" * 90 + "\r\n"),
            ("twenty-one names", f"POST {account.hook_path}?{'a=b&' * 21} HTTP/1.1\r\n{host}\r\n"),
            ("a length that lies", f"POST {account.hook_path} HTTP/1.1\r\n{host}Content-Length: -5\r\n\r\n"),
            ("noise", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"),
        )
    )
    return Attack(f"{account.kind}: {what}", request.encode("latin-1"))


def _signed(what: str, account: Account, body: bytes, port: int) -> Attack:
    """A POST of these bytes to the account, signed with its secret as its platform signs."""
    sample = contract.samples(account.kind)
    body = body.replace(str(sample.ACCOUNT.account_id).encode(), account.account_id.encode())
    url = f"http://localhost:{port}{account.hook_path}"
    headers, query = _signature(account, body, url)
    path = f"{account.hook_path}?{urlencode(query)}" if query else account.hook_path
    head = {"Host": f"localhost:{port}", "Content-Length": str(len(body)), "Connection": "close", **headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    return Attack(what, f"POST {path} HTTP/1.1\r\n{lines}\r\n".encode("latin-1") + body, is_signed=True)


def _signature(account: Account, body: bytes, url: str) -> tuple[dict[str, str], dict[str, str]]:
    sample = contract.samples(account.kind)
    if account.kind == "api":
        return sample.signature_headers(body, account.secret, at=int(time.time())), {}
    if account.kind == "sms":
        with contextlib.suppress(ValueError):  # no form: Twilio's own judge cannot sign it
            return dict(sample.hook(body, account.secret, url).headers), {}
        return {}, {}
    if hasattr(sample, "hook"):
        hook = sample.hook(body, account.secret, str(int(time.time())))
        return dict(hook.headers), dict(hook.query)
    return sample.signature_headers(body, account.secret), {}


def _spoil(rng: random.Random, content: Any) -> None:
    """Put something else in some place of a JSON value, take the place away, or repeat it."""
    place = content
    while isinstance(place, dict | list) and place:
        key = rng.choice(list(place)) if isinstance(place, dict) else rng.randrange(len(place))
        inner = place[key]
        if isinstance(inner, dict | list) and inner and rng.random() < 0.85:
            place = inner
            continue
        if rng.random() < 0.2:
            del place[key]
        elif isinstance(place, list) and rng.random() < 0.5:
            place.extend([inner] * 30)
        else:
            place[key] = rng.choice(VALUES)
        return


# --- posting -----------------------------------------------------------------------------------------------


def _until_decided(port: int, attack: Attack) -> tuple[int, bool]:
    """The answer (0: the connection was closed without one), and whether it says when to come again."""
    for left in reversed(range(TRIES)):
        status, headers = _post(port, attack.request)
        is_announced = status == 503 and "retry-after" in headers
        if not (attack.is_signed and is_announced and left):
            break
        time.sleep(PAUSE_SECONDS)
    return status, is_announced


def _post(port: int, request: bytes) -> tuple[int, dict[str, str]]:
    try:
        with socket.create_connection((ADDRESS, port), timeout=WAIT_SECONDS) as wire:
            with contextlib.suppress(ConnectionError):  # refused before all of it was read
                wire.sendall(request)
            response = http.client.HTTPResponse(wire)
            response.begin()
            return response.status, {name.lower(): value for name, value in response.getheaders()}
    except TimeoutError:
        raise TooLate("a hostile webhook was not answered at all") from None
    except (OSError, http.client.HTTPException):
        return 0, {}
