from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SurveysConfig(AppConfig):
    name = "conversations.surveys"
    label = "surveys"
    verbose_name = _("Surveys")

    def ready(self) -> None:
        from contacts.timeline import sources  # noqa: PLC0415
        from contacts.views import person  # noqa: PLC0415
        from conversations.surveys import privacy, story  # noqa: PLC0415

        privacy.register()
        sources.register(story.Surveys())
        person.also_show(person.Section("conversations/_surveys.html", story.beside))
