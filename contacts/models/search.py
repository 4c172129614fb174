"""What contacts are found by."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models

from contacts.models.people import Contact
from tenants.workspace.tenant_model import TenantModel


class ContactTerms(TenantModel):
    """Everything a contact may be sought by, folded, and its terms. Made from the contact by a reactor; can be
    thrown away and made anew."""

    id = None  # type: ignore[assignment]  # the contact's own
    contact = models.OneToOneField(Contact, on_delete=models.CASCADE, primary_key=True, related_name="+")
    folded = models.TextField()
    terms = SearchVectorField()

    class Meta:
        indexes = [
            # Nobody waits for a reactor; who searches must not read through a list of pending entries.
            GinIndex(name="contact_terms", fields=["terms"], fastupdate=False),
        ]
