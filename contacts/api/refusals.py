"""What the verbs refuse, as problems of the API."""

from __future__ import annotations

from contacts.addresses import BadAddress
from contacts.consent import ConsentRefused
from contacts.custom_fields import BadValue, FieldRefused
from contacts.labels import LabelRefused
from contacts.lists.filters import BadFilter
from contacts.lists.importing.columns import BadMapping
from contacts.lists.importing.tables import BadTable
from contacts.lists.importing.uploads import ImportRefused
from contacts.lists.segments import SegmentRefused
from contacts.lists.selecting import SelectionRefused
from contacts.merging import MergeRefused, UnknownContacts
from contacts.notes import NoteRefused
from contacts.suggesting.deciding import NotOpen
from tenants.workspace.problems import Problem, invalid

_FIELDS = {
    "not_an_email": "value",
    "not_a_phone": "value",
    "unknown_kind": "kind",
    "unknown_purpose": "purpose",
    "unknown_state": "state",
    "in_future": "stated_at",
    "bad_key": "key",
    "title_blank": "title",
    "title_too_long": "title",
    "unknown_type": "type",
    "bad_options": "options",
    "name_blank": "name",
    "name_too_long": "name",
    "bad_colour": "colour",
    "text_blank": "text",
    "text_too_long": "text",
}
_CONFLICTS = {
    "too_many": "This contact has too many of them.",
    "too_many_fields": "There are too many fields.",
    "key_taken": "There is a field with this key.",
    "name_taken": "There is a label with this name.",
}


def as_problem(error: Exception) -> Problem | None:
    """The problem that a verb's refusal is; None for everything else."""
    match error:
        case SegmentRefused(code="not_yours"):
            return Problem(403, "not_yours", "Everybody's segments are changed by who may manage contacts.")
        case SegmentRefused(code="name_taken"):
            return Problem(409, "name_taken", "There is a segment with this name.")
        case SegmentRefused(code="too_many"):
            return Problem(409, "too_many", "There are too many segments.")
        case SegmentRefused():
            return invalid("name", error.code)
        case SelectionRefused():
            return Problem(409, error.code, "There is nothing that could be done.")
        case BadFilter():
            return invalid(error.name, error.code)
        case BadTable(code="too_large"):
            return Problem(413, error.code, "The table is too large.")
        case BadTable(code="file_gone"):
            return Problem(409, error.code, "The table is not there any more.")
        case BadTable():
            return Problem(400, error.code, "The table cannot be read.")
        case BadMapping():
            return invalid("match_by" if error.code == "bad_key" else "mapping", error.code)
        case ImportRefused():
            return Problem(409, error.code, "That is not possible with the import as it is.")
        case BadValue():
            return invalid(error.field, error.code)
        case NoteRefused(code="not_yours"):
            return Problem(403, "not_yours", "Only its author or an administrator may do that.")
        case BadAddress() | ConsentRefused() | FieldRefused() | LabelRefused() | NoteRefused():
            if error.code in _CONFLICTS:
                return Problem(409, error.code, _CONFLICTS[error.code])
            return invalid(_FIELDS[error.code], error.code)
        case UnknownContacts():
            return Problem(404, "not_found", "There is nothing here.")
        case MergeRefused():
            return Problem(409, error.code, "The contacts cannot be changed like this.", **error.more)
        case NotOpen():
            return Problem(409, error.code, "Somebody has decided this meanwhile.")
    return None
