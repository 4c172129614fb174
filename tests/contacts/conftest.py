"""Mei, a customer of acme, and callers of its API."""

from __future__ import annotations

import pytest

from contacts.models import Contact
from tenants.directory import TenantRef
from tests.api.conftest import caller, reader, writer

__all__ = ["caller", "mei", "reader", "writer"]


@pytest.fixture
def mei(in_acme: TenantRef) -> Contact:
    return Contact.objects.create(name="陳美玲", language="zh-TW")
