"""The website chat, on the brand's host."""

from __future__ import annotations

from django.urls import path

from conversations.widget import endpoints, pages, uploading

app_name = "widget"
urlpatterns = [
    path("loader.js", pages.loader, name="loader"),
    path("frame/", pages.frame, name="frame"),
    path("chat/<str:key>/", pages.alone, name="alone"),
    path("session", endpoints.session, name="session"),
    path("messages", endpoints.messages, name="messages"),
    path("uploads", uploading.upload, name="uploads"),
    path("files", endpoints.files, name="files"),
    path("typing", endpoints.typing, name="typing"),
    path("seen", endpoints.seen, name="seen"),
]
