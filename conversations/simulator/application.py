"""The simulator as one ASGI application: mounted in the development server, or a process of its own.

    /simulator/                     who can be played, shops, faults
    /simulator/phone/<kind>/<account>/<customer>/
    /simulator/shop/<slug>/
    /simulator/messenger/…          base address of Meta's Graph API, for pages
    /simulator/instagram/…          the same for Instagram's accounts
    /simulator/line/…               base address of LINE's Messaging API
    /simulator/whatsapp/…           base address of WhatsApp's Cloud API
    /simulator/api/…                an integrator's own system
    /simulator/telegram/…           base address of Telegram's Bot API
    /simulator/wechat/…             base address of WeChat's API for Official Accounts
    /simulator/sms/…                base address of Twilio's API
    /simulator/email/…              relay of mails
    /simulator/control/…            for tests and drills

Only the hosts it was given are answered, so a brand's host has no simulator.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.template import Engine

from conversations.simulator.accounts import Register
from conversations.simulator.api import FakeApi
from conversations.simulator.control import Control
from conversations.simulator.email import FakeEmail
from conversations.simulator.faults import Faults
from conversations.simulator.instagram import FakeInstagram
from conversations.simulator.line import FakeLine
from conversations.simulator.messenger import FakeMessenger
from conversations.simulator.phone import Phones
from conversations.simulator.platform import Platform, Stage
from conversations.simulator.posting import Poster
from conversations.simulator.shop import shop_page
from conversations.simulator.sms import FakeSms
from conversations.simulator.telegram import FakeTelegram
from conversations.simulator.web import Request, Response, answer, not_found, read, write
from conversations.simulator.wechat import FakeWeChat
from conversations.simulator.whatsapp import FakeWhatsApp
from conversations.simulator.world import World

PREFIX = "/simulator"
ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "static" / "simulator"
STATIC_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
PLATFORMS: tuple[type[Platform], ...] = (
    FakeMessenger,
    FakeInstagram,
    FakeLine,
    FakeTelegram,
    FakeWhatsApp,
    FakeApi,
    FakeWeChat,
    FakeSms,
    FakeEmail,
)
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


class Simulator:
    """hosts: host names that are answered. folder: where it remembers; None for memory only.
    control_token: what a caller of the control API must show; "" lets pages of this very origin in.
    outside_address: see Poster."""

    def __init__(
        self,
        *,
        hosts: Collection[str] = LOOPBACK,
        folder: Path | None = None,
        control_token: str = "",
        outside_address: str = "",
    ) -> None:
        world, faults = World(folder), Faults()
        self.stage = Stage(Register(folder), world, faults, Poster(world, faults))
        self.stage.poster.outside_address = outside_address
        self._platforms: Mapping[str, Platform] = {each.kind: each(self.stage) for each in PLATFORMS}
        self._engine = Engine(dirs=[str(ROOT / "templates")], libraries={"i18n": "django.templatetags.i18n"})
        self._phones = Phones(self.stage, self._platforms, self._engine)
        self._control = Control(self.stage, self._platforms)
        self._hosts = frozenset(hosts)
        self._token = control_token

    async def __call__(self, scope: Mapping[str, Any], receive: Any, send: Any) -> None:
        """Answer one HTTP request."""
        path = str(scope["path"])
        request = await read(scope, receive, path.removeprefix(PREFIX).lstrip("/"))
        if request is None:
            response = answer({"error": "too large"}, status=413)
        elif not path.startswith(f"{PREFIX}/") or urlsplit(request.origin).hostname not in self._hosts:
            response = not_found()
        else:
            self.stage.poster.own_address = request.origin
            response = await self._answer(request)
        if response.hang:
            await asyncio.sleep(response.hang)
        await write(response, send)

    async def _answer(self, request: Request) -> Response:
        place, _slash, rest = request.path.partition("/")
        if place in self._platforms:
            return await self._platforms[place].answer(request, rest)
        if place == "control":
            is_allowed = self._may_control(request)
            return (
                self._control.answer(request, rest)
                if is_allowed
                else answer({"error": "not allowed"}, status=403)
            )
        if request.method != "GET" and not _is_own_page(request):
            return answer({"error": "not allowed"}, status=403)
        if place == "phone":
            return await self._phones.answer(request, rest)
        if place == "shop":
            shop = self.stage.register.shop(rest.strip("/"))
            return shop_page(self._engine, shop, request) if shop else not_found()
        if place == "static":
            return _static(rest)
        return self._phones.index(request, with_panel=not self._token) if not place else not_found()

    def _may_control(self, request: Request) -> bool:
        if self._token:
            return hmac.compare_digest(request.bearer.encode(), self._token.encode())
        return request.method == "GET" or _is_own_page(request)


def _is_own_page(request: Request) -> bool:
    """Whether a page of this very origin asks: another site's form carries its own Origin, or none."""
    return request.headers.get("origin") == request.origin


def _static(name: str) -> Response:
    path = STATIC / name
    content_type = STATIC_TYPES.get(path.suffix)
    if "/" in name or content_type is None or not path.is_file():
        return not_found()
    return Response(200, path.read_bytes(), content_type)


@cache
def mounted() -> Simulator:
    """The simulator of the development server, remembering in settings.SIMULATOR_FOLDER."""
    return Simulator(
        hosts=settings.PUBLIC_HOSTS,
        folder=Path(settings.SIMULATOR_FOLDER),
        outside_address=settings.PUBLIC_URL.rstrip("/"),
    )


async def application(scope: Mapping[str, Any], receive: Any, send: Any) -> None:
    """ASGI entry for config.asgi, below PREFIX. Without settings.SIMULATOR there is nothing here."""
    if settings.SIMULATOR:
        await mounted()(scope, receive, send)
    else:
        await write(not_found(), send)
