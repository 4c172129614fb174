"""Files on their way to a platform: by a signed address that it may fetch, or by their bytes."""

from __future__ import annotations

from functools import partial

from conversations.channels.outgoing import OutgoingFile
from conversations.files import links, storing
from conversations.models import Message, StoredFile
from tenants import directory
from tenants.scope import scoped_tenant


def files_of(message: Message) -> tuple[OutgoingFile, ...]:
    """The files of a message of ours, in their order. One query."""
    tenant = directory.tenant_by_id(scoped_tenant().id)
    rows = message.attachments.filter(file__state=StoredFile.State.STORED).select_related("file")
    if tenant is None:
        return ()
    return tuple(
        OutgoingFile(
            kind=row.kind,
            name=file.name,
            mime=file.mime,
            size=file.size or 0,
            url=links.address_of(file, tenant),
            read=partial(storing.read, file),
            preview_url=links.address_of(file, tenant, thumbnail=True) if file.thumbnail_path else "",
            seconds=file.seconds,
        )
        for row in rows.order_by("position")
        if (file := row.file) is not None
    )
