"""Where a person's export is kept: beside the brand's files, under a name of ours, for whoever asked."""

from __future__ import annotations

from typing import IO

from django.core.files import File
from django.core.files.storage import Storage, storages
from django.utils import timezone

from contacts.models import PersonExport
from tenants.scope import scoped_tenant


def path_of(export: PersonExport) -> str:
    """Where the archive of this try lies."""
    return f"{scoped_tenant().schema_name}/exports/{export.id}-{export.tries}.zip"


def write(path: str, content: IO[bytes]) -> None:
    """Keep an archive. Outside of every transaction."""
    written = _storage().save(path, File(content))
    if written != path:  # the storage found something under a name that is ours alone
        raise FileExistsError(path)


def opened(export: PersonExport) -> IO[bytes]:
    """The archive, to be read and closed. Raises FileNotFoundError when it is not there, or no more."""
    if export.state != PersonExport.State.DONE or export.expires_at <= timezone.now():
        raise FileNotFoundError(str(export.id))
    content: IO[bytes] = _storage().open(export.path)
    return content


def discard(path: str) -> None:
    """Delete an archive that no row speaks of."""
    _storage().delete(path)


def remove(export: PersonExport) -> None:
    """Delete an export: its content first, so that a row is left while content is."""
    for number in range(1, export.tries + 1):
        export.tries = number
        _storage().delete(path_of(export))
    PersonExport.objects.filter(id=export.id).delete()


def _storage() -> Storage:
    return storages["files"]
