from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CommentsConfig(AppConfig):
    name = "conversations.comments"
    label = "comments"
    verbose_name = _("Public comments")

    def ready(self) -> None:
        from conversations import row_parts  # noqa: PLC0415
        from conversations.comments import privacy, queries, reactors, receiving  # noqa: F401, PLC0415
        from conversations.inbound import writers  # noqa: PLC0415

        row_parts.register("comment", queries.facts)
        writers.register(receiving.write)
        privacy.register()
