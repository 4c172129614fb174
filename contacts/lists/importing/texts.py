"""Why a table or a row cannot be imported, in words."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from contacts.refusal_texts import OF_VALUES

REASONS: dict[str, Any] = {
    **OF_VALUES,
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
    "too_many": _("There are too many values in one cell."),
}
