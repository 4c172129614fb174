"""Reports on a brand's host."""

from __future__ import annotations

from django.urls import path

from reporting import views

urlpatterns = [
    path("supervisor/", views.board, name="supervisor"),
    path("supervisor/first-responses/", views.first_responses, name="first_responses"),
]
