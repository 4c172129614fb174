"""config.run keeps children alive, gives up hopeless ones, stops all; config.prepare does nothing twice."""

import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from config import prepare, run
from config.postgres.place import PROJECT
from tests.config.embedded import call, folder, variables

LONG = 600
SLEEP = f"import time; time.sleep({LONG})"
ANSWER = (
    "import sys\n"
    "from http.server import BaseHTTPRequestHandler, HTTPServer\n"
    "class Handler(BaseHTTPRequestHandler):\n"
    "    def do_GET(self): self.send_error(404)\n"
    "    def log_message(self, *_): pass\n"
    "HTTPServer(('127.0.0.1', int(sys.argv[1])), Handler).serve_forever()\n"
)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(run, "TICK_SECONDS", 0.01)
    monkeypatch.setattr(run, "FIRST_PAUSE_SECONDS", 0.01)


@pytest.fixture
def port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def python(*arguments: str) -> list[str]:
    return [sys.executable, "-c", *arguments]


def wait_for(condition) -> None:
    """Wait until a condition holds; the generous end only keeps a broken build from hanging."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.01)


def house(children: list[run.Child], port: int) -> tuple[run.House, threading.Event]:
    stopping = threading.Event()
    return run.House(children, stopping, port=port, welcome="welcome to acme"), stopping


def test_the_welcome_is_printed_when_the_web_server_answers_whatever_it_says(port, capsys):
    web = run.Child("web server", python(ANSWER, str(port)))
    kept, stopping = house([web], port)
    answered = []

    def stop_after_the_answer():
        wait_for(lambda: run.answers(port))
        answered.append(True)
        time.sleep(0.1)
        stopping.set()

    watcher = threading.Thread(target=stop_after_the_answer)
    watcher.start()
    assert kept.keep() == 0
    watcher.join()
    assert answered
    assert capsys.readouterr().out.count("welcome to acme") == 1
    assert not run.answers(port)


def test_no_welcome_is_printed_while_nothing_answers(port, capsys):
    kept, stopping = house([run.Child("worker", python(SLEEP))], port)
    threading.Timer(0.3, stopping.set).start()
    assert kept.keep() == 0
    assert "welcome" not in capsys.readouterr().out


def test_a_child_that_dies_is_started_again(port, tmp_path, capsys):
    marks = tmp_path / "marks"
    once = f"import pathlib, sys, time\np = pathlib.Path({str(marks)!r})\n"
    once += f"first = not p.exists()\np.write_text('x')\nsys.exit(3) if first else time.sleep({LONG})\n"
    child = run.Child("worker", python(once))
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
    steady = run.Child("web server", python(SLEEP))
    kept, _ = house([steady, run.Child("worker", python("raise SystemExit(9)"))], port)
    assert kept.keep() == 1
    said = capsys.readouterr().err
    assert "The worker died 5 times within a minute (last exit code 9). Giving up" in said
    assert said.count("starting it again") == 4
    assert steady.process.poll() is not None


def test_deaths_that_lie_far_apart_are_forgiven():
    child = run.Child("worker", python("raise SystemExit(9)"))
    child.deaths.extend(time.monotonic() - run.DEATHS_WITHIN_SECONDS - 1 for _ in range(20))
    child.start()
    wait_for(lambda: child.exit_code() is not None)
    assert child.tend()
    assert len(child.deaths) == 1


def test_a_child_that_ignores_the_request_to_end_is_killed_with_what_it_started(monkeypatch, tmp_path):
    monkeypatch.setattr(run, "STOP_SECONDS", 0.3)
    note = tmp_path / "pid"
    stubborn = (
        "import pathlib, signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"grandchild = subprocess.Popen([sys.executable, '-c', {SLEEP!r}])\n"
        f"pathlib.Path({str(note)!r}).write_text(str(grandchild.pid))\n"
        f"time.sleep({LONG})\n"
    )
    child = run.Child("worker", python(stubborn))
    child.start()
    wait_for(lambda: note.exists() and note.read_text())
    run.stop_children([child])
    assert child.process.returncode == -signal.SIGKILL
    wait_for(lambda: not is_alive(int(note.read_text())))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends orphans for us")
def test_children_end_when_the_runner_is_killed_outright():
    script = (
        "import time\n"
        "from config import run\n"
        f"child = run.Child('worker', {python(SLEEP)!r})\n"
        "child.start()\n"
        "print(child.process.pid, flush=True)\n"
        f"time.sleep({LONG})\n"
    )
    with subprocess.Popen(python(script), cwd=PROJECT, stdout=subprocess.PIPE, text=True) as runner:
        child = int(runner.stdout.readline())
        assert is_alive(child)
        runner.kill()
    wait_for(lambda: not is_alive(child))


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def test_a_busy_port_is_named_before_anything_starts(tmp_path):
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        assert not run.port_is_free(port)
        done = subprocess.run(
            [sys.executable, "-m", "config.run", "--port", str(port)],
            cwd=PROJECT,
            env=variables(tmp_path / "state"),
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert f"Port {port} is in use" in done.stderr
    assert not (tmp_path / "state").exists()
    assert run.port_is_free(port)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_the_children_and_then_the_database(port, number):
    script = (
        "import sys, threading, signal\n"
        "from config import postgres, run\n"
        f"run.prepare = lambda *_: run.welcome_file().write_text('welcome to globex') and 0\n"
        f"run.web_command = lambda port: [sys.executable, '-c', {ANSWER!r}, str(port)]\n"
        f"sys.exit(run.main(['--port', '{port}']))\n"
    )
    with folder() as base:
        process = subprocess.Popen(
            python(script), cwd=PROJECT, env=variables(base / "state"), stdout=subprocess.PIPE, text=True
        )
        with process:
            assert process.stdout.readline() == "welcome to globex\n"
            assert call(base / "state", "status").stdout.startswith("running")
            assert run.answers(port)
            process.send_signal(number)
            process.communicate(timeout=60)
        assert process.returncode == 0
        assert not run.answers(port)
        assert call(base / "state", "status").stdout.startswith("stopped")


def test_a_failed_preparation_is_reported_and_a_good_one_is_not(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("KONTOR_STATE", str(tmp_path))
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assert run.prepare(1, threading.Event()) == 1
    assert "The preparation failed" in capsys.readouterr().err
    monkeypatch.setattr(sys, "executable", "/bin/true")
    assert run.prepare(1, threading.Event()) == 0
    assert capsys.readouterr().err == ""


# --- preparing ---------------------------------------------------------------------------------------------


@pytest.fixture
def calls(monkeypatch):
    made: list[str] = []
    monkeypatch.setattr(prepare, "call_command", lambda *command: made.append(command[0]))
    return made


def test_a_step_runs_once_until_its_files_change(tmp_path, calls):
    source = tmp_path / "django.po"
    source.write_text("one")
    step = (tmp_path / "stamps" / "catalogs", lambda: [source, tmp_path / "django.mo"], "compile_catalogs")
    prepare.unless_unchanged(*step)
    prepare.unless_unchanged(*step)
    assert calls == ["compile_catalogs"]
    source.write_text("other words")
    prepare.unless_unchanged(*step)
    assert calls == ["compile_catalogs"] * 2
    prepare.unless_unchanged(*step)
    assert calls == ["compile_catalogs"] * 2


def test_a_step_runs_again_when_its_result_is_gone(tmp_path, calls):
    result = tmp_path / "django.mo"
    result.write_text("compiled")
    step = (tmp_path / "stamp", lambda: [result], "compile_catalogs")
    prepare.unless_unchanged(*step)
    result.unlink()
    prepare.unless_unchanged(*step)
    assert calls == ["compile_catalogs"] * 2


def test_a_step_that_failed_is_not_remembered(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr(prepare, "call_command", fail)
    with pytest.raises(OSError, match="disk full"):
        prepare.unless_unchanged(tmp_path / "stamp", lambda: [tmp_path], "collectstatic")
    assert not (tmp_path / "stamp").exists()


def test_only_one_preparation_at_a_time_writes_into_the_project(tmp_path, monkeypatch):
    monkeypatch.setattr(prepare, "PROJECT", tmp_path)
    project = os.open(tmp_path, os.O_RDONLY)
    with prepare.alone(), pytest.raises(BlockingIOError):
        fcntl.flock(project, fcntl.LOCK_EX | fcntl.LOCK_NB)
    fcntl.flock(project, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(project)


def test_the_fingerprint_sees_touched_files(tmp_path):
    file = tmp_path / "desk.css"
    file.write_text("a")
    before = prepare.fingerprint([file])
    assert prepare.fingerprint([file, file]) == before
    os.utime(file, ns=(1, 1))
    assert prepare.fingerprint([file]) != before
