"""What becomes of the rows that messages are found by when a person is forgotten."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from contacts.privacy import holders
from contacts.privacy.holders import Holder, Person
from conversations.privacy import talk_rows
from conversations.search.models import MessageTerms


def register() -> None:
    """Tell the register of personal data: the rows are copies, and go before the messages that they are found by."""
    for part, holding in (("", _own), ("elsewhere", _elsewhere)):
        holder = Holder(
            model=MessageTerms,
            part=part,
            title=_("Search"),
            holding=holding,
            clear=holders.delete(MessageTerms),
        )
        holders.register(holder, before="conversations.message")


def _own(person: Person) -> QuerySet[MessageTerms]:
    return MessageTerms.objects.filter(conversation__contact_id__in=person.contact_ids)


def _elsewhere(person: Person) -> QuerySet[MessageTerms]:
    return MessageTerms.objects.filter(message__in=talk_rows.said_elsewhere(person))
