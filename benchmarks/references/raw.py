"""The limit: a bare ASGI application that commits what waits together, and tells its sockets directly.

It does no more than must be done for a message to be on disk once and in order: no signatures, no tenants, no
events. POST /hook: {channel, customer, id, text}. A WebSocket on any path hears every message.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg

from config import postgres

BATCH = 100
WRITERS = 2
STATEMENT = """
WITH new AS (
    SELECT * FROM unnest(%s::int[], %s::text[], %s::text[], %s::text[]) AS new (channel, address, external_id, text)),
known AS (
    SELECT new.*, c.id AS conversation_id
      FROM new
      JOIN reference.plain_identity i ON i.channel = new.channel AND i.address = new.address
      JOIN reference.plain_conversation c ON c.contact_id = i.contact_id AND c.channel = i.channel AND c.is_open),
said AS (
    INSERT INTO reference.plain_message (conversation_id, channel, external_id, outgoing, text, created_at)
    SELECT conversation_id, channel, external_id, false, text, clock_timestamp() FROM known
    ON CONFLICT (channel, external_id) DO NOTHING
    RETURNING conversation_id),
touched AS (SELECT conversation_id, count(*) AS number FROM said GROUP BY conversation_id)
UPDATE reference.plain_conversation c
   SET last_message_at = now(), unread = unread + touched.number, message_count = message_count + touched.number
  FROM touched WHERE c.id = touched.conversation_id
"""

Row = tuple[int, str, str, str]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Waiting = tuple[Row, asyncio.Future[None]]

_queues: list[asyncio.Queue[Waiting]] = []
_tasks: set[asyncio.Task[None]] = set()
_sockets: set[Send] = set()


async def application(
    scope: dict[str, Any], receive: Callable[[], Awaitable[dict[str, Any]]], send: Send
) -> None:
    """The ASGI application."""
    if scope["type"] == "websocket":
        await _listen(receive, send)
    elif scope["type"] == "http":
        body = b""
        while (message := await receive())["type"] == "http.request":
            body += message["body"]
            if not message.get("more_body"):
                break
        if scope["path"] == "/hook":
            await _take(json.loads(body))
        headers = [(b"content-type", b"application/json"), (b"content-length", b"2")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"{}"})


async def _take(said: dict[str, Any]) -> None:
    if not _queues:
        _start()
    written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    row = (said["channel"], said["customer"], said["id"], said["text"])
    _queues[hash(said["customer"]) % WRITERS].put_nowait((row, written))  # one writer for each conversation
    await written
    _keep(asyncio.create_task(_tell(json.dumps(said))))


def _start() -> None:
    for _ in range(WRITERS):
        queue: asyncio.Queue[Waiting] = asyncio.Queue()
        _queues.append(queue)
        _keep(asyncio.create_task(_write(queue)))


def _keep(task: asyncio.Task[None]) -> None:
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)


async def _write(queue: asyncio.Queue[Waiting]) -> None:
    address = postgres.database()
    connection = await psycopg.AsyncConnection.connect(
        host=address["HOST"],
        port=address["PORT"],
        user=address["USER"],
        password=address["PASSWORD"],
        dbname=address["NAME"],
        autocommit=True,
        prepare_threshold=1,
    )
    while True:
        batch = [await queue.get()]
        while len(batch) < BATCH and not queue.empty():
            batch.append(queue.get_nowait())
        try:
            await connection.execute(
                STATEMENT, [list(column) for column in zip(*(row for row, _ in batch), strict=True)]
            )
        except psycopg.Error as error:
            for _, written in batch:
                written.set_exception(error)
        else:
            for _, written in batch:
                if not written.done():
                    written.set_result(None)


async def _tell(text: str) -> None:
    message = {"type": "websocket.send", "text": text}
    for send in tuple(_sockets):
        await send(message)


async def _listen(receive: Callable[[], Awaitable[dict[str, Any]]], send: Send) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    _sockets.add(send)
    try:
        while (await receive())["type"] != "websocket.disconnect":
            pass
    finally:
        _sockets.discard(send)
