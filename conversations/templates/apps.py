from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TemplatesConfig(AppConfig):
    name = "conversations.templates"
    label = "message_templates"
    verbose_name = _("Message templates")

    def ready(self) -> None:
        from conversations.templates import reactors  # noqa: F401, PLC0415
