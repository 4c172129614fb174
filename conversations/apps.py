from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ConversationsConfig(AppConfig):
    name = "conversations"
    verbose_name = _("Conversations")

    def ready(self) -> None:
        from contacts.timeline import sources  # noqa: PLC0415
        from conversations import postroom, stories  # noqa: PLC0415
        from conversations.privacy import register  # noqa: PLC0415
        from conversations.widget import acquaintance  # noqa: F401, PLC0415
        from tenants.jobs import beside_jobs  # noqa: PLC0415

        beside_jobs(postroom.run)
        register.register()
        for source in (stories.Messages(), stories.States()):
            sources.register(source)
