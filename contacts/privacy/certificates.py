"""The certificate of an erasure: what was done, when and how much, with a digest over all of it. It names nobody."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from contacts.models import Erasure


def certificate(erasure: Erasure) -> dict[str, Any]:
    """What the certificate says, as JSON: rows by kind, times, keyed digests of the addresses."""
    return {**_content(erasure), "sha256": erasure.sha256}


def digest(erasure: Erasure) -> str:
    """SHA-256 over the certificate's content: keys in order, without blanks."""
    written = json.dumps(_content(erasure), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(written.encode()).hexdigest()


def _content(erasure: Erasure) -> dict[str, Any]:
    return {
        "id": str(erasure.id),
        "number": erasure.number,
        "contact_id": str(erasure.erased_contact_id),
        "mode": erasure.mode,
        "scope": "person" if erasure.identity_id is None else "address",
        "ground": erasure.ground,
        "planned_at": _moment(erasure.created_at),
        "confirmed_at": _moment(erasure.confirmed_at),
        "confirmed_by_second_person": erasure.confirmed_by != erasure.planned_by,
        "erased_at": _moment(erasure.erased_at),
        "finished_at": _moment(erasure.finished_at),
        "rows": erasure.erased,
        "address_digests": erasure.digests,
    }


def _moment(at: Any) -> str | None:
    return None if at is None else at.isoformat()
