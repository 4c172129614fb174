"""What becomes of the rows that a person is found by when the person is forgotten."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from contacts.models import ContactTerms
from contacts.privacy import holders
from contacts.privacy.holders import Holder, of_contact


def register() -> None:
    """Tell the register of personal data: the rows are copies, made anew of what is left."""
    holders.register(
        Holder(
            model=ContactTerms,
            holding=of_contact(ContactTerms),
            clear=holders.delete(ContactTerms),
            rows=None,
            title=_("Search"),
        ),
        before="contacts.contact",
    )
