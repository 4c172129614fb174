"""``python -m config.postgres run -- COMMAND…`` | ``status`` | ``url`` | ``stop [--now]`` | ``remove``."""

import argparse
import os
import shutil
import signal
import subprocess
import sys
from types import FrameType
from urllib.parse import quote

from config import env, postgres
from config.postgres import place as places

PASSED_ON = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)
FROM_THE_KEYBOARD = (signal.SIGINT, signal.SIGQUIT)


def main(arguments: list[str]) -> int:
    """Do what the command line says and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m config.postgres", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    run = verbs.add_parser("run", help="run a command with the server held up")
    run.add_argument("command", nargs=argparse.REMAINDER, help="the command, after --")
    verbs.add_parser("status", help="say whether the server runs")
    verbs.add_parser("url", help="print the database's URL, with its password")
    stop = verbs.add_parser("stop", help="stop the server unless it is in use")
    stop.add_argument("--now", action="store_true", help="even if it is in use")
    verbs.add_parser("remove", help="stop the server and delete its data for good")
    options = parser.parse_args(arguments)
    try:
        if options.verb == "run":
            command = options.command[1:] if options.command[:1] == ["--"] else options.command
            return _run(command) if command else parser.error("run needs a command after --")
        if options.verb == "stop":
            return _stop(options.now)
        return {"status": _status, "url": _url, "remove": _remove}[options.verb]()
    except (env.Misconfigured, postgres.ServerError) as error:
        print(error, file=sys.stderr)
        return 1


def _run(command: list[str]) -> int:
    process: subprocess.Popen[bytes] | None = None
    early: list[int] = []

    def pass_on(number: int, frame: FrameType | None) -> None:
        if process is None:
            early.append(number)
        elif not (number in FROM_THE_KEYBOARD and _terminal_is_ours()):
            process.send_signal(number)

    for number in PASSED_ON:
        signal.signal(number, pass_on)
    with postgres.running():
        if early:
            return 128 + early[0]
        try:
            process = subprocess.Popen(command)
        except OSError as error:
            print(f"{command[0]}: {error.strerror}", file=sys.stderr)
            return 127
        for missed in early:  # came while the command was being started
            process.send_signal(missed)
        code = process.wait()
    return 128 - code if code < 0 else code


def _terminal_is_ours() -> bool:
    """Tell whether a key press has reached the command already: a terminal signals its whole group."""
    try:
        return os.tcgetpgrp(0) == os.getpgrp()
    except OSError:
        return False


def _status() -> int:
    print(
        postgres.status() if postgres.embedded() else "DATABASE_URL is set: the embedded server is not used"
    )
    return 0


def _url() -> int:
    entry = postgres.database()
    parts = {name: quote(str(value), safe="") for name, value in entry.items() if name != "OPTIONS"}
    print("postgresql://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**parts))
    return 0


def _stop(now: bool) -> int:
    if postgres.stop(even_if_used=now):
        return 0
    print("The server is in use by another process. End that first, or write: stop --now", file=sys.stderr)
    return 1


def _remove() -> int:
    postgres.stop(even_if_used=True)
    place = places.locate()
    for folder in (place.data, place.socket, *place.home.glob("server-*")):
        shutil.rmtree(folder, ignore_errors=True)
    for file in (place.log, *place.state.glob("postgres.password.*")):
        file.unlink(missing_ok=True)
    if place.home != place.state:
        shutil.rmtree(place.home, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
