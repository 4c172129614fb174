from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ContactsConfig(AppConfig):
    name = "contacts"
    verbose_name = _("Contacts")

    def ready(self) -> None:
        from contacts import reactors  # noqa: F401, PLC0415
        from contacts.lists import holding  # noqa: PLC0415
        from contacts.merging import pairs  # noqa: F401, PLC0415
        from contacts.privacy import contact_rows, kept_kinds  # noqa: PLC0415 - needs the models
        from contacts.search import forgetting  # noqa: PLC0415
        from contacts.search import reactors as search_reactors  # noqa: F401, PLC0415
        from contacts.suggesting import reactors as suggesting_reactors  # noqa: F401, PLC0415
        from contacts.timeline import own, sources  # noqa: PLC0415

        contact_rows.register()
        kept_kinds.register()
        holding.register()
        forgetting.register()
        for source in (own.Notes(), own.Changes(), own.Consents(), own.Orders()):
            sources.register(source)
