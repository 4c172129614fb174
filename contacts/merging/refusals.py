"""Why contacts cannot be merged, split or parted again now. Each reason has a code that programs go by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

MOST = 50
"""How many contacts one merge takes, the survivor included."""


class UnknownContacts(LookupError):
    """Some of the ids are no contacts of this brand."""

    def __init__(self, ids: Sequence[UUID]) -> None:
        super().__init__(", ".join(map(str, ids)))
        self.ids = ids


class MergeRefused(RuntimeError):
    """The state of things does not allow it. more: what a program may want to know."""

    def __init__(self, code: str, **more: str) -> None:
        super().__init__(code)
        self.code = code
        self.more = more


Check = Callable[[Sequence[UUID]], str | None]
"""(contacts that are to be changed) -> the code of a reason against it, or None."""

_checks: list[Check] = []


def refuse_when(check: Check) -> Check:
    """Have `check` asked before each merge, undo and split, in its transaction, the contacts locked."""
    if check not in _checks:
        _checks.append(check)
    return check


def raise_if_refused(contact_ids: Sequence[UUID]) -> None:
    """Raises MergeRefused when somebody has a reason against changing these contacts."""
    for check in _checks:
        if code := check(contact_ids):
            raise MergeRefused(code)
