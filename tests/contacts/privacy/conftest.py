"""An inbox of acme, and a folder of its own for the files of each test."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings
from django.test import override_settings

from conversations.models import Inbox
from tenants.directory import TenantRef
from tests.conversations.posting import page_inbox


@pytest.fixture(autouse=True)
def files(tmp_path: Path):
    """Where files of the test are kept."""
    storages = {
        **settings.STORAGES,
        "files": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path), "base_url": None},
        },
    }
    with override_settings(STORAGES=storages):
        yield tmp_path


@pytest.fixture
def inbox(in_acme: TenantRef) -> Inbox:
    return page_inbox()
