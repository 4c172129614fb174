from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SearchConfig(AppConfig):
    """Search over messages, and with it the search over contacts that it stands on."""

    name = "conversations.search"
    label = "search"
    verbose_name = _("Search")

    def ready(self) -> None:
        from contacts.search import forgetting as contacts_forgetting  # noqa: PLC0415 - needs the models
        from contacts.search import reactors as contacts_reactors  # noqa: F401, PLC0415
        from contacts.search import rebuilding as contacts_rebuilding  # noqa: F401, PLC0415
        from conversations.search import forgetting, reactors, rebuilding  # noqa: F401, PLC0415

        contacts_forgetting.register()
        forgetting.register()
