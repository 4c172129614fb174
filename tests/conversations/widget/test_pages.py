"""The loader script and the frame."""

from __future__ import annotations

import gzip
import re

import pytest
from django.test import Client

from conversations.channels import registry
from conversations.models import Inbox
from conversations.widget import asking, pages
from conversations.widget.sites import Site
from tenants.directory import TenantRef
from tenants.scope import tenant_scope
from tests.conversations.widget.conftest import SHOP, Browser

pytestmark = pytest.mark.django_db

LOADER_BYTES = 5000
FRAME_BYTES_GZIPPED = 60_000


def frame(browser: Browser, site: str, language: str = "", **headers: str):
    return browser.client.get("/widget/frame/", {"site": site, "language": language}, headers=headers)


def test_the_loader_is_small_cached_for_minutes_and_sets_no_cookie(browser: Browser) -> None:
    response = browser.client.get("/widget/loader.js")
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/javascript")
    assert 1000 < len(response.content) <= LOADER_BYTES
    assert len(gzip.compress(response.content)) <= 2600
    assert response["Cache-Control"] == "public, max-age=300"
    assert response["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert not response.cookies


def test_an_unchanged_loader_is_not_sent_again(browser: Browser) -> None:
    mark = browser.client.get("/widget/loader.js")["ETag"]
    response = browser.client.get("/widget/loader.js", headers={"if-none-match": mark})
    assert (response.status_code, response.content) == (304, b"")
    assert browser.client.get("/widget/loader.js", headers={"if-none-match": '"x"'}).status_code == 200


def test_the_loader_uses_neither_cookies_nor_eval(browser: Browser) -> None:
    script = browser.client.get("/widget/loader.js").content.decode()
    for word in ("document.cookie", "eval(", "innerHTML", "new Function", '"*"'):
        assert word not in script


def test_only_the_sites_own_pages_may_frame_the_chat(browser: Browser, site: Inbox) -> None:
    response = frame(browser, site.account_id)
    assert response.status_code == 200
    policy = dict(part.strip().split(" ", 1) for part in response["Content-Security-Policy"].split(";"))
    assert policy["frame-ancestors"] == SHOP
    assert policy["script-src"] == "'self'" and policy["style-src"] == "'self'"
    assert "X-Frame-Options" not in response
    assert not response.cookies


def test_nobody_can_write_more_into_the_frame_than_is_taken(browser: Browser, site: Inbox) -> None:
    page = frame(browser, site.account_id).content.decode()
    longest = dict(re.findall(r'id="(?:ask-)?(\w+)"[^>]* maxlength="(\d+)"', page))
    most = {**asking.MOST_SIGNS, "text": registry.open("widget").capabilities.text_limit}
    assert longest == {name: str(number) for name, number in most.items()}


def test_a_site_without_origins_is_framed_by_nobody(browser: Browser, site: Inbox, acme: TenantRef) -> None:
    with tenant_scope(acme):
        Inbox.objects.filter(id=site.id).update(settings={})
    assert "frame-ancestors 'none'" in frame(browser, site.account_id)["Content-Security-Policy"]


@pytest.mark.parametrize(
    "poison", ["https://a.example; script-src *", "*", "javascript:alert(1)", "https://a b", 7]
)
def test_an_origin_that_is_none_never_reaches_the_header(
    browser: Browser, site: Inbox, acme: TenantRef, poison: object
) -> None:
    with tenant_scope(acme):
        Inbox.objects.filter(id=site.id).update(settings={"allowed_origins": [poison, SHOP]})
    policy = frame(browser, site.account_id)["Content-Security-Policy"]
    assert f"frame-ancestors {SHOP}" in policy
    assert policy.count("script-src") == 1


def test_a_site_of_another_brand_is_not_found(browser: Browser, site: Inbox, globex_site: Inbox) -> None:
    assert frame(browser, globex_site.account_id).status_code == 404
    assert frame(browser, "no such site").status_code == 404
    assert frame(browser, "").status_code == 404
    assert frame(browser, site.account_id).status_code == 200


def test_a_disconnected_site_is_not_found(browser: Browser, site: Inbox, acme: TenantRef) -> None:
    with tenant_scope(acme):
        Inbox.objects.filter(id=site.id).update(is_active=False)
    assert frame(browser, site.account_id).status_code == 404


def test_a_hostile_site_key_cannot_break_out_of_the_page(
    browser: Browser, site: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile = Site(site.id, '"><script>alert(1)</script>', "", (SHOP,))
    monkeypatch.setattr(pages.sites, "by_key", lambda key: hostile)
    assert b"<script>alert" not in frame(browser, "any").content


@pytest.mark.parametrize(
    "wish, brand, language",
    [
        ("zh-TW", "en", "zh-hant"),
        ("zh-Hant-HK", "en", "zh-hant"),
        ("zh_HK", "en", "zh-hant"),
        ("zh-CN", "en", "zh-hans"),
        ("zh", "en", "zh-hans"),
        ("zh-Hans", "ja", "zh-hans"),
        ("ja-JP", "en", "ja"),
        ("en-GB", "ja", "en"),
        ("fr-FR", "ja", "ja"),
        ("", "zh-hant", "zh-hant"),
        ("enormous", "fr", "en"),
    ],
)
def test_the_language_is_the_pages_else_the_brands(wish: str, brand: str, language: str) -> None:
    assert pages.language_for(wish, brand) == language


def test_the_frame_names_its_language(browser: Browser, site: Inbox) -> None:
    response = frame(browser, site.account_id, "zh-TW")
    assert b'<html lang="zh-Hant">' in response.content
    assert response["Content-Language"] == "zh-hant"


def test_the_public_host_has_no_widget(site: Inbox) -> None:
    assert Client(SERVER_NAME="localhost").get("/widget/loader.js").status_code == 404
