"""config.env: what counts as set, what is refused, and that each refusal names the variable."""

import pytest

from config import env

GOOD_SECRET = "vN4pZr0Wc8qT2yLbH6sXk1uJf5dGm9Ea-R7iQoB3tUw"


@pytest.fixture(autouse=True)
def production(monkeypatch):
    monkeypatch.setenv("KONTOR_ENV", "production")
    monkeypatch.delenv("KONTOR_X", raising=False)


@pytest.mark.parametrize(("written", "value"), [("1", True), ("Yes", True), ("off", False), ("FALSE", False)])
def test_a_flag_understands_what_people_write(monkeypatch, written, value):
    monkeypatch.setenv("KONTOR_X", written)
    assert env.flag("KONTOR_X", not value) is value


def test_a_flag_that_is_neither_yes_nor_no_is_refused(monkeypatch):
    monkeypatch.setenv("KONTOR_X", "perhaps")
    with pytest.raises(env.Misconfigured, match=r"KONTOR_X is 'perhaps'. Write 1"):
        env.flag("KONTOR_X", True)


@pytest.mark.parametrize("written", ["", "   "])
def test_an_empty_variable_means_the_default(monkeypatch, written):
    monkeypatch.setenv("KONTOR_X", written)
    assert env.text("KONTOR_X", "default") == "default"
    assert env.flag("KONTOR_X", True) is True
    assert env.number("KONTOR_X", 7) == 7
    assert env.csv("KONTOR_X", ["a"]) == ["a"]
    assert env.url("KONTOR_X", "http://127.0.0.1") == "http://127.0.0.1"


def test_a_number_is_read_and_a_word_is_refused(monkeypatch):
    monkeypatch.setenv("KONTOR_X", " 12 ")
    assert env.number("KONTOR_X", 1) == 12
    monkeypatch.setenv("KONTOR_X", "twelve")
    with pytest.raises(env.Misconfigured, match=r"KONTOR_X is 'twelve'. Write a whole number, for example 1"):
        env.number("KONTOR_X", 1)


def test_a_list_drops_blanks_and_empty_parts(monkeypatch):
    monkeypatch.setenv("KONTOR_X", "acme, globex ,,")
    assert env.csv("KONTOR_X") == ["acme", "globex"]


@pytest.mark.parametrize("written", ["https://desk.invalid", "http://127.0.0.1:9000/path"])
def test_a_url_is_returned_as_written(monkeypatch, written):
    monkeypatch.setenv("KONTOR_X", written)
    assert env.url("KONTOR_X") == written


@pytest.mark.parametrize(
    "written",
    ["desk.invalid", "https://", "ftp://desk.invalid", "http://host:port/", "http://[::1", "https:desk"],
)
def test_a_url_that_cannot_be_used_is_refused(monkeypatch, written):
    monkeypatch.setenv("KONTOR_X", written)
    with pytest.raises(env.Misconfigured, match=r"KONTOR_X .*https://"):
        env.url("KONTOR_X")


def test_a_refused_url_is_not_repeated_because_it_may_hold_a_password(monkeypatch):
    monkeypatch.setenv("KONTOR_X", "ftp://desk:geheim@127.0.0.1")
    with pytest.raises(env.Misconfigured) as refusal:
        env.url("KONTOR_X")
    assert "geheim" not in str(refusal.value)


def test_a_url_may_be_bound_to_other_schemes(monkeypatch):
    monkeypatch.setenv("KONTOR_X", "postgresql:///kontor?host=/run/postgresql")
    assert env.url("KONTOR_X", schemes=("postgresql",)) == "postgresql:///kontor?host=/run/postgresql"
    monkeypatch.setenv("KONTOR_X", "https://desk.invalid")
    with pytest.raises(env.Misconfigured, match="postgresql://"):
        env.url("KONTOR_X", schemes=("postgresql",))


def test_development_may_go_without_a_secret_and_may_set_one(monkeypatch):
    monkeypatch.setenv("KONTOR_ENV", "")
    assert env.secret("KONTOR_X", development="for-development") == "for-development"
    monkeypatch.setenv("KONTOR_X", "mine")
    assert env.secret("KONTOR_X", development="for-development") == "mine"


def test_production_takes_a_real_secret(monkeypatch):
    monkeypatch.setenv("KONTOR_X", GOOD_SECRET)
    assert env.secret("KONTOR_X", development="for-development") == GOOD_SECRET


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ("", "KONTOR_X is not set"),
        ("short", "KONTOR_X is shorter than 32"),
        ("the-secret-that-stands-in-the-repository-itself", "KONTOR_X is a sample"),
        ("please-CHANGE-ME-please-change-me-please", "KONTOR_X is a sample"),
        ("django-insecure-" + GOOD_SECRET, "KONTOR_X is a sample"),
    ],
)
def test_production_refuses_a_missing_short_or_sample_secret(monkeypatch, written, complaint):
    monkeypatch.setenv("KONTOR_X", written)
    with pytest.raises(env.Misconfigured, match=complaint) as refusal:
        env.secret("KONTOR_X", development="the-secret-that-stands-in-the-repository-itself")
    assert "token_urlsafe" in str(refusal.value)


@pytest.mark.parametrize(("written", "value"), [("", True), ("test", True), ("production", False)])
def test_only_production_is_not_development(monkeypatch, written, value):
    monkeypatch.setenv("KONTOR_ENV", written)
    assert env.development() is value


def test_a_misspelt_environment_does_not_switch_the_protections_off(monkeypatch):
    monkeypatch.setenv("KONTOR_ENV", "prod")
    with pytest.raises(env.Misconfigured, match=r"KONTOR_ENV is 'prod'.*production"):
        env.development()


def test_a_child_gets_the_whole_environment_with_the_changes(monkeypatch):
    monkeypatch.setenv("KONTOR_X", "old")
    monkeypatch.setenv("KONTOR_Y", "kept")
    changed = env.changed(KONTOR_X="new")
    assert (changed["KONTOR_X"], changed["KONTOR_Y"]) == ("new", "kept")
    assert env.text("KONTOR_X") == "old"
