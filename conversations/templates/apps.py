from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TemplatesConfig(AppConfig):
    name = "conversations.templates"
    label = "message_templates"
    verbose_name = _("Message templates")

    def ready(self) -> None:
        from contacts.privacy import holders  # noqa: PLC0415
        from conversations.templates import reactors  # noqa: F401, PLC0415

        holders.exempt("message_templates.messagetemplate", "the brand's own words")
