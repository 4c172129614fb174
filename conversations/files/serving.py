"""Serving files to whoever holds a signed link: no cookie is looked at, nothing in a file can run.

Pictures, sounds and films are shown; everything else is only downloaded. A player may ask for a part (Range).
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import IO

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from conversations.files import links, storing
from conversations.files.kinds import SHOWN
from conversations.models import StoredFile
from tenants.hosts import TenantRequest

CHUNK_BYTES = 65_536

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


@require_safe
def serve(request: TenantRequest, token: str, name: str = "") -> HttpResponseBase:
    """The file of a link of this brand, whole or in part; 404 for a link that is not good, or no more."""
    try:
        link = links.read(token, request.tenant.id)
    except links.NotALink:
        raise Http404 from None
    file = StoredFile.objects.filter(id=link.file_id, state=StoredFile.State.STORED).first()
    if file is None or (link.is_thumbnail and not file.thumbnail_path):
        raise Http404
    mark = f'"{file.sha256[:32]}{"t" if link.is_thumbnail else ""}"'
    if request.headers.get("If-None-Match") == mark:
        response: HttpResponseBase = HttpResponseNotModified()
    else:
        try:
            content = storing.open_content(file, thumbnail=link.is_thumbnail)
        except FileNotFoundError:
            raise Http404 from None
        response = _answer(request, content, mark)
        _describe(response, file, is_thumbnail=link.is_thumbnail, download="download" in request.GET)
    response.headers["ETag"] = mark
    response.headers["Cache-Control"] = f"private, max-age={max(0, link.expires_at - int(time.time()))}"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _answer(request: HttpRequest, content: IO[bytes], mark: str) -> HttpResponseBase:
    size = content.seek(0, 2)
    wanted = request.headers.get("Range", "")
    if request.headers.get("If-Range", mark) != mark:
        wanted = ""
    part = part_of(wanted, size)
    if part is None:
        content.close()
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    first, length = part
    if request.method == "HEAD":
        content.close()
        response: HttpResponseBase = HttpResponse()
    else:
        response = StreamingHttpResponse(_Part(content, first, length))
    response.headers["Content-Length"] = str(length)
    response.headers["Accept-Ranges"] = "bytes"
    if length != size:
        response.status_code = 206
        response.headers["Content-Range"] = f"bytes {first}-{first + length - 1}/{size}"
    return response


def part_of(wanted: str, size: int) -> tuple[int, int] | None:
    """Where the wanted part begins and how long it is. All of it without a Range header, or with one that asks
    for several parts; None for a part that the file does not have."""
    match = _RANGE.fullmatch(wanted.strip())
    if match is None or match.groups() == ("", ""):
        return 0, size
    first, last = match.groups()
    if not first:
        length = min(int(last), size)
        return (size - length, length) if length else None
    start, end = int(first), min(int(last or size - 1), size - 1)
    return (start, end - start + 1) if start <= end else None


def _describe(response: HttpResponseBase, file: StoredFile, *, is_thumbnail: bool, download: bool) -> None:
    mime = "image/jpeg" if is_thumbnail else file.mime
    shown = mime in SHOWN and not download
    response.headers["Content-Type"] = mime if mime in SHOWN else "application/octet-stream"
    disposition = content_disposition_header(not shown, file.name)
    if disposition:
        response.headers["Content-Disposition"] = disposition


class _Part:
    """The pieces of a part of a file. Closed by the response, also when nobody ever reads it."""

    def __init__(self, content: IO[bytes], first: int, length: int) -> None:
        self._content = content
        self._first = first
        self._left = length

    def __iter__(self) -> Iterator[bytes]:
        self._content.seek(self._first)
        while self._left > 0 and (piece := self._content.read(min(CHUNK_BYTES, self._left))):
            self._left -= len(piece)
            yield piece

    def close(self) -> None:
        self._content.close()
