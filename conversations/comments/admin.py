"""Rules that answer comments, in a brand's settings."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from conversations.channels import registry
from conversations.comments.models import AutomaticAnswer, Post
from conversations.models import Inbox
from tenants.workspace.access import Permission
from tenants.workspace.admin import BrandAdmin, brand_site

POSTS_TO_CHOOSE = 200


class AutomaticAnswerForm(forms.ModelForm):
    """Only inboxes with comments can be chosen, and a post has to be the inbox's own."""

    class Meta:
        model = AutomaticAnswer
        fields = ["name", "is_active", "inbox", "post", "keywords", "public_text", "private_text"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = [kind for kind in registry.KINDS if registry.open(kind).capabilities.has_comments]
        inbox, post = (cast(forms.ModelChoiceField, self.fields[name]) for name in ("inbox", "post"))
        inbox.queryset = Inbox.objects.filter(channel__in=kinds)
        newest = Post.objects.order_by("-id").values("id")[:POSTS_TO_CHOOSE]
        post.queryset = Post.objects.filter(id__in=newest).order_by("-id")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        post, inbox = cleaned.get("post"), cleaned.get("inbox")
        if post is not None and inbox is not None and post.inbox_id != inbox.id:
            raise ValidationError({"post": _("This post belongs to another inbox.")})
        return cleaned

    def clean_keywords(self) -> str:
        words = [line.strip() for line in self.cleaned_data["keywords"].splitlines()]
        return "\n".join(word for word in words if word)


@admin.register(AutomaticAnswer, site=brand_site)
class AutomaticAnswerAdmin(BrandAdmin):
    permission = Permission.MANAGE_INBOXES
    may_delete = True
    form = AutomaticAnswerForm
    list_display = ["name", "is_active", "inbox", "post"]
    list_select_related = ["inbox", "post"]
    list_filter = ["is_active"]
