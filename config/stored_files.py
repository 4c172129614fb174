"""Where the content of files is kept: a folder of this machine, or a bucket of an S3-compatible service."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from config import env

LIBRARIES = "django-storages[s3]==1.14.6"


def storage(folder: Path) -> dict[str, Any]:
    """The entry of STORAGES. folder: used unless KONTOR_MEDIA_ROOT names another one or KONTOR_S3_BUCKET is set.

    Raises Misconfigured when a bucket is named and the libraries for it are not installed: they are large, and
    only who has a bucket needs them.
    """
    bucket = env.text("KONTOR_S3_BUCKET")
    if not bucket:
        return {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {
                "location": str(Path(env.text("KONTOR_MEDIA_ROOT", str(folder))).absolute()),
                "base_url": None,  # only signed links lead to files
                "file_permissions_mode": 0o600,
                "directory_permissions_mode": 0o700,
            },
        }
    if find_spec("storages") is None or find_spec("boto3") is None:
        raise env.Misconfigured(f"KONTOR_S3_BUCKET needs two libraries: pip install '{LIBRARIES}'")
    return {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": bucket,
            "endpoint_url": env.url("KONTOR_S3_URL", "") or None,
            "region_name": env.text("KONTOR_S3_REGION") or None,
            "access_key": env.text("KONTOR_S3_ACCESS_KEY") or None,
            "secret_key": env.text("KONTOR_S3_SECRET_KEY") or None,
            "location": env.text("KONTOR_S3_FOLDER"),
            "default_acl": None,
            "file_overwrite": False,
            "addressing_style": "path",
            "signature_version": "s3v4",
        },
    }
