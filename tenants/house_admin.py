"""What the admins of the platform and of the brands have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseForbidden
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

_NOT_HERE = frozenset({"view_on_site", "password_change", "password_change_done", "logout"})


class HouseAdminSite(admin.AdminSite):
    """An admin whose door is the sign-in page of its host, and which shows strangers nothing at all."""

    site_title = _("Kontor")
    index_template = "platform/admin_index.html"
    enable_nav_sidebar = False

    def is_stranger(self, request: HttpRequest) -> bool:
        """Whether the signed-in person must not even learn that there is an admin."""
        raise NotImplementedError

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Callable[..., Any]:
        """Anonymous: to the sign-in page. Strangers: 404. Members without the right: 403."""
        inner = super().admin_view(view, cacheable)

        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if self.is_stranger(request):
                raise Http404
            if not self.has_permission(request):
                return HttpResponseForbidden()
            return inner(request, *args, **kwargs)

        return guarded

    def get_urls(self) -> list[Any]:
        return [pattern for pattern in super().get_urls() if getattr(pattern, "name", None) not in _NOT_HERE]

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """There is one sign-in page."""
        return redirect("account_login")
