"""Committed baselines: what a test found is compared with a file, or written to it on request.

KONTOR_UPDATE_BASELINES=1 make test PYTEST_ARGS=tests/api
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from config import env

FOLDER = Path(__file__).parent


def compare(name: str, found: Any, *, part: str = "") -> None:
    """Hold `found` against the file `name`, or against its member `part`."""
    path = FOLDER / name
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    if env.flag("KONTOR_UPDATE_BASELINES", False):
        kept = {**kept, part: found} if part else found
        path.write_text(
            json.dumps(kept, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8"
        )
    assert (kept.get(part) if part else kept) == found, f"{name} is another: see tests/baselines.py"
