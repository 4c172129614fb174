"""What the roads in and out keep of a person: raw records, parked items, kept answers, jobs, unread hooks."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import Exists, F, Func, IntegerField, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast, StrIndex
from django.utils.translation import gettext_lazy as _
from procrastinate.contrib.django.models import ProcrastinateJob

from contacts.privacy import holders
from contacts.privacy.holders import Holder, Person, Row
from conversations.channels import email_items
from conversations.inbound.parked import mark_name
from conversations.models import Conversation, InboundRecord, Message, ParkedItem
from tenants.models import ChannelRoute, UnparsedHook
from tenants.scope import scoped_tenant
from tenants.statements import prepared
from tenants.workspace.models import IdempotencyKey


def before_messages() -> Iterator[Holder]:
    """What is found by the platform's ids of messages, as long as these have them."""
    yield Holder(
        model=ParkedItem,
        title=_("Changes that wait for their message"),
        holding=_parked,
        clear=holders.delete(ParkedItem),
    )


def after_messages() -> Iterator[Holder]:
    """What is found by our ids, and at last what only speaks of the person: these are long ways."""
    yield Holder(
        model=InboundRecord,
        holding=lambda person: _full(_records_of_messages(person)),
        clear=_empty_records,
        rows=_raw,
    )
    yield Holder(
        model=InboundRecord, part="speaking of them", holding=_records_by_content, clear=_empty_records
    )
    yield Holder(
        model=IdempotencyKey,
        title=_("Kept answers of the API"),
        holding=_kept_answers,
        clear=holders.delete(IdempotencyKey),
    )
    yield Holder(model=ProcrastinateJob, title=_("Background jobs"), holding=_jobs, clear=_delete_jobs)
    yield Holder(model=UnparsedHook, holding=_unread_hooks, clear=holders.delete(UnparsedHook))


class _Position(Func):
    """Where a run of bytes begins in a binary field, 0 where it is not."""

    function = "position"
    template = "%(function)s(%(expressions)s)"
    arg_joiner = " IN "
    output_field = IntegerField()


def speaking(rows: QuerySet[Any], field: str, person: Person) -> QuerySet[Any]:
    """The rows whose binary field names the person by an address, plain or inside of base64."""
    found = Q(pk__in=())
    for number, needle in enumerate(_needles(person)):
        rows = rows.alias(**{f"at_{number}": _Position(Value(needle), F(field))})
        found |= Q(**{f"at_{number}__gt": 0})
    return rows.filter(found)


def _needles(person: Person) -> list[bytes]:
    plain = [spelling.encode("utf-8", "replace") for spelling in person.spellings]
    return [*plain, *(form for each in plain if b"@" in each for form in _in_base64(each))]


def _in_base64(text: bytes) -> Iterator[bytes]:
    """How a run of bytes looks inside of longer base64, at each of the three places where it can begin: without the
    signs at its ends, which its neighbours have a part in."""
    for lead in range(3):
        whole = base64.b64encode(b"\0" * lead + text)
        first, rest = (0, 2, 3)[lead], (len(text) + lead) % 3
        yield whole[first:] if rest == 0 else whole[first : -4 + (0, 1, 2)[rest]]


def _records_of_messages(person: Person) -> QuerySet[InboundRecord]:
    """The record that brought a message has its id."""
    said = Message.objects.filter(conversation__contact_id__in=person.contact_ids)
    return InboundRecord.objects.filter(id__in=said.values("id"))


def _full(records: QuerySet[InboundRecord]) -> QuerySet[InboundRecord]:
    return records.exclude(body=b"", headers={}, event_id="")


def _records_by_content(person: Person) -> QuerySet[InboundRecord]:
    channels = {address.channel for address in person.addresses}
    return speaking(_full(InboundRecord.objects.filter(channel__in=channels)), "body", person)


def _empty_records(person: Person, keys: Sequence[Any]) -> None:
    """The rows stay as counts. What is parked until its message comes names the record that brought it."""
    ParkedItem.objects.filter(content__record__in=[str(key) for key in keys]).delete()
    rows = InboundRecord.objects.filter(pk__in=keys)
    rows.exclude(state=InboundRecord.State.DONE).update(
        state=InboundRecord.State.DONE, outcome=InboundRecord.Outcome.ERASED
    )
    rows.update(body=b"", headers={}, event_id="", error="")


def _raw(person: Person) -> Iterator[Row]:
    """The records as text: a mail as it came, of all else the platform's element. A group's are not one person's."""
    alone = Message.objects.filter(
        conversation__contact_id__in=person.contact_ids, conversation__kind=Conversation.Kind.CHAT
    )
    rows = InboundRecord.objects.filter(id__in=alone.values("id")).order_by("received_at", "id")
    for row in rows.iterator(chunk_size=200):
        yield {
            "message_id": row.id,
            "received_at": row.received_at,
            "event_id": row.event_id,
            "headers": row.headers,
            "content": _as_text(row.channel, bytes(row.body)),
        }


def _as_text(channel: str, body: bytes) -> str:
    text = body.decode("utf-8", "replace")
    if channel != "email" or not text:
        return text
    try:
        return email_items.content_of(json.loads(text)).decode("utf-8", "replace")
    except ValueError:
        return text


def _parked(person: Person) -> QuerySet[ParkedItem]:
    said = Message.objects.filter(
        conversation__contact_id__in=person.contact_ids,
        inbox_id=OuterRef("inbox_id"),
        external_id=OuterRef("external_id"),
    ).exclude(external_id="")
    marks = [mark_name(address.address) for address in person.addresses]
    return ParkedItem.objects.filter(Q(Exists(said)) | Q(external_id__in=marks))


def _kept_answers(person: Person) -> QuerySet[IdempotencyKey]:
    """Answers of API calls that speak of the person or of a conversation of theirs: they are kept for a day."""
    written = IdempotencyKey.objects.annotate(written=Cast("response", TextField()))
    talks = Conversation.objects.filter(contact_id__in=person.contact_ids)
    named = talks.annotate(at=StrIndex(OuterRef("written"), Cast("id", TextField()))).filter(at__gt=0)
    spoken = Q(Exists(named))
    for contact_id in person.contact_ids:
        spoken |= Q(written__contains=str(contact_id)) | Q(path__contains=str(contact_id))
    return written.filter(spoken)


def _jobs(person: Person) -> QuerySet[ProcrastinateJob]:
    """Jobs carry ids; the one that asks for a group member's name carries the platform's."""
    members = [address.address for address in person.addresses]
    return ProcrastinateJob.objects.filter(
        args__tenant_id=str(scoped_tenant().id), args__member__in=members
    ).exclude(status="doing")


def _delete_jobs(person: Person, keys: Sequence[Any]) -> None:
    with prepared() as cursor:  # the library's model is for reading only
        cursor.execute("DELETE FROM procrastinate_jobs WHERE id = ANY(%s)", [list(keys)])


def _unread_hooks(person: Person) -> QuerySet[UnparsedHook]:
    apps = ChannelRoute.objects.filter(tenant_id=scoped_tenant().id).values("app_id")
    return speaking(UnparsedHook.objects.filter(app_id__in=apps), "body", person)
