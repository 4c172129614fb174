"""A bucket on 127.0.0.1: enough of the S3 protocol for storing, reading and deleting objects."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit


class Bucket:
    """The server; `objects`: path -> bytes; `unsigned`: calls that came without a signature."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.unsigned: list[str] = []
        bucket = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_PUT(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                if "aws-chunked" in self.headers.get("Content-Encoding", ""):
                    body = _unwrapped(body)
                bucket.objects[self._key()] = body
                self._answer(200)

            def do_GET(self) -> None:
                self._give(with_body=True)

            def do_HEAD(self) -> None:
                self._give(with_body=False)

            def do_DELETE(self) -> None:
                bucket.objects.pop(self._key(), None)
                self._answer(204)

            def _give(self, *, with_body: bool) -> None:
                content = bucket.objects.get(self._key())
                if content is None:
                    self._answer(404)
                    return
                first, _, last = self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")
                part = content[int(first) : int(last) + 1 if last else None]
                status = 206 if "Range" in self.headers else 200
                total = f"bytes {first}-{int(first) + len(part) - 1}/{len(content)}"
                self._answer(status, part if with_body else b"", length=len(part), total=total)

            def _key(self) -> str:
                if not self.headers.get("Authorization", "").startswith("AWS4-HMAC-SHA256 Credential=key/"):
                    bucket.unsigned.append(self.path)
                return unquote(urlsplit(self.path).path)

            def _answer(
                self, status: int, body: bytes = b"", *, length: int | None = None, total: str = ""
            ) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body) if length is None else length))
                self.send_header("ETag", '"0"')
                if total:
                    self.send_header("Content-Range", total)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"


def _unwrapped(body: bytes) -> bytes:
    """The content of the `aws-chunked` form: size;signature, content, …, a chunk of size 0 and checksums."""
    found = bytearray()
    while body:
        head, _, rest = body.partition(b"\r\n")
        size = int(head.partition(b";")[0], 16)
        if not size:
            break
        found += rest[:size]
        body = rest[size + 2 :]
    return bytes(found)


@contextmanager
def running_bucket() -> Iterator[Bucket]:
    """A bucket that serves until the block ends."""
    bucket = Bucket()
    thread = threading.Thread(target=bucket.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield bucket
    finally:
        bucket.server.shutdown()
        bucket.server.server_close()
        thread.join(5)
