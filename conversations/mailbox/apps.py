from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MailboxConfig(AppConfig):
    name = "conversations.mailbox"
    label = "mailbox"
    verbose_name = _("Mailboxes")

    def ready(self) -> None:
        from contacts.privacy import holders  # noqa: PLC0415

        holders.exempt("mailbox.mailboxcursor", "how far a mailbox has been read")
