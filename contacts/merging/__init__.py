"""Contacts become one, part again, and lend an identity a contact of its own.

    preview(ids)                                    what a merge would do, field by field
    merge(kept_id, merged_ids, choices, by=actor)   -> MergeRecord
    undo(record_id, by=actor)                       within 30 days, exactly
    split(identity_id, by=actor)                    -> the new Contact

An app with rows that point at a contact says in its `ready()` how they merge, where that is not plain (`relations`),
and what forbids a merge (`refuse_when`).
"""

from contacts.merging.preview import preview
from contacts.merging.refusals import MOST, MergeRefused, UnknownContacts, refuse_when
from contacts.merging.splitting import split
from contacts.merging.undoing import undo
from contacts.merging.uniting import merge

__all__ = [
    "MOST",
    "MergeRefused",
    "UnknownContacts",
    "merge",
    "preview",
    "refuse_when",
    "split",
    "undo",
]
