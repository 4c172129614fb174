"""Programs that call acme's REST API with a token."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.test import Client


@dataclass(frozen=True)
class Api:
    """Calls with one token."""

    client: Client
    token: str

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(f"/api/v1/{path}", query, headers=self._headers())

    def post(self, path: str, body: Any = None, *, raw: bytes | None = None, **headers: str) -> Any:
        content = json.dumps({} if body is None else body) if raw is None else raw
        return self.client.post(
            f"/api/v1/{path}", content, content_type="application/json", headers=self._headers() | headers
        )

    def send(self, method: str, path: str, body: Any = None) -> Any:
        """A call by another method: patch, put, delete. body: as JSON; None for none."""
        content = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
        call = getattr(self.client, method)
        return call(f"/api/v1/{path}", headers=self._headers(), **content)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


Caller = Callable[..., Api]
