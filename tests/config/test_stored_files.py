"""Where files are kept: a folder by default, a bucket by setting."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from pytest_django import Settings

from config import stored_files
from config.env import Misconfigured
from conversations.files import storing
from conversations.files.storing import Found
from conversations.models import StoredFile
from tests.config.s3 import Bucket, running_bucket
from tests.conversations.files.samples import a_picture


def test_a_folder_of_the_machine_is_the_default(tmp_path: Path) -> None:
    entry = stored_files.storage(tmp_path)
    assert entry["BACKEND"] == "django.core.files.storage.FileSystemStorage"
    assert entry["OPTIONS"]["location"] == str(tmp_path)
    assert entry["OPTIONS"]["base_url"] is None  # no address leads past the signed links


def test_another_folder_can_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KONTOR_MEDIA_ROOT", str(tmp_path / "media"))
    assert stored_files.storage(tmp_path)["OPTIONS"]["location"] == str(tmp_path / "media")


def test_a_bucket_without_its_libraries_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KONTOR_S3_BUCKET", "files")
    monkeypatch.setattr(stored_files, "find_spec", lambda name: None)
    with pytest.raises(Misconfigured, match="pip install 'django-storages"):
        stored_files.storage(tmp_path)


@pytest.fixture
def bucket(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    with running_bucket() as bucket:
        for name, value in {
            "KONTOR_S3_BUCKET": "files",
            "KONTOR_S3_URL": bucket.url,
            "KONTOR_S3_REGION": "eu-central-1",
            "KONTOR_S3_ACCESS_KEY": "key",
            "KONTOR_S3_SECRET_KEY": "secret",
            "KONTOR_S3_FOLDER": "kontor",
        }.items():
            monkeypatch.setenv(name, value)
        settings.STORAGES = {**settings.STORAGES, "files": stored_files.storage(tmp_path)}
        yield bucket


@pytest.mark.django_db
@pytest.mark.usefixtures("in_acme")
def test_files_live_in_a_bucket_as_they_do_in_a_folder(bucket: Bucket) -> None:
    content = a_picture("PNG", (900, 900), mode="RGB")
    file = storing.keep(BytesIO(content), Found(name="shoe.png"), origin=StoredFile.Origin.UPLOAD)
    assert bucket.objects[f"/files/kontor/{file.path}"] == content
    assert f"/files/kontor/{file.thumbnail_path}" in bucket.objects
    assert storing.read(file) == content
    with storing.open_content(file) as opened:
        assert opened.seek(0, 2) == len(content)
        opened.seek(10)
        assert opened.read(5) == content[10:15]
    storing.remove(file)
    assert bucket.objects == {}
    assert bucket.unsigned == []
    with pytest.raises(FileNotFoundError):
        storing.read(file)
