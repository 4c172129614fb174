"""The platform's own host."""

from __future__ import annotations

from django.urls import path

from config.admin_sites import platform_site
from conversations import queries
from conversations.views import every_brand
from tenants import urls as tenant_urls
from tenants import views

urlpatterns = [
    *tenant_urls.accounts,
    *tenant_urls.house,
    path("", views.brands, {"look_at": queries.load, "oversees": every_brand.oversees}, name="brands"),
    path("brands/<uuid:tenant_id>/open/", views.open_brand, name="open_brand"),
    path("channels/", every_brand.channels, name="all_channels"),
    path("admin/", platform_site.urls),
]
