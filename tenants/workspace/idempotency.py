"""A POST with an Idempotency-Key happens once: its answer is kept for a day and given again.

The key's row is committed before the work, so that a twin which comes at the same time is told to wait. Refusals
are kept too; what broke on our side is not, so that it can be tried again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any
from uuid import UUID, uuid5

from django.db import IntegrityError, transaction
from django.utils import timezone
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.workspace.models import ApiToken, IdempotencyKey
from tenants.workspace.problems import CONTENT_TYPE, Problem

HEADER = "Idempotency-Key"
LIFE = timedelta(hours=24)
LONGEST_WORK = timedelta(minutes=1)  # a first call that is older has died with its process
LONGEST_KEY = 200

Handler = Callable[..., Response]


def once(handler: Handler) -> Handler:
    """A POST handler of a BrandView that obeys Idempotency-Key."""

    @wraps(handler)
    def keyed(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = key_of(request)
        if key is None:
            return handler(view, request, *args, **kwargs)
        row, kept = _claim(_token(request), key, request)
        if kept is not None:
            return kept
        try:
            try:
                response = handler(view, request, *args, **kwargs)
            except Exception as error:
                response = view.handle_exception(error)
        except BaseException:
            row.delete()
            raise
        _settle(row, response)
        return response

    return keyed


def key_of(request: Request) -> str | None:
    """The key that the caller sent, if any. Raises Problem for one that cannot be used."""
    key = request.headers.get(HEADER)
    if key is None:
        return None
    if not 0 < len(key) <= LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise Problem(
            400, "bad_idempotency_key", "An Idempotency-Key has 1 to 200 printable ASCII characters."
        )
    return key


def client_id_of(request: Request) -> UUID | None:
    """An id that follows from token, key and body, for verbs that are idempotent by a client's id: they stay so
    when the kept answer is lost or too old."""
    key = key_of(request)
    return None if key is None else uuid5(_token(request).id, f"{key}:{_digest(request)}")


def sweep() -> int:
    """Forget answers that are older than a day. Returns how many."""
    forgotten, _each = IdempotencyKey.objects.filter(created_at__lt=timezone.now() - LIFE).delete()
    return forgotten


def _token(request: Request) -> ApiToken:
    if not isinstance(request.auth, ApiToken):
        raise LookupError("only calls with a token are idempotent by key")
    return request.auth


def _claim(token: ApiToken, key: str, request: Request) -> tuple[IdempotencyKey, Response | None]:
    now, digest = timezone.now(), _digest(request)
    outlived = IdempotencyKey.objects.filter(token=token, key=key)
    outlived.filter(created_at__lt=now - LIFE).delete()
    outlived.filter(created_at__lt=now - LONGEST_WORK, status=None).delete()
    try:
        with transaction.atomic():
            made = IdempotencyKey(token=token, key=key, path=request.path, request_digest=digest)
            made.save(force_insert=True)
            return made, None
    except IntegrityError:
        row = IdempotencyKey.objects.filter(token=token, key=key).first()
    if row is None:
        raise Problem(
            409, "idempotency_in_progress", "The first call with this key ended just now. Try again."
        )
    if row.request_digest != digest:
        raise Problem(422, "idempotency_key_reused", "This key was used for another request.")
    if row.status is None:
        raise Problem(409, "idempotency_in_progress", "The first call with this key is still at work.")
    kept = Response(row.response, status=row.status, headers={"Idempotent-Replayed": "true"})
    if row.status >= 400:
        kept.content_type = CONTENT_TYPE
    return row, kept


def _settle(row: IdempotencyKey, response: Response) -> None:
    if response.status_code >= 500:
        row.delete()
        return
    row.status = response.status_code
    row.response = json.loads(JSONRenderer().render(response.data))
    row.save(update_fields=["status", "response"])


def _digest(request: Request) -> str:
    parts = [request.method or "", request.path, request.content_type or ""]
    mark = hashlib.sha256("\n".join(parts).encode())
    mark.update(request._request.body)  # read here first: the parser takes it from there
    return mark.hexdigest()
