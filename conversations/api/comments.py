"""Comments in the REST API: posts, the comments below one, and what can be done with a comment.

A comment is a message: its id is the message's, and its row is the row of a message.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from conversations import gates, queries
from conversations.api import rows
from conversations.api.refusals import ActingView
from conversations.comments import answering
from conversations.comments import queries as comments
from conversations.comments.models import Post
from conversations.files.limits import MOST_FILES
from conversations.models import Message
from tenants.ids import new_id
from tenants.workspace.access import Permission
from tenants.workspace.idempotency import HEADER, client_id_of, once
from tenants.workspace.rest import BrandView, NothingMore, PageQuery, limit_of

_RETRY = [OpenApiParameter(HEADER, str, OpenApiParameter.HEADER, description="Makes a retry harmless.")]


class PostRow(serializers.Serializer):
    id = serializers.UUIDField()
    inbox_id = serializers.UUIDField()
    external_id = serializers.CharField(help_text="The platform's id.")
    text = serializers.CharField(help_text="Empty while the platform has not told it.")
    picture_url = serializers.CharField()
    url = serializers.CharField()
    published_at = serializers.DateTimeField(allow_null=True)


class PostPage(serializers.Serializer):
    results = PostRow(many=True)
    next = serializers.CharField(allow_null=True)


class CommentAnswer(serializers.Serializer):
    text = serializers.CharField(trim_whitespace=False, allow_blank=True, default="")
    files = serializers.ListField(
        child=serializers.UUIDField(),
        max_length=MOST_FILES,
        default=list,
        help_text="In public pictures only.",
    )
    seen_number = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=2**31 - 1)
    client_id = serializers.UUIDField(required=False)


class Posts(BrandView):
    """The posts that somebody has commented on, newest first."""

    permission = Permission.READ_CONVERSATIONS

    @extend_schema(operation_id="posts_list", parameters=[PageQuery], responses=PostPage)
    def get(self, request: Request) -> Response:
        wish = self.query(PageQuery)
        limit = limit_of(wish)
        position = self.position(wish.get("cursor"))
        before = None if position is None else UUID(position[0])
        found = comments.posts(gates.visible_inbox_ids(self.caller), before=before, limit=limit + 1)
        page = found[:limit]
        return self.page(page, [page[-1]["id"]] if len(found) > limit else None)


class PostComments(BrandView):
    """The comments below a post, of everybody, newest first."""

    permission = Permission.READ_CONVERSATIONS

    @extend_schema(operation_id="posts_comments", parameters=[PageQuery], responses=rows.MessagePage)
    def get(self, request: Request, post_id: UUID) -> Response:
        post = Post.objects.filter(id=post_id).first()
        if post is None:
            raise Http404
        gates.access_inbox(self.caller, post.inbox_id)
        wish = self.query(PageQuery)
        limit = limit_of(wish)
        position = self.position(wish.get("cursor"))
        before = None if position is None else (datetime.fromisoformat(position[0]), UUID(position[1]))
        found = comments.comment_ids_below(post.id, before=before, limit=limit + 1)
        page = found[:limit]
        by_id = queries.messages_by_id([message_id for message_id, _ in page])
        more = len(found) > limit
        return self.page(
            [by_id[message_id] for message_id, _ in page], [page[-1][1], page[-1][0]] if more else None
        )


class CommentAct(ActingView):
    """Ground of the acts on one comment."""

    write_permission = Permission.REPLY


class ReplyToComment(CommentAct):
    """Answer below a comment: everybody can read it."""

    @extend_schema(
        operation_id="comments_reply",
        request=CommentAnswer,
        responses={201: rows.MessageRow, 409: rows.ProblemRow},
        parameters=_RETRY,
    )
    @once
    def post(self, request: Request, message_id: UUID) -> Response:
        return self.answer(request, message_id, answering.reply)

    def answer(self, request: Request, message_id: UUID, say: Callable[..., Message]) -> Response:
        message = gates.access_message(self.caller, message_id)
        wish = self.body(CommentAnswer)
        sent = say(
            message,
            wish["text"],
            by=self.caller.actor,
            client_id=wish.get("client_id") or client_id_of(request) or new_id(),
            seen_number=wish.get("seen_number"),
            files=list(dict.fromkeys(wish["files"])),
        )
        return Response(queries.messages_by_id([sent.id])[sent.id], status=201)


class ReplyPrivately(ReplyToComment):
    """The one private message that a comment may have, within seven days of it."""

    @extend_schema(
        operation_id="comments_reply_privately",
        request=CommentAnswer,
        responses={201: rows.MessageRow, 409: rows.ProblemRow},
        parameters=_RETRY,
    )
    @once
    def post(self, request: Request, message_id: UUID) -> Response:
        return self.answer(request, message_id, answering.reply_privately)


class HideComment(CommentAct):
    """Hide a comment from everybody but its author."""

    @extend_schema(operation_id="comments_hide", request=NothingMore, responses=rows.MessageRow)
    def post(self, request: Request, message_id: UUID) -> Response:
        return self.change(message_id, answering.hide)

    def change(self, message_id: UUID, verb: Callable[..., None]) -> Response:
        message = gates.access_message(self.caller, message_id)
        self.body(NothingMore)
        verb(message, by=self.caller.actor)
        return Response(queries.messages_by_id([message.id])[message.id])


class ShowComment(HideComment):
    """Let everybody read a hidden comment again."""

    @extend_schema(operation_id="comments_show", request=NothingMore, responses=rows.MessageRow)
    def post(self, request: Request, message_id: UUID) -> Response:
        return self.change(message_id, answering.show)
