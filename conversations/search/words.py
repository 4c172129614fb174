"""What is said to somebody whose search box holds what cannot be looked for."""

from __future__ import annotations

from django.utils.translation import gettext

from conversations.search.box import LONGEST, OPERATORS, Refused


def told(refused: Refused) -> str:
    """The refusal in the reader's language."""
    given = {"operator": refused.operator, "value": refused.value, "most": LONGEST}
    given["operators"] = ", ".join(f"{name}:" for name in OPERATORS)
    return _text(refused) % given


def _text(refused: Refused) -> str:
    match refused.code:
        case "too_long":
            return gettext("That is too long to look for. At most %(most)d characters.")
        case "no_value":
            return gettext(
                "Something must stand right behind %(operator)s: – put words with spaces into quotes."
            )
        case "no_operator":
            return gettext("There is no %(operator)s: – did you mean %(value)s:? There are %(operators)s.")
        case "bad_date":
            return gettext("%(operator)s: takes a day, like %(operator)s:2026-01-31, not “%(value)s”.")
    return _unknown(refused.operator)


def _unknown(operator: str) -> str:
    match operator:
        case "label":
            return gettext("There is no label “%(value)s”.")
        case "assignee":
            return gettext(
                "Nobody here is called “%(value)s”. You can also write assignee:me or assignee:none."
            )
        case "in":
            return gettext("There is no inbox “%(value)s”.")
        case "channel":
            return gettext("There is no channel “%(value)s”.")
    return gettext(
        "“%(value)s” is no state. There are open, pending, snoozed, resolved, unassigned and waiting."
    )
