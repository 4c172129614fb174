from __future__ import annotations

import logging
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext, override_settings

from config import warming
from config.pages import Pages
from conversations import queries
from tenants import directory
from tenants.directory import TenantRef
from tenants.models import Tenant

pytestmark = pytest.mark.django_db


@pytest.fixture
def pages() -> Pages:
    return Pages(1)


class Handler:
    """Stands in for the pages; notes who is asked for what."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, bool]] = []

    def get_response(self, request: Any) -> HttpResponse:
        self.asked.append((request.get_host(), request.path, request.is_secure()))
        return HttpResponse()


def test_a_stranger_is_answered_before_anybody_calls(
    acme: TenantRef, globex: TenantRef, pages: Pages, caplog: pytest.LogCaptureFixture
) -> None:
    with CaptureQueriesContext(connection) as asked:
        warming.warm(pages)
    text = " ".join(query["sql"] for query in asked)
    assert "conversations_conversation" in text and "workspace_apitoken" in text
    assert not caplog.records
    assert not logging.getLogger("django.request").disabled


@pytest.mark.parametrize("secure", [True, False])
def test_it_calls_as_a_browser_of_a_brand_would(acme: TenantRef, globex: TenantRef, secure: bool) -> None:
    handler: Any = Handler()
    header = ("HTTP_X_FORWARDED_PROTO", "https") if secure else None
    with override_settings(SECURE=secure, SECURE_PROXY_SSL_HEADER=header):
        warming.warm(handler)
    assert {path for _host, path, _secure in handler.asked} == set(warming.ADDRESSES)
    assert {host for host, _path, _secure in handler.asked} <= {acme.primary_host, globex.primary_host}
    assert {is_secure for _host, _path, is_secure in handler.asked} == {secure}


def test_without_a_brand_there_is_nothing_to_read(acme: TenantRef, globex: TenantRef) -> None:
    Tenant.objects.update(status=Tenant.Status.SUSPENDED)
    directory.forget()
    handler: Any = Handler()
    warming.warm(handler)
    assert handler.asked == []


def test_a_database_that_does_not_answer_keeps_nobody_from_starting(
    acme: TenantRef, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(**given: object) -> None:
        raise OperationalError("too many clients")

    monkeypatch.setattr(queries, "conversations", broken)
    handler: Any = Handler()
    warming.warm(handler)
    assert handler.asked == []
    assert [record.name for record in caplog.records] == ["config.warming"]
