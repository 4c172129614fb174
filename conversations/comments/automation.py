"""Rules that answer comments by themselves: by words, once per comment, once per person below a post."""

from __future__ import annotations

import logging
import unicodedata
from datetime import timedelta
from uuid import UUID, uuid5

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from conversations.comments import answering
from conversations.comments.models import AnswerGiven, AutomaticAnswer, Comment
from conversations.models import Message
from conversations.outbound import ReplyRefused
from tenants.workspace.events import Actor

FRESH_FOR = timedelta(days=1)
"""An older comment that comes late (an outage, a replay) is left to people."""

logger = logging.getLogger(__name__)


def answer(message_id: UUID) -> AutomaticAnswer | None:
    """Let the first rule that fits answer a customer's comment; which one did. Must run inside a unit of work."""
    rows = Comment.objects.select_related("message__conversation", "post")
    comment = rows.filter(message_id=message_id, message__author_kind=Message.Author.CONTACT).first()
    if comment is None or comment.message.unsent_at is not None:
        return None
    if comment.message.sent_at < timezone.now() - FRESH_FOR:
        return None
    rule = next((rule for rule in _rules_for(comment) if matches(rule.keywords, comment.message.text)), None)
    if rule is None or not _claim(rule, comment):
        return None
    by = Actor("bot", rule.id)
    if rule.public_text:
        _say(comment, rule.public_text, by=by, privately=False)
    if rule.private_text:
        _say(comment, rule.private_text, by=by, privately=True)
    return rule


def matches(keywords: str, text: str) -> bool:
    """Whether one of the words, one a line, stands anywhere in the text. Width and capitals make no difference."""
    plain = _plain(text)
    return any(word in plain for line in keywords.splitlines() if (word := _plain(line)))


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _rules_for(comment: Comment) -> list[AutomaticAnswer]:
    """The rules of a post of its own go before those of every post, older ones before newer ones."""
    rules = AutomaticAnswer.objects.filter(
        Q(post__isnull=True) | Q(post_id=comment.post_id), is_active=True, inbox_id=comment.inbox_id
    )
    return sorted(rules, key=lambda rule: (rule.post_id is None, rule.created_at, rule.id))


def _claim(rule: AutomaticAnswer, comment: Comment) -> bool:
    try:
        with transaction.atomic():
            AnswerGiven.objects.create(
                rule=rule,
                comment=comment,
                identity_id=comment.message.conversation.identity_id,
                post_id=comment.post_id,
            )
    except IntegrityError:
        return False
    return True


def _say(comment: Comment, text: str, *, by: Actor, privately: bool) -> None:
    say = answering.reply_privately if privately else answering.reply
    client_id = uuid5(comment.id, "private" if privately else "public")
    try:
        say(comment.message, text, by=by, client_id=client_id, seen_number=None)
    except ReplyRefused as refusal:
        logger.warning("rule %s could not answer comment %s: %s", by.id, comment.id, refusal.code)
