"""Every model of the house has somebody who says what becomes of its rows."""

from __future__ import annotations

from django.apps import apps
from django.db import models

from contacts.privacy import holders
from contacts.privacy.holders import Holder


def test_every_model_is_a_holder_or_exempt_with_a_reason() -> None:
    found = [model._meta.label_lower for model in apps.get_models(include_auto_created=True)]
    forgotten = [
        model._meta.label_lower
        for model in apps.get_models(include_auto_created=True)
        if not holders.is_known(model)
    ]
    assert len(found) > 40
    assert not forgotten, f"say in ready() what export and erasure do with {forgotten}"
    assert all(reason for reason in holders.exemptions().values())


def test_a_model_that_nobody_registered_is_found() -> None:
    class Diary(models.Model):
        class Meta:
            app_label = "nowhere"
            managed = False

    assert not holders.is_known(Diary)
    holders.exempt("nowhere.diary", "a test")
    assert holders.is_known(Diary)
    del holders._exempt["nowhere.diary"]


def test_nothing_is_exempt_and_a_holder_at_once() -> None:
    labels = {holder.model._meta.label_lower for holder in holders.registered()}
    assert not labels & set(holders.exemptions())


def test_files_go_before_what_leads_to_them() -> None:
    order = [holder.name for holder in holders.registered()]
    assert order.index("conversations.parkeditem") < order.index("conversations.message")
    assert order.index("conversations.storedfile") < order.index("conversations.attachment")
    assert isinstance(holders.registered()[0], Holder)


def test_copies_are_worked_on_before_what_they_were_made_of() -> None:
    """Of what was said elsewhere only the message tells whose it was: once that is empty, its copy is found no more."""
    names = [holder.name for holder in holders.registered()]
    copies = ("search.messageterms", "search.messageterms:elsewhere")
    assert all(names.index(copy) < names.index("conversations.message") for copy in copies)
    assert names.index("contacts.contactterms") < names.index("contacts.contact")
    assert len(names) == len(set(names))


def test_every_kind_of_data_is_called_by_people_words() -> None:
    """A model's own words, or a title: what Django makes of a class's name is no word."""
    unnamed = [
        holder.name
        for holder in holders.registered()
        if holder.title is None and "verbose_name_plural" not in holder.model._meta.original_attrs
    ]
    assert not unnamed
