"""What every answer says to browsers: one table over all routes."""

from __future__ import annotations

import base64
import json
import secrets
import subprocess
import sys

import pytest
from django.test import Client

from config import env
from tenants.accounts import issue_ticket
from tenants.directory import TenantRef
from tenants.models import User
from tests.conftest import PASSWORD
from tests.routes import API, BRAND_ADMIN, PAGES, Row
from tests.scene import Scene

pytestmark = pytest.mark.django_db

EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
FOR_EMBEDDING = {"widget/loader.js", "widget/frame/"}
SECRET_IN_ADDRESS = ("enter/", "join/", "password/reset/key/")
STRICT = [
    "default-src 'self'",
    "script-src 'self'",
    "style-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
]


def test_every_answer_carries_the_headers(scene: Scene, as_alice: Client) -> None:
    header = {"Authorization": f"Bearer {scene.tokens['write']}"}
    for row in [*PAGES, *API, *BRAND_ADMIN]:
        answer = scene.ask(as_alice, row, **header)
        said = {name: answer.headers.get(name) for name in EVERYWHERE}
        expected = EVERYWHERE if row.route not in FOR_EMBEDDING else said
        if any(name in row.route for name in SECRET_IN_ADDRESS):
            expected = EVERYWHERE | {"Referrer-Policy": said["Referrer-Policy"]}
            assert said["Referrer-Policy"] in {"no-referrer", "strict-origin"}, title(row)
        assert said == expected, title(row)
        policy = answer["Content-Security-Policy"]
        assert "unsafe" not in policy, title(row)
        assert "*" not in policy, title(row)
        if row.route not in FOR_EMBEDDING:
            assert [part for part in STRICT if part not in policy] == [], title(row)
            assert "no-store" in answer["Cache-Control"], title(row)
        assert "Access-Control-Allow-Origin" not in answer.headers, title(row)


def title(row: Row) -> str:
    return f"{row.method} /{row.route}"


def test_an_address_with_a_secret_is_told_to_nobody(acme: TenantRef, bob: User, as_stranger: Client) -> None:
    ticket = issue_ticket(bob, acme.id)
    for path in ("/enter/", f"/enter/?ticket={ticket}"):
        answer = as_stranger.get(path)
        assert (answer.status_code // 100, answer["Referrer-Policy"]) == (3, "no-referrer")
    for path in (f"/enter/?ticket={ticket}", "/join/spent/", "/account/password/reset/key/1-spent/"):
        assert as_stranger.get(path)["Referrer-Policy"] == "strict-origin"


def test_cookies_are_for_one_host_and_not_for_scripts(as_stranger: Client) -> None:
    as_stranger.get("/account/login/")
    as_stranger.post("/account/login/", {"login": "bob@harbour.test", "password": PASSWORD})
    as_stranger.post("/language/", {"language": "ja"})
    as_stranger.post("/colours/", {"scheme": "dark"})
    assert {"session", "csrf", "language", "scheme"} <= set(as_stranger.cookies)
    for name, cookie in as_stranger.cookies.items():
        assert not cookie["domain"], name
        assert cookie["samesite"] == "Lax", name
        assert cookie["httponly"], name
        assert cookie["path"] == "/", name


def test_in_production_cookies_and_transport_are_secure(run_production: object) -> None:
    assert run_production == {
        "SESSION_COOKIE_NAME": "__Host-session",
        "CSRF_COOKIE_NAME": "__Host-csrf",
        "SESSION_COOKIE_SECURE": True,
        "CSRF_COOKIE_SECURE": True,
        "LANGUAGE_COOKIE_SECURE": True,
        "SECURE_HSTS_SECONDS": 31_536_000,
        "SECURE_HSTS_INCLUDE_SUBDOMAINS": True,
        "SECURE_SSL_REDIRECT": True,
        "SIMULATOR": False,
    }


@pytest.fixture
def run_production() -> dict[str, object]:
    """The settings that matter here, as a real installation reads them."""
    names = [
        "SESSION_COOKIE_NAME",
        "CSRF_COOKIE_NAME",
        "SESSION_COOKIE_SECURE",
        "CSRF_COOKIE_SECURE",
        "LANGUAGE_COOKIE_SECURE",
        "SECURE_HSTS_SECONDS",
        "SECURE_HSTS_INCLUDE_SUBDOMAINS",
        "SECURE_SSL_REDIRECT",
        "SIMULATOR",
    ]
    told = f"{{name: getattr(settings, name) for name in {names}}}"
    program = f"import json; from config import settings; print(json.dumps({told}))"
    variables = {
        "KONTOR_ENV": "production",
        "KONTOR_SECRET_KEY": secrets.token_urlsafe(64),
        "KONTOR_SEAL_KEYS": base64.b64encode(secrets.token_bytes(32)).decode(),
        "KONTOR_ERASURE_KEY": secrets.token_urlsafe(64),
        "KONTOR_SIMULATOR": "",
        "KONTOR_PUBLIC_URL": "https://desk.kontor.invalid",
    }
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=env.changed(**variables),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)
