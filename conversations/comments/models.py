"""Tenant schema: posts, the comments below them, and the rules that answer comments by themselves.

A comment is a message first: text, files, when it was changed or taken back stand there.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from contacts.models import ContactIdentity
from conversations.models import Inbox, Message
from tenants.workspace.tenant_model import TenantModel


class Post(TenantModel):
    """What people comment on, as far as the platform told it."""

    inbox = models.ForeignKey(
        Inbox, on_delete=models.CASCADE, related_name="posts", db_index=False, verbose_name=_("inbox")
    )
    external_id = models.CharField(_("platform's id"), max_length=200)
    text = models.TextField(_("text"), blank=True)
    picture_url = models.TextField(blank=True)
    url = models.TextField(_("address"), blank=True)
    published_at = models.DateTimeField(_("published"), null=True)

    class Meta:
        verbose_name = _("post")
        verbose_name_plural = _("posts")
        constraints = [models.UniqueConstraint(name="one_post_per_id", fields=["inbox", "external_id"])]

    def __str__(self) -> str:
        return self.text[:80] or self.external_id


class Comment(TenantModel):
    """What only a comment has. private_until: seven days after it was written (Meta, private replies)."""

    message = models.OneToOneField(Message, on_delete=models.CASCADE, related_name="+")
    inbox = models.ForeignKey(Inbox, on_delete=models.CASCADE, related_name="+", db_index=False)
    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="comments")
    comment_id = models.CharField(max_length=300)
    parent_id = models.CharField(max_length=300, blank=True)
    is_hidden = models.BooleanField(default=False)
    hidden_told_at = models.DateTimeField(null=True)  # platform time of the newest word on it
    private_until = models.DateTimeField()
    # a message answers one comment, and a comment has room for one
    private_message = models.OneToOneField(Message, null=True, on_delete=models.SET_NULL, related_name="+")
    private_address = models.CharField(max_length=200, blank=True)  # whom it reached, in the platform's words

    class Meta:
        constraints = [
            models.UniqueConstraint(name="one_comment_per_id", fields=["inbox", "comment_id"]),
        ]
        indexes = [
            # a customer's chat asks where it came from
            models.Index(
                name="comment_by_private_address",
                fields=["inbox", "private_address"],
                condition=~Q(private_address=""),
            )
        ]


class AutomaticAnswer(TenantModel):
    """A rule: whoever writes one of the words below a post is answered, once per post."""

    name = models.CharField(_("name"), max_length=120)
    is_active = models.BooleanField(_("active"), default=False)
    inbox = models.ForeignKey(
        Inbox, on_delete=models.CASCADE, related_name="+", db_index=False, verbose_name=_("inbox")
    )
    post = models.ForeignKey(
        Post,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,
        verbose_name=_("only below the post"),
        help_text=_("Empty: below every post."),
    )
    keywords = models.TextField(
        _("words"), help_text=_("One word or phrase a line. One of them anywhere in the comment is enough.")
    )
    public_text = models.TextField(
        _("public answer"), blank=True, max_length=2000, help_text=_("Everybody can read it.")
    )
    private_text = models.TextField(
        _("private message"),
        blank=True,
        max_length=1000,
        help_text=_("Only the author of the comment gets it."),
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("automatic answer to comments")
        verbose_name_plural = _("automatic answers to comments")
        ordering = ["created_at", "id"]
        constraints = [
            models.CheckConstraint(
                name="automatic_answer_says_something",
                condition=~Q(public_text="") | ~Q(private_text=""),
                violation_error_message=_("Write a public answer, a private message, or both."),
            )
        ]
        indexes = [
            models.Index(name="automatic_answer_active", fields=["inbox"], condition=Q(is_active=True))
        ]

    def __str__(self) -> str:
        return self.name


class AnswerGiven(TenantModel):
    """A rule has answered: one comment once, and one person once below a post."""

    rule = models.ForeignKey(AutomaticAnswer, on_delete=models.CASCADE, related_name="+", db_index=False)
    comment = models.OneToOneField(Comment, on_delete=models.CASCADE, related_name="+")
    identity = models.ForeignKey(ContactIdentity, on_delete=models.CASCADE, related_name="+")
    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="+")
    given_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="one_answer_per_person_and_post", fields=["rule", "post", "identity"]
            )
        ]
