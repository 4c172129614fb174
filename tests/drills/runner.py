"""Runs drills one after the other and prints a line for each."""

from __future__ import annotations

import argparse
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from config import env, postgres
from config.postgres.place import PROJECT, state_folder
from tests.drills import hostility, inbound, log, outages, outbound, shuffling
from tests.drills.checker import Breach
from tests.drills.mends import MENDS
from tests.drills.stage import Stage

SHARP_SEEDS = 3
MOST_SHOWN = 5

DRILLS: dict[str, Callable[[Stage], str]] = {
    drill.__name__: drill
    for drill in (
        inbound.web_killed,
        inbound.inbound_failpoints,
        inbound.database_killed,
        inbound.same_event,
        outbound.worker_killed,
        outbound.two_workers,
        outages.platform_down,
        outages.rate_limited,
        outages.timed_out_but_delivered,
        shuffling.shuffled_history,
        hostility.hostile,
        log.commit_order,
        log.listener_lost,
        log.wake_ups_dropped,
    )
}
LONG_WHEN_SHARP = frozenset(
    {"worker_killed", "wake_ups_dropped"}
)  # the short edition can miss what they prove


@dataclass(frozen=True)
class Verdict:
    """What one run showed. trouble: why it could not be judged."""

    figures: str
    breaches: Sequence[Breach]
    seconds: float
    trouble: str = ""

    @property
    def is_good(self) -> bool:
        return not self.breaches and not self.trouble

    def shown(self) -> list[str]:
        """The first breaches, for people."""
        lines = [f"    {breach}" for breach in self.breaches[:MOST_SHOWN]]
        more = len(self.breaches) - MOST_SHOWN
        return [
            *lines,
            *([f"    and {more} more"] if more > 0 else []),
            *([f"    {self.trouble}"] * bool(self.trouble)),
        ]


def main(arguments: Sequence[str]) -> int:
    """Do what the command line says and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.drills", description=__doc__)
    parser.add_argument(
        "drills", nargs="*", help=f"all, or some of: {', '.join(DRILLS)}; short: their small edition"
    )
    parser.add_argument("--sharp", action="store_true", help="remove each drill's mend: it must fail")
    parser.add_argument("--seed", type=int, default=None, help="of the first run; default: a random one")
    options = parser.parse_args(arguments)
    wanted = set(options.drills or ["all"])
    unknown = wanted - {"all", "short", *DRILLS}
    if unknown:
        parser.error(f"there is no drill {', '.join(sorted(unknown))}")
    named = [name for name in DRILLS if name in wanted or not wanted - {"all", "short"}]
    seed = secrets.randbelow(10_000) if options.seed is None else options.seed
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # ends what was started, as Ctrl-C does
    folder = state_folder() / "drills"
    shutil.rmtree(folder, ignore_errors=True)
    with postgres.running():
        _migrate()
        if options.sharp:
            results = [_blunt(name, seed, folder) for name in named]
        else:
            results = [_drill(name, seed, folder, is_short="short" in wanted) for name in named]
    print(f"{sum(results)} of {len(results)} passed. Histories and logs: {folder}")
    return 0 if all(results) else 1


def run(name: str, seed: int, folder: Path, *, is_short: bool, without: str = "") -> Verdict:
    """One run of one drill, judged."""
    began = time.monotonic()
    stage = Stage(name, seed, folder, is_short=is_short, without=without)
    figures, trouble, breaches = "", "", list[Breach]()
    try:
        try:
            figures = DRILLS[name](stage)
        except Exception as error:
            trouble = f"{type(error).__name__}: {error}"
        breaches = stage.judge()
    finally:
        stage.close()
    return Verdict(figures, breaches, time.monotonic() - began, trouble)


def _drill(name: str, seed: int, folder: Path, *, is_short: bool) -> bool:
    verdict = run(name, seed, folder, is_short=is_short)
    word = "passed" if verdict.is_good else "FAILED"
    print(f"{name:18}  seed {seed:<5} {verdict.figures}  {word} ({verdict.seconds:.0f} s)")
    print("\n".join(verdict.shown()), end="\n" if verdict.shown() else "", flush=True)
    return verdict.is_good


def _blunt(name: str, first_seed: int, folder: Path) -> bool:
    """Whether the drill fails without its mend, as it must, within a few seeds."""
    mend = MENDS[name]
    for seed in range(first_seed, first_seed + SHARP_SEEDS):
        verdict = run(name, seed, folder, is_short=name not in LONG_WHEN_SHARP, without=mend.removal)
        broken = [breach for breach in verdict.breaches if breach.law == mend.law]
        outcome = f"{len(broken)} {mend.law}" if broken else "nothing found"
        print(
            f"{name:18}  seed {seed:<5} without “{mend.what}”: {outcome} ({verdict.seconds:.0f} s)",
            flush=True,
        )
        if broken:
            print(f"    {broken[0]}", flush=True)
            return True
        print("\n".join(verdict.shown()), flush=True)
    print(f"{name:18}  IS BLUNT: it passes without its mend")
    return False


def _migrate() -> None:
    command = [sys.executable, "manage.py", "migrate_all"]
    subprocess.run(
        command, cwd=PROJECT, env=env.changed(KONTOR_POOL="0"), check=True, stdout=subprocess.DEVNULL
    )
