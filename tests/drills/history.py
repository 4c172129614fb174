"""What happened, as those saw it who are never killed: one JSON line for each invoke, ok, fail and unknown."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

INVOKE, OK, FAIL, UNKNOWN = "invoke", "ok", "fail", "unknown"

Line = dict[str, Any]


class History:
    """Lines in the order in which they were noted, kept in memory and in a file. Safe to use from many threads."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.lines: list[Line] = []
        self._file = path.open("w", encoding="utf-8")
        self._lock = threading.Lock()

    def note(self, op: str, phase: str, **facts: Any) -> None:
        """Add a line. op: hook, reply or read."""
        with self._lock:
            line = {"at": time.monotonic(), "op": op, "phase": phase, **facts}
            self.lines.append(line)
            self._file.write(json.dumps(line, ensure_ascii=False) + "\n")

    def close(self) -> None:
        self._file.close()
