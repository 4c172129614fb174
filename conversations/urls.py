"""The desk on a brand's host: screens for people, and the acts that their pages ask for."""

from __future__ import annotations

from django.urls import path, register_converter

from conversations.queries import VIEWS
from conversations.views import (
    availability,
    channel_state,
    channels,
    comments,
    entry_points,
    files,
    inbox,
    ledger,
    mails,
    replies,
    search,
    state,
    thread,
)
from conversations.widget import set_up as website_chat


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
    path("search/", search.page, name="search"),
    path("inbox/<view:view>/", inbox.inbox, name="inbox"),
    path("inbox/<view:view>/<uuid:conversation_id>/", inbox.inbox, name="conversation"),
]
fragments = [
    path("desk/counts/", inbox.counts, name="counts"),
    path("desk/conversations/<uuid:conversation_id>/older/", thread.older, name="older"),
    path("desk/conversations/<uuid:conversation_id>/newer/", thread.newer, name="newer"),
    path("desk/conversations/<uuid:conversation_id>/missed/", thread.missed, name="missed"),
    path("desk/conversations/<uuid:conversation_id>/linked/", thread.linked, name="linked"),
    path("desk/attachments/<uuid:attachment_id>/", files.show, name="attachment"),
    path("desk/messages/<uuid:message_id>/mail/", mails.show, name="mail"),
    path("desk/messages/<uuid:message_id>/mail/page/", mails.page, name="mail_page"),
    path("desk/conversations/<uuid:conversation_id>/templates/", replies.template_list, name="templates"),
]
acts = [
    path("desk/conversations/<uuid:conversation_id>/reply/", replies.reply, name="reply"),
    path("desk/conversations/<uuid:conversation_id>/seen/", replies.seen, name="seen"),
    path("desk/conversations/<uuid:conversation_id>/assign/", state.assign, name="assign"),
    path("desk/conversations/<uuid:conversation_id>/resolve/", state.resolve, name="resolve"),
    path("desk/conversations/<uuid:conversation_id>/reopen/", state.reopen, name="reopen"),
    path("desk/conversations/<uuid:conversation_id>/snooze/", state.snooze, name="snooze"),
    path("desk/conversations/<uuid:conversation_id>/priority/", state.prioritise, name="priority"),
    path("desk/conversations/<uuid:conversation_id>/take-over/", state.take_over, name="take_over"),
    path("desk/messages/<uuid:message_id>/retry/", replies.retry, name="retry"),
    path("desk/messages/<uuid:message_id>/skip/", replies.skip, name="skip"),
    path("desk/comments/<uuid:message_id>/hide/", comments.hide, name="hide_comment"),
    path("desk/comments/<uuid:message_id>/show/", comments.show, name="show_comment"),
    path("desk/availability/", availability.change, name="availability"),
    path("desk/files/", files.upload, name="upload"),
    path("desk/attachments/<uuid:attachment_id>/fetch/", files.fetch, name="fetch_file"),
]
channel_pages = [
    path("channels/", channels.overview, name="channels"),
    path("channels/connect/<str:kind>/", channels.connect, name="connect_channel"),
    path("channels/<uuid:inbox_id>/", channels.one, name="channel"),
    path("channels/<uuid:inbox_id>/check/", channels.check, name="check_channel"),
    path("channels/<uuid:inbox_id>/test/", channel_state.send_test, name="test_channel"),
    path("channels/<uuid:inbox_id>/credentials/", channels.renew, name="renew_channel"),
    path("channels/<uuid:inbox_id>/secret/", channels.rotate, name="rotate_channel"),
    path("channels/<uuid:inbox_id>/disconnect/", channels.disconnect, name="disconnect_channel"),
]
records = [
    path("channels/<uuid:inbox_id>/records/", ledger.days, name="records"),
    path("channels/<uuid:inbox_id>/records/list/", ledger.listing, name="records_list"),
    path("channels/<uuid:inbox_id>/records/replay/", ledger.replay_all, name="replay_records"),
    path("channels/unread/", ledger.days, name="unread_bodies"),
    path("channels/unread/list/", ledger.listing, name="unread_bodies_list"),
    path("channels/unread/replay/", ledger.replay_all, name="replay_unread_bodies"),
    path("channels/records/<uuid:record_id>/", ledger.one, name="record"),
    path("channels/records/<uuid:record_id>/replay/", ledger.replay, name="replay_record"),
]
website_chats = [
    path("channels/<uuid:site_id>/website/", website_chat.page, name="website_chat"),
    path("channels/<uuid:site_id>/website/secret/", website_chat.renew_secret, name="website_chat_secret"),
    path("channels/entry-points/", entry_points.page, name="entry_points"),
    path("channels/<uuid:inbox_id>/entry-point.<str:form>", entry_points.code, name="entry_code"),
]
urlpatterns = [*website_chats, *records, *screens, *fragments, *acts, *channel_pages]
