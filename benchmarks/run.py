"""Everything between a fresh database and a printed table. Started by ``python -m benchmarks``."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import django
from django.core.management import call_command

from benchmarks import machine
from benchmarks.figures import Figure, table
from benchmarks.wish import IN_SHORT, NAMES, Wish
from config import env
from config.postgres.place import state_folder

LATEST = Path(__file__).with_name("latest.json")


def main(arguments: list[str]) -> int:
    """Measure, print, and write latest.json. Returns the exit code: 1 when a benchmark broke."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--peers", action="store_true")
    options = parser.parse_args(arguments)
    signal.signal(
        signal.SIGTERM, lambda number, frame: sys.exit(128 + number)
    )  # what we started must end with us
    env.choose_settings()
    django.setup()
    logs = state_folder() / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    wish = Wish(options.short, options.peers, logs)
    before = machine.state(state_folder())
    print(f"{before}\nsetting up …", flush=True)
    call_command("migrate_all", verbosity=0)
    rows: list[dict[str, Any]] = []
    broken = []
    for name in options.only or (IN_SHORT if wish.short else NAMES):
        began = time.monotonic()
        try:
            figures = import_module(f"benchmarks.{name}").measure(wish)
        except Exception as error:
            print(f"{name} broke: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
            if wish.short:
                raise
            broken.append(name)
            continue
        rows += [_row(name, figure, wish) for figure in figures]
        print(f"\n{name} ({time.monotonic() - began:.0f} s)\n{table(rows[-len(figures) :])}", flush=True)
    after = machine.state(state_folder())
    LATEST.write_text(
        json.dumps({"before": before, "after": after, "figures": rows}, indent=1, ensure_ascii=False)
    )
    print(f"\nbefore {before}\nafter  {after}\n\n{table(rows)}\n\nwritten to {LATEST}")
    return 1 if broken else 0


def _row(benchmark: str, figure: Figure, wish: Wish) -> dict[str, Any]:
    row = {"benchmark": benchmark, **figure.row()}
    return {**row, "floor": None, "goal": None, "verdict": ""} if wish.short else row


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
