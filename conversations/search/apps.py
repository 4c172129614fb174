from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SearchConfig(AppConfig):
    """Search over messages, and the box that looks for contacts too."""

    name = "conversations.search"
    label = "search"
    verbose_name = _("Search")

    def ready(self) -> None:
        from conversations.search import forgetting, reactors, rebuilding  # noqa: F401, PLC0415 - needs the models

        forgetting.register()
