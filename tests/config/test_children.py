"""config.children: what dies is started again, what keeps dying is given up, what is stopped ends with all it began."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from config import children, run
from config.children import Child
from config.postgres.place import PROJECT
from tests.config.houses import LONG, SLEEP, house, is_alive, python, wait_for


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(run, "TICK_SECONDS", 0.01)
    monkeypatch.setattr(children, "FIRST_PAUSE_SECONDS", 0.01)


@pytest.fixture
def port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_a_child_that_dies_is_started_again(port, tmp_path, capsys):
    marks = tmp_path / "marks"
    once = f"import pathlib, sys, time\np = pathlib.Path({str(marks)!r})\n"
    once += f"first = not p.exists()\np.write_text('x')\nsys.exit(3) if first else time.sleep({LONG})\n"
    child = Child("worker", python(once))
    kept, stopping = house([child], port)

    def stop_when_it_lives_again():
        wait_for(lambda: len(child.deaths) == 1 and child.process is not None)
        stopping.set()

    watcher = threading.Thread(target=stop_when_it_lives_again)
    watcher.start()
    assert kept.keep() == 0
    watcher.join()
    assert "The worker ended (exit code 3); starting it again in 0.01 s." in capsys.readouterr().err


def test_a_child_that_keeps_dying_is_given_up_and_the_others_are_stopped(port, capsys):
    steady = Child("web server", python(SLEEP))
    kept, _ = house([steady, Child("worker", python("raise SystemExit(9)"))], port)
    assert kept.keep() == 1
    said = capsys.readouterr().err
    assert "The worker died 5 times within a minute (last exit code 9). Giving up" in said
    assert said.count("starting it again") == 4
    assert not steady.process.is_alive()


def test_deaths_that_lie_far_apart_are_forgiven():
    child = Child("worker", python("raise SystemExit(9)"))
    child.deaths.extend(time.monotonic() - children.DEATHS_WITHIN_SECONDS - 1 for _ in range(20))
    child.start()
    wait_for(lambda: child.exit_code() is not None)
    assert child.tend()
    assert len(child.deaths) == 1


def test_a_child_that_ignores_the_request_to_end_is_killed_with_what_it_started(monkeypatch, tmp_path):
    monkeypatch.setattr(children, "STOP_SECONDS", 0.3)
    note = tmp_path / "pid"
    stubborn = (
        "import pathlib, signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"grandchild = subprocess.Popen([sys.executable, '-c', {SLEEP!r}])\n"
        f"pathlib.Path({str(note)!r}).write_text(str(grandchild.pid))\n"
        f"time.sleep({LONG})\n"
    )
    child = Child("worker", python(stubborn))
    child.start()
    wait_for(lambda: note.exists() and note.read_text())
    children.stop_children([child])
    assert child.process.exitcode == -signal.SIGKILL
    wait_for(lambda: not is_alive(int(note.read_text())))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends orphans for us")
def test_children_end_when_the_runner_is_killed_outright():
    script = (
        "import time\n"
        "from config.children import Child\n"
        f"child = Child('worker', {python(SLEEP)!r})\n"
        "child.start()\n"
        "print(child.process.pid, flush=True)\n"
        f"time.sleep({LONG})\n"
    )
    with subprocess.Popen(python(script), cwd=PROJECT, stdout=subprocess.PIPE, text=True) as runner:
        child = int(runner.stdout.readline())
        assert is_alive(child)
        runner.kill()
    wait_for(lambda: not is_alive(child))


# --- forks that run on what we have loaded -----------------------------------------------------------------

TELL = """
import json, os, signal, sys
handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
told = {
    "arguments": sys.argv,
    "name": __name__,
    "folder": os.getcwd(),
    "session": os.getsid(0) == os.getpid(),
    "stdin": os.read(0, 1).decode(),
    "loaded": "json" in sys.modules,
    "comm": open("/proc/self/comm").read().strip() if sys.platform == "linux" else "worker",
    "handlers": handlers == [signal.default_int_handler, signal.SIG_DFL, signal.SIG_DFL],
}
with open(sys.argv[1], "w") as file:
    json.dump(told, file)
raise SystemExit(7)
"""


def test_a_fork_runs_its_program_as_if_it_were_called_by_itself(tmp_path):
    program, answer = tmp_path / "tell.py", tmp_path / "told.json"
    program.write_text(TELL)
    child = Child("worker", [sys.executable, str(program), str(answer)], is_fork=True)
    child.start()
    wait_for(lambda: child.exit_code() is not None)
    assert child.exit_code() == 7
    assert json.loads(answer.read_text()) == {
        "arguments": [str(program), str(answer)],
        "name": "__main__",
        "folder": str(PROJECT),
        "session": True,
        "stdin": "",
        "loaded": True,
        "comm": "worker",
        "handlers": True,
    }


@pytest.mark.parametrize("is_fork", [True, False])
def test_a_child_that_is_stopped_while_it_begins_ends_at_once(tmp_path, is_fork):
    program = tmp_path / "sleep.py"
    program.write_text(SLEEP)
    ours = [
        signal.signal(number, lambda *_: None) for number in children.STOP_SIGNALS
    ]  # as the runner has them
    try:
        for _ in range(5):
            child = Child("worker", [sys.executable, str(program)], is_fork=is_fork)
            child.start()
            children.stop_children([child])
            assert child.process.exitcode == -signal.SIGTERM
    finally:
        for number, handler in zip(children.STOP_SIGNALS, ours, strict=True):
            signal.signal(number, handler)
    assert signal.pthread_sigmask(signal.SIG_BLOCK, []).isdisjoint(children.STOP_SIGNALS)


@pytest.mark.parametrize("is_fork", [True, False])
def test_a_child_finds_its_variables_and_we_do_not(tmp_path, is_fork):
    program, answer = tmp_path / "tell.py", tmp_path / "told"
    program.write_text(
        "import os, pathlib, sys\npathlib.Path(sys.argv[1]).write_text(os.environ['KONTOR_ACME'])"
    )
    child = Child(
        "worker", [sys.executable, str(program), str(answer)], {"KONTOR_ACME": "harbour"}, is_fork=is_fork
    )
    child.start()
    wait_for(lambda: child.exit_code() is not None)
    assert (child.exit_code(), answer.read_text()) == (0, "harbour")
    assert "KONTOR_ACME" not in os.environ


def test_a_fork_runs_a_module_by_its_name(capfd):
    child = Child("worker", [sys.executable, "-m", "calendar", "1999", "12"], is_fork=True)
    child.start()
    wait_for(lambda: child.exit_code() is not None)
    assert child.exit_code() == 0
    assert "December 1999" in capfd.readouterr().out


def test_a_fork_that_breaks_says_why_and_counts_as_dead(capfd, tmp_path):
    program = tmp_path / "break.py"
    program.write_text("raise LookupError('no such harbour')")
    child = Child("worker", [sys.executable, str(program)], is_fork=True)
    child.start()
    wait_for(lambda: child.exit_code() is not None)
    assert child.exit_code() == 1
    assert "no such harbour" in capfd.readouterr().err
    assert child.tend()
    assert len(child.deaths) == 1


def test_a_fork_that_is_killed_is_named_by_its_signal(tmp_path):
    program = tmp_path / "sleep.py"
    program.write_text(SLEEP)
    child = Child("worker", [sys.executable, str(program)], is_fork=True)
    child.start()
    os.kill(child.process.pid, signal.SIGKILL)
    wait_for(lambda: child.exit_code() is not None)
    assert child.exit_code() == 128 + signal.SIGKILL
