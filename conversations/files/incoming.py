"""Files that customers sent: fetched once their message is committed, kept, and told to the desk.

files.incoming.fetch(message_id=…)     the job; the inbound side asks for one per message with files
"""

from __future__ import annotations

import logging
import tempfile
from contextlib import closing
from datetime import timedelta
from typing import IO
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from conversations import fetching, platforms
from conversations.channels import registry
from conversations.channels.errors import ACCOUNT_KINDS, DeliveryError
from conversations.channels.items import IncomingAttachment
from conversations.channels.widget import UPLOAD, Widget
from conversations.events import FileNotStored, FileRequested, FileStored
from conversations.fetching import NotFetched
from conversations.files import kinds, quota, storing
from conversations.files.quota import StorageFull
from conversations.files.storing import Found
from conversations.models import Attachment, InboundRecord, StoredFile
from conversations.models.messages import AWAITS_FILE
from tenants.jobs import BULK, defer, job
from tenants.workspace.events import SYSTEM, Actor, record, unit_of_work

TRY_AGAIN_AFTER = (timedelta(seconds=20), timedelta(minutes=5), timedelta(hours=1))
ASK_SECONDS = 12.0
SWEEP_AFTER = timedelta(minutes=5)  # younger ones have their own job on the way
SWEEP_AT_ONCE = 200
IN_MEMORY_BYTES = 1_000_000
REFUSALS = frozenset({"too_large", "address", "empty", "storage_full"})  # ours, not the platform's

State = StoredFile.State

logger = logging.getLogger(__name__)


@job(queue=BULK)
def fetch(message_id: str, tries: int = 0) -> None:
    """Fetch the files of one message. What may still come is tried again, a few times."""
    awaited = _awaited().filter(message_id=UUID(message_id)).order_by("position")
    again = False
    for attachment in awaited:
        try:
            _settle(attachment, _take(attachment))
        except NotFetched as trouble:
            if trouble.may_come and tries < len(TRY_AGAIN_AFTER):
                again = True
                continue
            logger.info("the file of attachment %s did not come: %s", attachment.id, trouble.reason)
            state = State.REFUSED if trouble.reason in REFUSALS else State.MISSING
            _settle(attachment, storing.note_absent(state, trouble.reason, name=attachment.name[:200]))
    if again:
        at = timezone.now() + TRY_AGAIN_AFTER[tries]
        defer(fetch, at=at, only_one=f"files:{message_id}", message_id=message_id, tries=tries + 1)


def ask_again(attachment: Attachment, *, by: Actor) -> bool:
    """Try once more to fetch a file that did not come. Returns whether there was one: what is here, or on its way,
    stays as it is."""
    with unit_of_work():
        row = Attachment.objects.select_for_update(no_key=True, of=("self",)).filter(pk=attachment.pk).first()
        if row is None or row.file is None or row.file.state == State.STORED:
            return False
        row.file = None
        row.save(update_fields=["file"])
        record(FileRequested(**_where(row), attachment_id=row.id), by=by)
        defer(fetch, message_id=str(row.message_id))
    return True


def sweep() -> int:
    """Give the messages whose files nobody fetches a job again. Returns how many were found."""
    idle = _awaited().filter(message__created_at__lt=Now() - SWEEP_AFTER)
    found = idle.values_list("message_id", flat=True).distinct()[:SWEEP_AT_ONCE]
    for message_id in found:
        defer(fetch, only_one=f"files:{message_id}", message_id=str(message_id))
    return len(found)


def _awaited() -> QuerySet[Attachment]:
    return Attachment.objects.filter(AWAITS_FILE).select_related("message__inbox", "message__conversation")


def _take(attachment: Attachment) -> StoredFile:
    """The attachment's file, stored. Raises NotFetched."""
    given = _given_before(attachment)
    if given is not None:
        return given
    try:
        quota.require_room(attachment.size or 1)  # before it is fetched
        return _fetched(attachment)
    except StorageFull:
        raise NotFetched("storage_full") from None


def _fetched(attachment: Attachment) -> StoredFile:
    with closing(tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)) as content:
        name = _read_into(content, attachment)
        _require_no_error_page(content, attachment)
        found = Found(
            name=attachment.name or name,
            is_audio=attachment.kind == "audio",
            seconds=_seconds(attachment),
        )
        return storing.keep(content, found, origin=StoredFile.Origin.CUSTOMER)


def _given_before(attachment: Attachment) -> StoredFile | None:
    """The file that a visitor of the website chat gave us before the message that names it."""
    if attachment.message.inbox.channel != Widget.kind or not attachment.media_id.startswith(UPLOAD):
        return None
    rows = StoredFile.objects.filter(id=attachment.media_id.removeprefix(UPLOAD), state=State.STORED)
    return rows.filter(attachments__isnull=True).first()


def _read_into(content: IO[bytes], attachment: Attachment) -> str:
    """Write the file's bytes. Returns the name that they come under. Raises NotFetched."""
    inbox = attachment.message.inbox
    channel = registry.open(inbox.channel)
    item = IncomingAttachment(
        kind=attachment.kind,
        url=attachment.url,
        media_id=attachment.media_id,
        name=attachment.name,
        mime=attachment.mime,
        size=attachment.size,
        details=attachment.details,
    )
    enclosed = channel.enclosed_file(item, _raw(attachment)) if channel.encloses_files else None
    if enclosed is not None:
        if not enclosed.content:
            raise NotFetched("empty")
        content.write(enclosed.content)
        return enclosed.name
    try:
        request = platforms.ask(
            inbox,
            lambda channel, account, way: channel.file_request(item, account, way),
            seconds=ASK_SECONDS,
        )
    except DeliveryError as error:
        raise _trouble(error) from None
    if request is None:
        raise NotFetched("not_found")
    return fetching.fetch(request, content).name


def _require_no_error_page(content: IO[bytes], attachment: Attachment) -> None:
    """Some platforms answer 200 with words where a picture should be (WeChat's errcode, a CDN's page)."""
    content.seek(0)
    if attachment.kind in {"image", "video", "audio"}:
        mime = kinds.mime_of(content.read(kinds.HEAD_BYTES))
        if mime.startswith("text/"):
            raise NotFetched("not_found")


def _raw(attachment: Attachment) -> bytes:
    """What the platform told us the message in: a message has the id of its record."""
    rows = InboundRecord.objects.filter(id=attachment.message_id)
    return bytes(rows.values_list("body", flat=True).first() or b"")


def _trouble(error: DeliveryError) -> NotFetched:
    if not error.permanent:
        return NotFetched("unreachable", may_come=True)
    return NotFetched("not_allowed" if error.kind in ACCOUNT_KINDS else "not_found")


def _seconds(attachment: Attachment) -> float | None:
    milliseconds = attachment.details.get("duration_milliseconds")
    return milliseconds / 1000 if isinstance(milliseconds, int) else None


def _settle(attachment: Attachment, file: StoredFile) -> None:
    """Hang the file, or the reason for its absence, on the attachment. Whoever comes second has done it in
    vain, and so has who comes after the message was taken back."""
    with unit_of_work():
        rows = Attachment.objects.filter(id=attachment.id, file__isnull=True)
        if rows.update(file=file):
            where = _where(attachment)
            if file.state == State.STORED:
                record(FileStored(**where, attachment_id=attachment.id), by=SYSTEM)
            else:
                record(FileNotStored(**where, attachment_id=attachment.id, reason=file.reason), by=SYSTEM)
            return
    storing.remove(file)


def _where(attachment: Attachment) -> dict[str, UUID]:
    conversation = attachment.message.conversation
    return {
        "conversation_id": conversation.id,
        "contact_id": conversation.contact_id,
        "message_id": attachment.message_id,
    }
