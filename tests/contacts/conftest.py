"""Mei, a customer of acme."""

from __future__ import annotations

import pytest

from contacts.models import Contact
from tenants.directory import TenantRef


@pytest.fixture
def mei(in_acme: TenantRef) -> Contact:
    return Contact.objects.create(name="陳美玲", language="zh-TW")
