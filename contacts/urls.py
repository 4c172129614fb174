"""Screens of contacts, below /contacts/. `config` adds `visible`: which contacts a member may see."""

from __future__ import annotations

from django.urls import path

from contacts.views import profile

urlpatterns = [
    path("<uuid:contact_id>/", profile.page, name="contact"),
]
