"""What only a comment has, where its author is erased: the text stands in the message."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from contacts.erased_addresses import ERASED, digest_of_name
from contacts.privacy import holders
from contacts.privacy.holders import Holder, Person
from conversations.comments.models import Comment


def register() -> None:
    """Tell the register."""
    shown = ("message_id", "comment_id", "parent_id", "is_hidden", "private_address")
    holders.register(
        Holder(
            model=Comment,
            title=_("Public comments"),
            holding=lambda person: _of_person(person).filter(
                ~Q(comment_id__startswith=ERASED) | ~Q(private_address="")
            ),
            clear=_clear,
            rows=holders.shown(_of_person, *shown),
        )
    )
    holders.exempt("comments.post", "the brand's own words")
    holders.exempt("comments.automaticanswer", "the brand's own words")
    holders.exempt("comments.answergiven", "ids alone: which comment was answered")


def _of_person(person: Person) -> QuerySet[Comment]:
    return Comment.objects.filter(message__conversation__contact_id__in=person.contact_ids)


def _clear(person: Person, keys: Sequence[Any]) -> None:
    """The platform's id becomes its digest, also where others answered it: threads stay together."""
    for row in Comment.objects.filter(pk__in=keys).exclude(comment_id__startswith=ERASED):
        hidden = digest_of_name(row.comment_id)
        Comment.objects.filter(inbox_id=row.inbox_id, parent_id=row.comment_id).update(parent_id=hidden)
        Comment.objects.filter(pk=row.pk).update(comment_id=hidden)
    Comment.objects.filter(pk__in=keys).update(private_address="")
