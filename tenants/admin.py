"""The platform's admin: agencies, tenants, who may enter, what signs our hooks. Never a brand's data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from conversations.channels import registry
from tenants import channel_apps, directory, provisioning
from tenants.models import (
    Agency,
    ChannelApp,
    Domain,
    Membership,
    Plan,
    Tenant,
    UnknownAccount,
    User,
)
