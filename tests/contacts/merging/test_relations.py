"""No model that points at a contact is forgotten by a merge."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.apps.registry import Apps
from django.core.exceptions import ImproperlyConfigured
from django.db import models

from contacts import profile
from contacts.merging import relations
from contacts.models import Contact, ContactLabel
from conversations.models import Conversation
from conversations.surveys.models import SurveyResponse
from tenants.workspace.models import Event

WITHOUT_KEY = {
    "workspace.event.contact_id": "contacts.merging.repointing lets them follow",
    "contacts.erasure.contact_id": "an erasure names whom it was about; a merge of the erased is refused",
    "contacts.importrow.contact_id": "whom a row made; taking the import back leaves alone who was merged since",
    "contacts.selectedcontact.contact_id": "who was selected then; work on the selection passes over who is merged",
}
"""Columns that name a contact without a foreign key, and what a merge does about them."""


def test_everything_that_points_at_a_contact_says_how_it_merges() -> None:
    assert relations.forgotten() == []
    assert {each.label for each in relations.moving()} >= {
        "contacts.contactidentity.contact",
        "contacts.contactlabel.contact",
        "contacts.contactnote.contact",
        "contacts.order.contact",
        "contacts.contact.merged_into",
    }


def test_threads_go_where_their_identity_goes() -> None:
    threads, answers = (f"{model._meta.label_lower}.contact" for model in (Conversation, SurveyResponse))
    assert [each.label for each in relations.following()] == [threads]
    moving = {each.label for each in relations.moving()}
    assert threads not in moving
    assert answers in moving  # those that are about no thread


def test_a_new_model_in_whose_unique_constraint_a_contact_stands_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    registry = Apps()

    class Badge(models.Model):
        contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="+")
        kind = models.CharField(max_length=10)

        class Meta:
            apps = registry
            app_label = "contacts"
            constraints = [models.UniqueConstraint(name="one_badge", fields=["contact", "kind"])]

    class Visit(models.Model):
        contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="+")

        class Meta:
            apps = registry
            app_label = "contacts"

    badge, visit = relations.Relation(Badge, "contact"), relations.Relation(Visit, "contact")
    monkeypatch.setattr(relations, "every", lambda: [badge, visit])
    assert relations.forgotten() == ["contacts.badge.contact"]
    with pytest.raises(ImproperlyConfigured, match=r"contacts\.badge\.contact"):
        relations.moving()
    monkeypatch.setattr(relations, "_pairs", {badge.label: relations._pairs[_label_pair()]})
    assert relations.moving() == [badge, visit]


def test_no_other_column_names_a_contact() -> None:
    named = {
        f"{model._meta.label_lower}.{column.name}"
        for model in apps.get_models()
        for column in model._meta.concrete_fields
        if not column.is_relation and column.name in ("contact", "contact_id", "contact_ids")
    }
    assert named == set(WITHOUT_KEY)
    assert Event._meta.get_field("contact_id")


def test_every_field_of_a_contact_is_united_or_known_not_to_be() -> None:
    known = {
        *profile.BLANK,
        "id",
        "merged_into",
        "created_at",
        "last_seen_at",
        "erased_at",
    }
    assert {column.name for column in Contact._meta.concrete_fields} == known


def _label_pair() -> str:
    return relations.Relation(ContactLabel, "contact").label
