from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WorkspaceConfig(AppConfig):
    name = "tenants.workspace"
    label = "workspace"
    verbose_name = _("Workspace")

    def ready(self) -> None:
        from tenants.workspace import reactors, wake  # noqa: PLC0415 - needs the models

        wake.run_errand(reactors.ask_for)
