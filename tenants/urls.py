"""Signing in and what goes with it, the same on every host; and what only a brand's host has."""

from __future__ import annotations

from allauth.account import views as account_views
from django.urls import path, re_path

from tenants import views

accounts = [
    path("account/login/", account_views.login, name="account_login"),
    path("account/logout/", account_views.logout, name="account_logout"),
    path("account/inactive/", account_views.account_inactive, name="account_inactive"),
    path("account/signup/", account_views.signup, name="account_signup"),
    path("account/password/change/", account_views.password_change, name="account_change_password"),
    path("account/password/set/", account_views.password_set, name="account_set_password"),
    path("account/password/reset/", account_views.password_reset, name="account_reset_password"),
    path(
        "account/password/reset/sent/", account_views.password_reset_done, name="account_reset_password_done"
    ),
    re_path(
        r"^account/password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        account_views.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "account/password/reset/done/",
        account_views.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
]
house = [
    path("language/", views.set_language, name="set_language"),
    path("colours/", views.set_scheme, name="set_scheme"),
    path("health", views.health, name="health"),
    path("robots.txt", views.robots, name="robots"),
]
brand = [
    path("enter/", views.enter, name="enter"),
    path("join/<str:token>/", views.join, name="join"),
]
