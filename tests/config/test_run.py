"""config.run greets when the desk answers and stops all; config.prepare does nothing twice."""

import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from config import prepare, run
from config.children import Child
from config.postgres.place import PROJECT
from tests.config.embedded import call, folder, variables
from tests.config.houses import ANSWER, SLEEP, house, python, wait_for


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(run, "TICK_SECONDS", 0.01)


@pytest.fixture
def port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_the_welcome_is_printed_when_the_web_server_answers_whatever_it_says(port, capsys):
    web = Child("web server", python(ANSWER, str(port)))
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
    kept, stopping = house([Child("worker", python(SLEEP))], port)
    threading.Timer(0.3, stopping.set).start()
    assert kept.keep() == 0
    assert "welcome" not in capsys.readouterr().out


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
def test_a_signal_stops_the_children_and_then_the_database(port, number, tmp_path):
    program = tmp_path / "answer.py"
    program.write_text(ANSWER)
    script = (
        "import sys, threading, signal\n"
        "from config import postgres, run\n"
        f"run.prepare = lambda *_: run.welcome_file().write_text('welcome to globex') and 0\n"
        f"run.web_command = lambda port: [sys.executable, {str(program)!r}, str(port)]\n"
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
