from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ConversationsConfig(AppConfig):
    name = "conversations"
    verbose_name = _("Conversations")

    def ready(self) -> None:
        from contacts.lists import filters  # noqa: PLC0415
        from contacts.timeline import sources  # noqa: PLC0415
        from conversations import postroom, queries, stories  # noqa: PLC0415
        from conversations.privacy import register  # noqa: PLC0415
        from conversations.widget import acquaintance  # noqa: F401, PLC0415
        from tenants.jobs import beside_jobs  # noqa: PLC0415

        beside_jobs(postroom.run)
        register.register()
        filters.register("open", queries.has_open_conversation)
        for source in (stories.Messages(), stories.States()):
            sources.register(source)
