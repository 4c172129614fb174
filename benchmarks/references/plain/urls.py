"""The plain build's addresses."""

from __future__ import annotations

from django.urls import path

from benchmarks.references.plain.api import Hook, Replies

urlpatterns = [path("hook", Hook.as_view()), path("reply/<int:conversation_id>", Replies.as_view())]
