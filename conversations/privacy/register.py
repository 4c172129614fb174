"""The register of the heart's holders; features register their own."""

from __future__ import annotations

from contacts.privacy import holders
from conversations.privacy import kept_kinds, road_rows, talk_rows

_EXEMPT = {
    "conversations.inbox": "the brand's own accounts",
    "conversations.inbox_teams": "the brand's own accounts",
    "conversations.accesstoken": "the brand's own accounts",
    "conversations.storageuse": "one number of bytes",
    "conversations.session": "times that the figures stand on",
    "conversations.wait": "times that the figures stand on",
    "conversations.readmark": "how far agents have read",
    "procrastinate.procrastinateevent": "times of jobs",
    "procrastinate.procrastinateperiodicdefer": "times of jobs",
    "procrastinate.procrastinateworker": "times of workers",
}


def register() -> None:
    """Tell the register, in the order in which erasing has to work."""
    for label, reason in _EXEMPT.items():
        holders.exempt(label, reason)
    for holder in (*road_rows.before_messages(), *talk_rows.talk_holders(), *road_rows.after_messages()):
        holders.register(holder)
    kept_kinds.register()
