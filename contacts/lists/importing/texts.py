"""Why a table or a row cannot be imported, in words."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

REASONS: dict[str, Any] = {
    # of the table
    "empty": _("There is nothing in the file."),
    "too_large": _("The file is too large."),
    "too_many_rows": _("The table has more than 200,000 rows."),
    "too_many_columns": _("The table has more than 100 columns."),
    "cell_too_long": _("A cell holds more than 5,000 characters."),
    "unreadable": _("This cannot be read."),
    "unknown_encoding": _("The encoding of the file is not known."),
    "file_gone": _("The file is not there any more. Upload it again."),
    # of the columns
    "unknown_target": _("A column is assigned to something that does not exist."),
    "repeated_target": _("Two columns are assigned to the same field."),
    "nothing_mapped": _("Assign at least one column."),
    "bad_key": _("Contacts cannot be recognised by this."),
    "wrong_state": _("That is not possible any more."),
    "unknown_policy": _("Choose what becomes of known contacts."),
    # of a row
    "says_nothing": _("The row names nobody."),
    "ambiguous": _("Several contacts fit this row."),
    "gone": _("The contact was erased or merged meanwhile."),
    "not_an_email": _("This is no e-mail address."),
    "not_a_phone": _("This is no phone number."),
    "too_many": _("There are too many values in one cell."),
    "invalid": _("This cannot stand in the field."),
    "too_long": _("This is too long."),
    "not_a_language": _("This is no language tag."),
    "unknown_zone": _("This time zone is not known."),
    "not_a_link": _("This is no web address."),
    "not_a_number": _("This is no number."),
    "not_a_date": _("This is no date (2026-12-31)."),
    "not_a_moment": _("This is no date with a time."),
    "not_a_choice": _("This is not among the choices."),
    "not_yes_or_no": _("Write yes or no."),
}
