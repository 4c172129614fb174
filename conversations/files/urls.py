"""Where files are served on a brand's host."""

from __future__ import annotations

from django.urls import path

from conversations.files import serving

urlpatterns = [path("<str:token>/<str:name>", serving.serve, name="file")]
