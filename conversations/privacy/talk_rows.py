"""Conversations, messages and files of a person: how they are found, shown and emptied.

Conversations, sessions and waits keep their times, and messages their places: every figure stays what it was.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from contacts.erased_addresses import ERASED, digest_of_name
from contacts.privacy import holders
from contacts.privacy.holders import ExportedFile, Holder, Person, Row
from conversations import lifecycle
from conversations.channels.email_items import WRITTEN_FROM
from conversations.files import storing
from conversations.models import Attachment, Conversation, Message, OutboundAttempt, StoredFile
from tenants.arrays import array
from tenants.statements import prepared
from tenants.workspace.events import SYSTEM

MARK = {"erased": True}
"""What the details of an erased message hold, besides `erased_at`."""

_EMAIL = re.compile(r"[^\s<>@,;:\"'()]+@[^\s<>@,;:\"'()]+\.[^\s<>@,;:\"'().]+")
_PHONE = re.compile(r"\+?\d(?:[\s().-]?\d){7,14}")
MASK = "•••"


def talk_holders() -> Iterator[Holder]:
    """The holders, in the order in which they must be worked on: files before what leads to them."""
    yield from _of_files()
    yield from _of_talk()


def _of_files() -> Iterator[Holder]:
    yield Holder(
        model=StoredFile,
        holding=files_of,
        clear=_remove_files,
        rows=holders.shown(files_of, "id", "name", "mime", "size", "sha256", "created_at"),
        files=_exported_files,
        outside=True,
    )
    yield Holder(
        model=Attachment,
        title=_("Attachments"),
        holding=_attachments,
        clear=holders.delete(Attachment),
        rows=holders.shown(
            _attachments,
            "message_id",
            "kind",
            "name",
            "mime",
            "size",
            "url",
            "media_id",
            "details",
            "file_id",
        ),
    )
    yield Holder(
        model=OutboundAttempt,
        title=_("Tries to send"),
        holding=lambda person: OutboundAttempt.objects.filter(
            message__conversation__contact_id__in=person.contact_ids
        ).exclude(error_detail=""),
        clear=holders.blank(OutboundAttempt, error_detail=""),
    )


def _of_talk() -> Iterator[Holder]:
    yield Holder(
        model=Message,
        title=_("Messages"),
        holding=lambda person: _unerased(_of_person(person)),
        clear=_clear_messages,
        rows=lambda person: _shown(_of_person(person), person),
    )
    yield Holder(
        model=Message,
        part="elsewhere",
        title=_("Messages in other people's conversations"),
        holding=lambda person: _unerased(said_elsewhere(person)),
        clear=_clear_messages,
        rows=lambda person: _shown(said_elsewhere(person), person),
    )
    yield Holder(
        model=Conversation,
        holding=_speaking,
        clear=_clear_conversations,
        rows=lambda person: (
            _conversations(person)
            .order_by("created_at")
            .values("id", "kind", "status", "created_at", "last_activity_at", channel=F("inbox__channel"))
            .iterator()
        ),
    )


def files_of(person: Person) -> QuerySet[StoredFile]:
    """Files that stand in this person's conversations and in nobody else's."""
    held = Attachment.objects.filter(file=OuterRef("id"))
    own = Q(message__conversation__contact_id__in=person.contact_ids)
    return StoredFile.objects.filter(Exists(held.filter(own)), ~Exists(held.exclude(own)))


def _remove_files(person: Person, keys: Sequence[Any]) -> None:
    for file in StoredFile.objects.filter(pk__in=keys):
        Attachment.objects.filter(file=file).delete()
        storing.remove(file)


def _exported_files(person: Person) -> Iterator[ExportedFile]:
    for file in (
        files_of(person).filter(state=StoredFile.State.STORED).order_by("id").iterator(chunk_size=200)
    ):
        yield ExportedFile(file.id, file.name, partial(storing.open_content, file))


def _conversations(person: Person) -> QuerySet[Conversation]:
    return Conversation.objects.filter(contact_id__in=person.contact_ids)


def _of_person(person: Person) -> QuerySet[Message]:
    return Message.objects.filter(conversation__contact_id__in=person.contact_ids)


def said_elsewhere(person: Person) -> QuerySet[Message]:
    """What they said in groups, and mails that they wrote into another one's conversation."""
    said = Q(pk__in=())
    for address in person.addresses:
        if address.channel == "email":
            said |= Q(inbox__channel="email", details__contains={WRITTEN_FROM: address.address})
        else:
            said |= Q(
                inbox__channel=address.channel,
                conversation__kind=Conversation.Kind.GROUP,
                details__contains={"sender": {"id": address.address}},
            )
    return Message.objects.filter(said).exclude(conversation__contact_id__in=person.contact_ids)


def _attachments(person: Person) -> QuerySet[Attachment]:
    return Attachment.objects.filter(message__conversation__contact_id__in=person.contact_ids)


def _unerased(messages: QuerySet[Message]) -> QuerySet[Message]:
    return messages.exclude(details__contains=MARK)


def _shown(messages: QuerySet[Message], person: Person) -> Iterator[Row]:
    """Messages as an export shows them: whoever else spoke stands there by their part alone."""
    own, others = {address.address for address in person.addresses}, dict[str, str]()
    fields = ("id", "conversation_id", "sent_at", "direction", "author_kind", "kind", "text", "external_id")
    rows = messages.order_by("sent_at", "number").values(
        *fields, "reply_to", "reaction", "status", "edited_at", "unsent_at", "details"
    )
    for row in rows.iterator(chunk_size=500):
        sender = row["details"].get("sender")
        if isinstance(sender, dict) and sender.get("id") not in own:
            name = others.setdefault(str(sender.get("id")), f"member {len(others) + 1}")
            row["details"] = {**row["details"], "sender": {"name": name}}
        yield row


def _clear_messages(person: Person, keys: Sequence[Any]) -> None:
    rows = list(
        Message.objects.filter(pk__in=keys).values_list("id", "external_id", "text", "conversation_id")
    )
    texts = [masked(text, person) if person.keeps_texts else "" for _id, _name, text, _talk in rows]
    with prepared() as cursor:
        cursor.execute(
            """
            UPDATE conversations_message m
               SET text = new.text, external_id = new.external_id, details = %s::jsonb, reaction = '',
                   reply_to = '', client_id = NULL, error_detail = '',
                   status = CASE WHEN m.status IN ('pending', 'failed', 'unconfirmed') THEN 'skipped'
                                 ELSE m.status END
              FROM unnest(%s::uuid[], %s::text[], %s::text[]) AS new (id, external_id, text)
             WHERE m.id = new.id
            """,
            [
                json.dumps({**MARK, "erased_at": timezone.now().isoformat()}),
                array(row[0] for row in rows),
                array(digest_of_name(row[1]) if row[1] else "" for row in rows),
                array(texts),
            ],
        )
    _blank_previews({row[3] for row in rows})


def _blank_previews(ids: set[UUID]) -> None:
    """Lists show a conversation's newest message: it may be one of these."""
    Conversation.objects.filter(id__in=ids).exclude(last_message_text="").update(last_message_text="")


def masked(text: str, person: Person) -> str:
    """A text without the person's names and addresses, and without anybody's e-mail addresses and phone numbers."""
    for known in sorted({*person.names, *person.spellings}, key=len, reverse=True):
        text = text.replace(known, MASK)
    return _PHONE.sub(MASK, _EMAIL.sub(MASK, text))


def _speaking(person: Person) -> QuerySet[Conversation]:
    spoken = ~Q(last_message_text="") | ~Q(reply_handle="") | ~Q(status=Conversation.Status.RESOLVED)
    named = Q(kind=Conversation.Kind.GROUP) & ~Q(thread__startswith=ERASED)
    return _conversations(person).filter(spoken | named)


def _clear_conversations(person: Person, keys: Sequence[Any]) -> None:
    """Nobody can answer any more: what is open is closed. The id of a group goes with it."""
    for conversation in Conversation.objects.filter(pk__in=keys):
        if conversation.status != Conversation.Status.RESOLVED:
            lifecycle.resolve(conversation, by=SYSTEM)
        if conversation.kind == Conversation.Kind.GROUP:
            Conversation.objects.filter(id=conversation.id).update(thread=f"{ERASED}{conversation.id}")
    Conversation.objects.filter(pk__in=keys).update(
        last_message_text="", reply_handle="", reply_handle_at=None
    )
