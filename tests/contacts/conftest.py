"""Mei, a customer of acme; and a log of accesses in which nothing waits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from contacts.models import Contact
from contacts.privacy import access_log
from tenants.directory import TenantRef


@pytest.fixture
def mei(in_acme: TenantRef) -> Contact:
    return Contact.objects.create(name="陳美玲", language="zh-TW")


@pytest.fixture(autouse=True)
def nothing_waits() -> Iterator[None]:
    access_log.forget_waiting()
    yield
    access_log.forget_waiting()
