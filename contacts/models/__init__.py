"""Tenant schema: the customers, the addresses under which they reach us, and what a brand knows of them."""

from contacts.models.consents import Consent
from contacts.models.fields import CustomField
from contacts.models.imports import ImportRow, ImportRun
from contacts.models.labels import ContactLabel, Label
from contacts.models.matching import MatchKey, Suggestion
from contacts.models.merging import MergedContact, MergeRecord, MovedEvents
from contacts.models.notes import ContactNote
from contacts.models.orders import Order
from contacts.models.people import Contact, ContactAddress, ContactIdentity
from contacts.models.privacy import (
    AccessAlert,
    AccessEntry,
    AccessLimit,
    Erasure,
    ErasureEntry,
    LegalHold,
    PersonExport,
    RetentionRule,
)
from contacts.models.search import ContactTerms
from contacts.models.segments import Segment
from contacts.models.selections import BulkRun, SelectedContact

__all__ = [
    "AccessAlert",
    "AccessEntry",
    "AccessLimit",
    "BulkRun",
    "Consent",
    "Contact",
    "ContactAddress",
    "ContactIdentity",
    "ContactLabel",
    "ContactNote",
    "ContactTerms",
    "CustomField",
    "Erasure",
    "ErasureEntry",
    "ImportRow",
    "ImportRun",
    "Label",
    "LegalHold",
    "MatchKey",
    "MergeRecord",
    "MergedContact",
    "MovedEvents",
    "Order",
    "PersonExport",
    "RetentionRule",
    "Segment",
    "SelectedContact",
    "Suggestion",
]
