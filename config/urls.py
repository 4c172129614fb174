"""A brand's host."""

from __future__ import annotations

from django.urls import include, path

from config.admin_sites import brand_site
from config.api import urlpatterns as api
from contacts.urls import privacy
from conversations.gates import visible_contacts
from tenants import urls as tenant_urls

urlpatterns = [
    *tenant_urls.accounts,
    *tenant_urls.house,
    *tenant_urls.brand,
    path("", include("conversations.urls")),
    path("contacts/", include("contacts.urls"), {"visible": visible_contacts}),
    *privacy(visible_contacts),
    path("", include("reporting.urls")),
    path("widget/", include("conversations.widget.urls")),
    path("files/", include("conversations.files.urls")),
    path("api/v1/", include(api)),
    path("admin/", brand_site.urls),
]
