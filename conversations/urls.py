"""The desk on a brand's host: screens for people, and the acts that their pages ask for."""

from __future__ import annotations

from django.urls import path, register_converter

from conversations.queries import VIEWS
from conversations.views import availability, inbox, replies, state, thread


class ViewConverter:
    """The name of one of the desk's views."""

    regex = "|".join(VIEWS)

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(ViewConverter, "view")

screens = [
    path("", inbox.home, name="home"),
    path("inbox/<view:view>/", inbox.inbox, name="inbox"),
    path("inbox/<view:view>/<uuid:conversation_id>/", inbox.inbox, name="conversation"),
]
fragments = [
    path("desk/counts/", inbox.counts, name="counts"),
    path("desk/conversations/<uuid:conversation_id>/older/", thread.older, name="older"),
    path("desk/conversations/<uuid:conversation_id>/missed/", thread.missed, name="missed"),
]
acts = [
    path("desk/conversations/<uuid:conversation_id>/reply/", replies.reply, name="reply"),
    path("desk/conversations/<uuid:conversation_id>/seen/", replies.seen, name="seen"),
    path("desk/conversations/<uuid:conversation_id>/assign/", state.assign, name="assign"),
    path("desk/conversations/<uuid:conversation_id>/resolve/", state.resolve, name="resolve"),
    path("desk/conversations/<uuid:conversation_id>/reopen/", state.reopen, name="reopen"),
    path("desk/conversations/<uuid:conversation_id>/snooze/", state.snooze, name="snooze"),
    path("desk/conversations/<uuid:conversation_id>/priority/", state.prioritise, name="priority"),
    path("desk/messages/<uuid:message_id>/retry/", replies.retry, name="retry"),
    path("desk/messages/<uuid:message_id>/skip/", replies.skip, name="skip"),
    path("desk/availability/", availability.change, name="availability"),
]
urlpatterns = [*screens, *fragments, *acts]
