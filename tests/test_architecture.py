"""Rules of the house that no linter knows, read from the source with the standard library."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Callable, Collection, Iterator
from functools import cache
from pathlib import Path

import pytest

from conversations.channels import registry

ROOT = Path(__file__).resolve().parent.parent
APPS = ("config", "contacts", "conversations", "reporting", "tenants")
FILES = sorted(
    file
    for app in APPS
    for file in (ROOT / app).rglob("*.py")
    if "migrations" not in file.relative_to(ROOT).parts
)
SCRIPTS = sorted((ROOT / "static").rglob("*.js"))
FORBIDDEN_MODULES = {"utils", "helpers", "services", "common", "core", "signals"}
# Ways into a schema other than tenants.scope, Django's hidden couplings, and text that skips escaping.
FORBIDDEN_NAMES = {
    "GenericForeignKey",
    "mark_safe",
    "post_delete",
    "post_save",
    "pre_delete",
    "pre_save",
    "receiver",
    "schema_context",
    "set_schema",
    "set_schema_to_public",
    "set_tenant",
    "tenant_context",
}
ENVIRONMENT_NAMES = {"environ", "environb", "getenv", "putenv"}
MAY_READ_THE_ENVIRONMENT = {
    "config/env.py",
}
MAY_CALL_PLATFORMS = {"conversations/transport.py"}
HTTP_CLIENTS = {"aiohttp", "http.client", "httpx", "requests", "urllib.request", "urllib3"}
MAY_USE_HTTP_CLIENTS = {
    "config/run.py": "asks its own web server whether it is up",
    "conversations/simulator/posting.py": "plays the platforms that post hooks",
}
MAY_SET_PATHS = {"tenants/backend/base.py", "tenants/selftest.py"}
SHUTS_THE_OTHER_WAYS = {"tenants/backend/base.py"}
FILLS_FIELDS = {"tenants/statements.py"}  # a field's own pre_save, which shares its name with the signal
UNSAFE_MARKUP = re.compile(
    r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")|<style|\sstyle=|\son[a-z]+=|\|safe\b|autoescape off"
)
HELP_TEXT = "{{ field.help_text|safe }}"  # written by us and by Django's password rules, in HTML
LONGEST_MODULE = 400
LONGEST_FUNCTION = 60
LONGEST_SCRIPT = 200
MAY_BE_LONGER: dict[str, int] = {}


def name_of(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


@cache
def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"), filename=str(file))


def functions(module: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(module) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def imported(module: ast.AST) -> Iterator[tuple[str, int]]:
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, node.lineno
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def names(module: ast.AST) -> Iterator[tuple[str, int]]:
    """Every name and attribute that the code speaks of, imports and definitions included; comments are not."""
    for node in ast.walk(module):
        if isinstance(node, ast.Name):
            yield node.id, node.lineno
        elif isinstance(node, ast.Attribute):
            yield node.attr, node.lineno
        elif isinstance(node, ast.ImportFrom | ast.Import):
            yield from ((alias.name.rpartition(".")[2], node.lineno) for alias in node.names)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name, node.lineno


def late_imports(module: ast.AST) -> list[int]:
    return [
        node.lineno
        for function in functions(module)
        if function.name != "ready"
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]


def scopes_by_tenant(module: ast.AST) -> list[int]:
    """`with tenant:`, django-tenants' own way, which keeps the tenant on the connection."""
    return [
        item.context_expr.lineno
        for node in ast.walk(module)
        if isinstance(node, ast.With | ast.AsyncWith)
        for item in node.items
        if isinstance(item.context_expr, ast.Name | ast.Attribute)
        and (ast.unparse(item.context_expr).rpartition(".")[2]).lower().endswith("tenant")
    ]


def remembered_forever(module: ast.AST) -> list[int]:
    """Methods behind lru_cache or cache: they keep their instance, and with it one brand's rows, for ever."""
    return [
        function.lineno
        for owner in ast.walk(module)
        if isinstance(owner, ast.ClassDef)
        for function in functions(owner)
        for decorator in function.decorator_list
        if ast.unparse(decorator).partition("(")[0].rpartition(".")[2] in ("cache", "lru_cache")
    ]


def reads_environment(module: ast.AST) -> list[int]:
    return [line for name, line in names(module) if name in ENVIRONMENT_NAMES]


def http_clients(module: ast.AST) -> list[int]:
    return [line for name, line in imported(module) if name in HTTP_CLIENTS]


def forbidden_names(module: ast.AST) -> list[str]:
    return [f"{name} (line {line})" for name, line in names(module) if name in FORBIDDEN_NAMES]


def raw_paths(module: ast.AST) -> list[int]:
    """SQL that sets the search path: only the database backend may."""
    return [
        node.lineno
        for node in ast.walk(module)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.match(r"\s*SET\s+(LOCAL\s+|SESSION\s+)?search_path", node.value, re.IGNORECASE)
    ]


def long_functions(module: ast.AST) -> list[str]:
    lengths = {
        function.name: (function.end_lineno or 0) - function.lineno + 1 for function in functions(module)
    }
    return [f"{name}: {lines} lines" for name, lines in lengths.items() if lines > LONGEST_FUNCTION]


# --- the rules hold ----------------------------------------------------------------------------------------


def broken(
    rule: Callable[[ast.Module], list[int] | list[str]], *, allowed: Collection[str] = ()
) -> list[str]:
    """Where a rule is broken, outside of the files in which it may be."""
    return [
        f"{name_of(file)}: {found}"
        for file in FILES
        if name_of(file) not in allowed
        for found in rule(tree(file))
    ]


def test_modules_are_named_for_what_they_do():
    parts = {part.removesuffix(".py") for file in FILES for part in file.relative_to(ROOT).parts}
    assert not FORBIDDEN_MODULES & parts
    assert len(FILES) > 100


def test_imports_stand_at_the_top():
    assert broken(late_imports) == []


def test_scope_is_the_only_way_into_a_schema():
    assert broken(scopes_by_tenant) == []
    assert broken(raw_paths, allowed=MAY_SET_PATHS) == []
    assert broken(forbidden_names, allowed=SHUTS_THE_OTHER_WAYS | FILLS_FIELDS) == []


def test_no_method_remembers_for_ever():
    assert broken(remembered_forever) == []


def test_the_environment_is_read_in_one_place():
    assert broken(reads_environment, allowed=MAY_READ_THE_ENVIRONMENT) == []


def test_one_module_speaks_to_platforms():
    assert broken(http_clients, allowed=MAY_CALL_PLATFORMS | set(MAY_USE_HTTP_CLIENTS)) == []


def test_functions_are_short():
    assert broken(long_functions) == []


def test_modules_are_short():
    lengths = {name_of(file): len(file.read_text(encoding="utf-8").splitlines()) for file in FILES}
    assert {
        name: lines for name, lines in lengths.items() if lines > MAY_BE_LONGER.get(name, LONGEST_MODULE)
    } == {}


def test_scripts_are_short():
    lengths = {name_of(file): len(file.read_text(encoding="utf-8").splitlines()) for file in SCRIPTS}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_SCRIPT} == {}
    assert SCRIPTS


def test_the_contract_between_channel_kinds_knows_every_kind():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    [independent] = [each["modules"] for each in contracts if each["type"] == "independence"]
    assert sorted(independent) == sorted(path.rpartition(".")[0] for path in registry.KINDS.values())


def unsafe_markup(template: str) -> list[int]:
    """Lines with a script or style of their own, an event attribute, or text that skips escaping."""
    lines = enumerate(template.replace(HELP_TEXT, "").splitlines(), start=1)
    return [number for number, line in lines if UNSAFE_MARKUP.search(line)]


def test_templates_hold_no_script_no_style_and_no_raw_text():
    templates = sorted((ROOT / "templates").rglob("*.html"))
    found = {name_of(file): unsafe_markup(file.read_text(encoding="utf-8")) for file in templates}
    assert {name: lines for name, lines in found.items() if lines} == {}


# --- the rules can see -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "bad", "good"),
    [
        (late_imports, "def f():\n    import os", "import os\ndef ready():\n    import app"),
        (late_imports, "async def f():\n    if x:\n        from a import b", "if x:\n    from a import b"),
        (scopes_by_tenant, "with tenant:\n    pass", "with tenant_scope(tenant):\n    pass"),
        (scopes_by_tenant, "with request.tenant as t:\n    pass", "with self.lock:\n    pass"),
        (forbidden_names, "connection.set_tenant(t)", "# set_tenant\nset_tenants(t)"),
        (forbidden_names, "from django.utils.safestring import mark_safe", "from django.utils.html import format_html"),
        (forbidden_names, "@receiver(post_save)\ndef f(): ...", "def received(): ..."),
        (forbidden_names, "from a import schema_context as x", "from tenants.scope import tenant_scope"),
        (remembered_forever, "class A:\n    @lru_cache(maxsize=1)\n    def f(self): ...", "@cache\ndef f(): ..."),
        (remembered_forever, "class A:\n    @functools.cache\n    def f(self): ...", "class A:\n    def f(self): ..."),
        (reads_environment, "import os\nos.environ['A']", "import os\nos.getcwd()"),
        (reads_environment, "from os import getenv", "from os import getcwd"),
        (http_clients, "import httpx", "import json"),
        (http_clients, "from urllib import request", "from urllib import parse"),
        (http_clients, "from http.client import HTTPConnection", "from http import HTTPStatus"),
        (long_functions, "def f():\n" + "    x\n" * 60, "def f():\n" + "    x\n" * 59),
        (raw_paths, "cursor.execute('SET search_path = x')", "cursor.execute('SHOW search_path')"),
    ],
)  # fmt: skip
def test_each_rule_sees_what_it_is_for(rule, bad, good):
    assert rule(ast.parse(bad))
    assert not rule(ast.parse(good))


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ("<script>go()</script>", '<script src="/static/a.js"></script>'),
        ('<p style="color: red">', '<p class="style">'),
        ('<a onclick="go()">', '<a data-on="click">'),
        ("{{ text|safe }}", "{{ text }}"),
        ("{{ other.help_text|safe }}", HELP_TEXT),
        ("{% autoescape off %}", "{% autoescape on %}"),
    ],
)
def test_unsafe_markup_is_seen(bad, good):
    assert unsafe_markup(bad)
    assert not unsafe_markup(good)


def test_every_exception_is_still_needed():
    for rule, allowed in [
        (reads_environment, MAY_READ_THE_ENVIRONMENT),
        (raw_paths, MAY_SET_PATHS),
        (forbidden_names, SHUTS_THE_OTHER_WAYS | FILLS_FIELDS),
    ]:
        for name in allowed:
            assert rule(tree(ROOT / name)), name
    for name in MAY_CALL_PLATFORMS | set(MAY_USE_HTTP_CLIENTS):
        assert http_clients(tree(ROOT / name)), name
    for name in MAY_BE_LONGER:
        assert len((ROOT / name).read_text(encoding="utf-8").splitlines()) > LONGEST_MODULE, name
