"""The demo: the agency Harbour with three brands, their people, customers and conversations in three languages.

Everything goes through the product's own verbs. What customers say is read from real webhook bodies; their phones
in the simulator hold the same messages. Made once; later starts only follow the port.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from config import demo_accounts, env
from config.demo_talk import BRANDS, Brand, Talk
from conversations import inbound, inboxes, lifecycle, outbound
from conversations.channels import registry
from conversations.channels.items import IncomingMessage, Item
from conversations.models import Conversation, Inbox
from conversations.simulator.accounts import Register, SimulatedAccount, SimulatedShop
from conversations.surveys import responses
from tenants import directory, provisioning
from tenants.models import Agency, ChannelApp, Membership, Plan, Tenant, User
from tenants.scope import tenant_scope
from tenants.workspace.events import SYSTEM, Actor
from tenants.workspace.models import Agent

AGENCY = "Harbour"
PASSWORD = "kontor-demo"  # noqa: S105 -- printed at every start, and refused in production
LEAD = "lead@harbour.test"
PLATFORM_ADMIN = "admin@harbour.test"
NAMESPACE = uuid.UUID("6c6f6b61-6c64-4d6f-8e74-6f7200000001")
SHOP_NAMES = {"zh-hant": "官網", "ja": "公式サイト", "en": "Website"}
COLORS = {"shanhai": "#2f6f4f", "kanon": "#b4446c", "pine": "#1f5f99"}


def exists() -> bool:
    """Whether the demo has been made."""
    return Agency.objects.filter(name=AGENCY).exists()


def make(port: int) -> None:
    """Make the demo, or let an existing one answer under `port`. Refuses in production."""
    if not env.development():
        raise env.Misconfigured("The demo has a password that everybody knows. It is not made in production.")
    register = Register(Path(settings.SIMULATOR_FOLDER))
    if exists():
        _follow_port(port)
        return
    agency = Agency.objects.create(name=AGENCY)
    plan, _made = Plan.objects.get_or_create(name="Standard")
    User.objects.create_superuser(PLATFORM_ADMIN, PASSWORD, name="Harbour Platform")
    lead = User.objects.create_user(LEAD, PASSWORD, name="Harbour Lead")
    for brand in BRANDS:
        _make_brand(brand, agency, plan, lead, register, port)


def describe(port: int) -> str:
    """The addresses and log-ins, for the terminal."""
    lines = [
        "",
        f"  Agency lead   http://localhost:{port}/   {LEAD} / {PASSWORD}",
        f"  Platform      http://localhost:{port}/admin/   {PLATFORM_ADMIN} / {PASSWORD}",
        f"  Simulator     http://localhost:{port}/simulator/   play the customer: phones, shops, faults",
        "",
    ]
    for brand in BRANDS:
        first = brand.agents[0]
        lines += [
            f"  {brand.name}",
            f"    desk        http://{brand.slug}.{settings.BRAND_HOST_SUFFIX}:{port}/   "
            f"{_mail(brand, first[0])} / {PASSWORD}",
            f"    shop page   http://localhost:{port}/simulator/shop/{brand.slug}/",
        ]
    return "\n".join(lines)


# --- one brand ---------------------------------------------------------------------------------------------


def _make_brand(brand: Brand, agency: Agency, plan: Plan, lead: User, register: Register, port: int) -> None:
    tenant = provisioning.create(
        agency=agency,
        name=brand.name,
        slug=brand.slug,
        language=brand.language,
        timezone=brand.timezone,
        plan=plan,
        owner=lead,
        domain=f"{brand.slug}.{settings.BRAND_HOST_SUFFIX}",
    )
    people = [_hire(tenant, brand, *person) for person in brand.agents]
    with tenant_scope(tenant):
        agents = {
            agent.name: agent for agent in Agent.objects.filter(user_id__in=[user.id for user in people])
        }
        stages = {channel: _connect(brand, channel, port) for channel in brand.channels}
        for stage in stages.values():
            stage.introduce(register)
        for number, talk in enumerate(brand.talks):
            _play(stages[talk.channel], talk, number, agents)
            _answer(stages[talk.channel], talk, number, agents)


def _hire(tenant: Tenant, brand: Brand, mailbox: str, name: str, role: str) -> User:
    user = User.objects.create_user(
        _mail(brand, mailbox), PASSWORD, name=name, language=brand.language, timezone=brand.timezone
    )
    Membership.objects.create(user=user, tenant=tenant, role=role)
    with tenant_scope(tenant):
        Agent.objects.create(user_id=user.id, name=name)
    return user


def _mail(brand: Brand, mailbox: str) -> str:
    return f"{mailbox}@{brand.slug}.test"


# --- one connected account ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stage:
    """An inbox with what its simulated platform needs to know."""

    brand: Brand
    inbox: Inbox
    papers: demo_accounts.Papers
    hook_path: str

    def customers(self) -> list[tuple[int, Talk]]:
        """The talks of this channel, with their numbers."""
        return [
            (number, talk)
            for number, talk in enumerate(self.brand.talks)
            if talk.channel == self.inbox.channel
        ]

    def address(self, number: int) -> str:
        """A customer's id in the platform's form: the same for every demo."""
        return demo_accounts.customer(self.inbox.channel, self._seed(str(number)))

    def message_id(self, number: int, line: int) -> str:
        """A message's id in the platform's form."""
        return demo_accounts.message(self.inbox.channel, self._seed(f"{number}:{line}"))

    def _seed(self, of: str) -> uuid.UUID:
        return uuid.uuid5(NAMESPACE, f"{self.brand.slug}:{self.inbox.channel}:{of}")

    def introduce(self, register: Register) -> None:
        """Tell the simulator of the account, or of the shop."""
        if self.inbox.channel == "widget":
            register.connect_shop(
                SimulatedShop(
                    slug=self.brand.slug,
                    name=self.brand.name,
                    language=self.brand.language,
                    host=f"{self.brand.slug}.{settings.BRAND_HOST_SUFFIX}",
                    site_key=self.inbox.account_id,
                    color=COLORS[self.brand.slug],
                    tagline=self.brand.tagline,
                )
            )
            return
        register.connect_account(
            SimulatedAccount(
                kind=self.inbox.channel,
                account_id=self.inbox.account_id,
                name=f"{self.brand.name} · {demo_accounts.NAMES[self.inbox.channel]}",
                secret=self.papers.secret,
                token=self.papers.token,
                hook_url=self.hook_path,
                verify_token=self.papers.verify_token,
                brand=self.brand.name,
                customers=tuple(self._phone(number, talk) for number, talk in self.customers()),
            )
        )

    def _phone(self, number: int, talk: Talk) -> dict[str, Any]:
        now = timezone.now()
        bubbles = [
            {
                "id": self.message_id(number, line),
                "at": _milliseconds(now - timedelta(minutes=ago)),
                "mine": who == "customer",
                "text": text,
            }
            for line, (who, ago, text) in enumerate(talk.lines)
            if who in {"customer", "outside"}
        ]
        return {
            "id": self.address(number),
            "name": talk.customer,
            "language": self.brand.language,
            "bubbles": bubbles,
        }


def _connect(brand: Brand, channel: str, port: int) -> Stage:
    papers = demo_accounts.papers(channel, brand.slug, uuid.uuid5(NAMESPACE, f"{brand.slug}:{channel}"))
    inbox = inboxes.connect(
        channel,
        papers.account_id,
        demo_accounts.NAMES.get(channel) or SHOP_NAMES[brand.language],
        by=SYSTEM,
        credentials=papers.credentials,
        secret=papers.secret,
        base_url=_base_url(channel, port),
        settings=papers.settings,
    )
    app = ChannelApp.objects.get(routes__inbox_id=inbox.id)
    return Stage(brand, inbox, papers, f"/hooks/{channel}/{app.key}")


def _base_url(channel: str, port: int) -> str:
    return "" if channel == "widget" else f"http://127.0.0.1:{port}/simulator/{channel}"


def _follow_port(port: int) -> None:
    for tenant in directory.active_tenants():
        with tenant_scope(tenant):
            for inbox in Inbox.objects.filter(base_url__contains="/simulator/"):
                inbox.base_url = _base_url(inbox.channel, port)
                inbox.save(update_fields=["base_url"])


# --- one conversation --------------------------------------------------------------------------------------


def _play(stage: Stage, talk: Talk, number: int, agents: Mapping[str, Agent]) -> None:
    for line, (who, ago, text) in enumerate(talk.lines):
        if who in {"customer", "outside"}:
            at = timezone.now() - timedelta(minutes=ago)
            items = list(_told(stage, talk, number, line, who, at, text))
            inbound.receive([inbound.Arrival(item=item, inbox_id=stage.inbox.id) for item in items])
        else:
            conversation = _conversation(stage, number)
            outbound.reply(
                conversation, text, by=Actor.agent(agents[who]), client_id=uuid.uuid4(), seen_number=None
            )
    conversation = _conversation(stage, number)
    if talk.assignee:
        lifecycle.assign(conversation, to=agents[talk.assignee], by=SYSTEM)
    if talk.priority:
        lifecycle.prioritise(conversation, priority=talk.priority, by=SYSTEM)
    if talk.outcome == "resolved":
        lifecycle.resolve(conversation, by=SYSTEM)
    if talk.outcome == "snoozed":
        lifecycle.snooze(conversation, until=timezone.now() + timedelta(hours=20), by=SYSTEM)


def _answer(stage: Stage, talk: Talk, number: int, agents: Mapping[str, Agent]) -> None:
    """What the customer answered to the brand's survey, as a tool of the brand tells it."""
    rated = next((agents[who] for who, *_ in reversed(talk.lines) if who in agents), None)
    for place, (kind, score, ago, comment) in enumerate(talk.answers):
        conversation = _conversation(stage, number)
        responses.tell(
            conversation.contact,
            source="demo",
            number=f"{number}:{place}",
            kind=kind,
            score=score,
            survey=stage.brand.survey,
            comment=comment,
            conversation=conversation,
            agent=rated,
            answered_at=timezone.now() - timedelta(minutes=ago),
            by=SYSTEM,
        )


def _conversation(stage: Stage, number: int) -> Conversation:
    return Conversation.objects.get(inbox=stage.inbox, identity__address=stage.address(number))


def _told(
    stage: Stage, talk: Talk, number: int, line: int, who: str, at: datetime, text: str
) -> Iterator[Item]:
    """The line as the platform tells it: of the wire forms below it is read by the channel. The customer's name
    comes with it."""
    write = _WIRE.get(stage.inbox.channel)
    if write is None:
        yield IncomingMessage(
            account_id=stage.inbox.account_id,
            event_id="",
            happened_at=at,
            raw={},
            address=stage.address(number),
            external_id=stage.message_id(number, line),
            text=text,
            sender_name=talk.customer,
        )
        return
    body = write(stage, number, line, who, _milliseconds(at), text)
    for item in registry.open(stage.inbox.channel).parse(json.dumps(body).encode()):
        yield replace(item, sender_name=talk.customer) if isinstance(item, IncomingMessage) else item


def _messenger(stage: Stage, number: int, line: int, who: str, at: int, text: str) -> dict[str, Any]:
    page, person = {"id": stage.inbox.account_id}, {"id": stage.address(number)}
    message: dict[str, Any] = {"mid": stage.message_id(number, line), "text": text}
    if who == "outside":
        message["is_echo"] = True
    sender, recipient = (person, page) if who == "customer" else (page, person)
    event = {"sender": sender, "recipient": recipient, "timestamp": at, "message": message}
    return {"object": "page", "entry": [{"id": page["id"], "time": at, "messaging": [event]}]}


def _line(stage: Stage, number: int, line: int, who: str, at: int, text: str) -> dict[str, Any]:
    event = {
        "type": "message",
        "mode": "active",
        "timestamp": at,
        "source": {"type": "user", "userId": stage.address(number)},
        "webhookEventId": uuid.uuid5(NAMESPACE, stage.message_id(number, line)).hex[:26].upper(),
        "deliveryContext": {"isRedelivery": False},
        "message": {"type": "text", "id": stage.message_id(number, line), "quoteToken": "demo", "text": text},
    }
    return {"destination": stage.inbox.account_id, "events": [event]}


def _widget(stage: Stage, number: int, line: int, who: str, at: int, text: str) -> dict[str, Any]:
    message = {"id": stage.message_id(number, line), "visitor": stage.address(number), "text": text, "at": at}
    return {"site": stage.inbox.account_id, "messages": [message]}


_WIRE: Mapping[str, Callable[[Stage, int, int, str, int, str], dict[str, Any]]] = {
    "messenger": _messenger,
    "line": _line,
    "widget": _widget,
}


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
