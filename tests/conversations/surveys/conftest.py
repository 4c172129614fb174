"""Mei, who writes on LINE, and her conversation there."""

from __future__ import annotations

import pytest

from contacts.models import Contact
from conversations.models import Conversation
from tenants.directory import TenantRef
from tests.contacts.people import a_person, a_thread, an_identity


@pytest.fixture
def mei(in_acme: TenantRef) -> Contact:
    return a_person("陳美玲", language="zh-TW")


@pytest.fixture
def talk(mei: Contact) -> Conversation:
    return a_thread(an_identity(mei), "Where is my parcel?")
