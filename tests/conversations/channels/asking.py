"""What a channel asks of a platform, for tests: requests kept, answers given one after the other."""

from __future__ import annotations

import json
from collections import deque
from typing import Any

from conversations.channels.base import Channel, PlatformRequest, PlatformResponse
from conversations.channels.outgoing import OutgoingFile, OutgoingMessage


def answered(content: Any, status: int = 200) -> PlatformResponse:
    return PlatformResponse(status=status, headers={}, body=json.dumps(content).encode())


class Asked:
    """A transport that gives `answers` in order and keeps what it was asked."""

    def __init__(self, *answers: PlatformResponse) -> None:
        self.requests: list[PlatformRequest] = []
        self._answers = deque(answers)

    def __call__(self, request: PlatformRequest) -> PlatformResponse:
        self.requests.append(request)
        return self._answers.popleft()


def one_request(channel: Channel, message: OutgoingMessage, account: Any, answer: Any) -> PlatformRequest:
    """The only call that sending a message makes."""
    platform = Asked(answer)
    channel.send(message, account, platform)
    [request] = platform.requests
    return request


def a_file(kind: str = "image", mime: str = "image/jpeg", *, size: int = 1000, url: str = "") -> OutgoingFile:
    return OutgoingFile(
        kind=kind, name="a file", mime=mime, size=size, url=url, read=lambda: b"the bytes of the file"
    )
