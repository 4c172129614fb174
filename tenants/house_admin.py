"""What the admins of the platform and of the brands have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBadRequest,
    HttpResponseNotAllowed,
)
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

_NOT_HERE = frozenset({"view_on_site", "password_change", "password_change_done", "logout"})
_METHODS = ("GET", "HEAD", "OPTIONS", "POST")


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
                raise PermissionDenied
            if request.method not in _METHODS:
                return HttpResponseNotAllowed(_METHODS)
            return inner(request, *args, **kwargs)

        return guarded

    def get_urls(self) -> list[Any]:
        return [pattern for pattern in super().get_urls() if getattr(pattern, "name", None) not in _NOT_HERE]

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """There is one sign-in page."""
        return redirect("account_login")


class BoundedChangeList(ChangeList):
    """A list whose date filter survives dates beyond the calendar."""

    def get_filters(self, request: HttpRequest) -> Any:
        try:
            return super().get_filters(request)
        except OverflowError as error:
            raise IncorrectLookupParameters(error) from error


class HouseModelAdmin(admin.ModelAdmin):
    """Ground of every model in both admins: lists are narrowed by what they offer, and by nothing else."""

    more_lookups: ClassVar[tuple[str, ...]] = ()  # beside the list's own filters

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """Without this, any column of the model can be guessed at letter by letter: `?digest__startswith=`."""
        offered = {*map(str, self.get_list_filter(request)), self.date_hierarchy}
        if lookup in self.more_lookups:
            return True
        return lookup.split("__")[0] in offered and bool(super().lookup_allowed(lookup, value, request))

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return BoundedChangeList

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        """An act on rows whose ids are none is a bad request."""
        try:
            for chosen in request.POST.getlist(ACTION_CHECKBOX_NAME):
                self.opts.pk.to_python(chosen)
        except ValidationError:
            return HttpResponseBadRequest()
        return super().response_action(request, queryset)
