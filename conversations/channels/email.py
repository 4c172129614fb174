"""E-mail: in from a mailbox (IMAP, fetched by the house) or a provider's webhook (`email_hooks`), out by SMTP or a
relay (`email_servers`).
"""

from __future__ import annotations

from collections.abc import Sequence

from conversations.channels import email_hooks, email_items, email_mime, email_servers, email_writing, wire
from conversations.channels.base import (
    AccessToken,
    Account,
    AccountCheck,
    Capabilities,
    Channel,
    Credential,
    FileLimit,
    FormFile,
    Hook,
    PlatformRequest,
    Sent,
    Transport,
    Unparsable,
    gettext_noop,
)
from conversations.channels.cards import CardKind
from conversations.channels.errors import DeliveryError, ErrorKind
from conversations.channels.items import IncomingAttachment, Item, JsonObject
from conversations.channels.outgoing import OutgoingMessage

_TOKEN_ADDRESSES = {
    "google": "https://oauth2.googleapis.com/token",
    "microsoft": "https://login.microsoftonline.com/common/oauth2/v2.0/token",
}


def _asked(name: str, label: str, help_text: str = "", pattern: str = "") -> Credential:
    return Credential(
        name=name, label=label, help_text=help_text, is_secret=False, is_required=False, pattern=pattern
    )


def _chosen(name: str, label: str, *choices: tuple[str, str], help_text: str = "") -> Credential:
    return Credential(
        name=name, label=label, help_text=help_text, is_secret=False, is_required=False, choices=choices
    )


def _kept_secret(name: str, label: str, help_text: str = "") -> Credential:
    return Credential(name=name, label=label, help_text=help_text, is_required=False)


class Email(Channel):
    """A brand's mailbox. The account's id is its address."""

    kind = "email"
    label = gettext_noop("E-mail")
    default_base_url = ""
    account_label = gettext_noop("E-mail address")
    secret_label = gettext_noop("Secret of the webhook")
    encloses_files = True
    most_bytes = email_hooks.HOOK_BYTES
    # SMTP knows no key: a second try of an uncertain mail is the same mail to the byte, which many mailboxes show
    # once, and some twice. So a person decides.
    capabilities = Capabilities(
        text_limit=100_000,
        file_limits=dict.fromkeys(
            ("image", "video", "audio", "file"), FileLimit(email_writing.MOST_FILE_BYTES)
        ),
        files_per_message=10,
        text_with_files=True,
        native_cards=frozenset(kind.value for kind in CardKind),
        cards_per_message=10,
        has_subject=True,
    )
    credentials = (
        _asked(
            "from_name",
            gettext_noop("Name of the sender"),
            gettext_noop("What customers see beside the address."),
        ),
        _asked(
            "imap_server",
            gettext_noop("IMAP server"),
            gettext_noop("For example imap.brand.example. Empty: mails come by webhook."),
            email_servers.IMAP_SERVER,
        ),
        _chosen(
            "imap_security",
            gettext_noop("Encryption of the IMAP server"),
            ("", gettext_noop("TLS from the start (port 993)")),
            (email_servers.STARTTLS, gettext_noop("STARTTLS (port 143)")),
        ),
        _asked(
            "smtp_server",
            gettext_noop("SMTP server"),
            gettext_noop("For example smtp.brand.example."),
            email_servers.SMTP_SERVER,
        ),
        _chosen(
            "smtp_security",
            gettext_noop("Encryption of the SMTP server"),
            ("", gettext_noop("STARTTLS (port 587)")),
            (email_servers.TLS, gettext_noop("TLS from the start (port 465)")),
        ),
        _asked("username", gettext_noop("User name"), gettext_noop("Empty: the e-mail address.")),
        _kept_secret(
            "password",
            gettext_noop("Password"),
            gettext_noop("Where the provider offers them, an app password of its own."),
        ),
        _chosen(
            "plus_addresses",
            gettext_noop("Signed reply addresses"),
            ("", gettext_noop("No")),
            ("yes", gettext_noop("Yes")),
            help_text=gettext_noop(
                "Only if the mailbox receives mail for address+anything: answers then find their thread."
            ),
        ),
        _chosen(
            "oauth_provider",
            gettext_noop("Log-in"),
            ("", gettext_noop("By password")),
            ("google", gettext_noop("By OAuth at Google")),
            ("microsoft", gettext_noop("By OAuth at Microsoft")),
            help_text=gettext_noop("OAuth needs the three values below instead of a password."),
        ),
        _asked("client_id", gettext_noop("OAuth client ID")),
        _kept_secret("client_secret", gettext_noop("OAuth client secret")),
        _kept_secret("refresh_token", gettext_noop("OAuth refresh token")),
    )

    def verify(self, hook: Hook, secrets: Sequence[str]) -> bool:
        return email_hooks.is_genuine(hook, secrets)

    def unwrap(self, hook: Hook, secrets: Sequence[str]) -> bytes:
        """Every shape as the JSON that `parse` reads."""
        return email_hooks.as_json(hook)

    def parse(self, body: bytes) -> list[Item]:
        return [email_items.read("", element) for element in email_hooks.elements(body)]

    def parse_element(self, account_id: str, raw: JsonObject) -> list[Item]:
        return [email_items.read(account_id, raw)]

    def enclosed_file(self, attachment: IncomingAttachment, body: bytes) -> FormFile | None:
        """The file's bytes, out of the stored element of its mail."""
        return part(body, attachment.details.get("part"))

    def send(self, message: OutgoingMessage, account: Account, transport: Transport) -> Sent:
        wire.require_sendable(message, self.capabilities)
        content = email_writing.write(message, account)
        if account.base_url:
            response = transport(email_servers.relayed(message, account, content))
        else:
            response = transport(email_servers.mailed(message, account, content, self.log_in(account)))
        if not wire.accepted(response):
            raise (
                email_servers.relay_error(response, has_copies=bool(message.cc or message.bcc))
                if account.base_url
                else email_servers.smtp_error(response)
            )
        return Sent(external_id=email_writing.message_id(message.correlation, account.account_id))

    def check(self, account: Account, transport: Transport) -> AccountCheck:
        """Log in to the SMTP server and leave again."""
        if account.base_url:
            return AccountCheck(name=account.account_id)
        response = transport(
            PlatformRequest(method="LOGIN", url=email_servers.address(account), params=self.log_in(account))
        )
        if not wire.accepted(response):
            raise email_servers.smtp_error(response)
        warnings = (
            () if account.settings.get("imap_server") else (gettext_noop("Mails come in by webhook only."),)
        )
        return AccountCheck(name=account.account_id, warnings=warnings)

    def log_in(self, account: Account) -> dict[str, str]:
        """How to log in to the mailbox's servers: username, and access_token where it is lent, else password; empty
        without either."""
        name = str(account.settings.get("username", "")).strip() or account.account_id
        if token := account.credentials.get("access_token", ""):
            return {"username": name, "access_token": token}
        password = account.credentials.get("password", "")
        return {"username": name, "password": password} if password else {}

    def borrows_token(self, account: Account) -> bool:
        return _token_address(account) != ""

    def lend_token(self, account: Account, transport: Transport, *, refused: str = "") -> AccessToken | None:
        """A log-in token for a mailbox of Google or Microsoft (RFC 6749, section 6)."""
        url = _token_address(account)
        if not url:
            return None
        form = {
            "grant_type": "refresh_token",
            "refresh_token": account.credentials["refresh_token"],
            "client_id": str(account.settings.get("client_id", "")),
            "client_secret": account.credentials.get("client_secret", ""),
        }
        try:
            response = transport(PlatformRequest(method="POST", url=url, form=form))
        except DeliveryError as error:  # whatever became of it, no mail was sent by it
            raise DeliveryError(ErrorKind.TEMPORARY, code=error.code, detail=error.detail) from None
        answer = wire.answer(response)
        token = wire.text(answer, "access_token")
        if wire.accepted(response) and token:
            return AccessToken(token, wire.whole_number(answer, "expires_in") or 3000)
        kind = ErrorKind.TEMPORARY if response.status >= 500 else ErrorKind.AUTH_EXPIRED
        raise DeliveryError(
            kind, code=wire.text(answer, "error")[:60] or str(response.status), detail="no token was lent"
        )


def _token_address(account: Account) -> str:
    provider = str(account.settings.get("oauth_provider", "")).strip().lower()
    return _TOKEN_ADDRESSES.get(provider, "") if account.credentials.get("refresh_token") else ""


def part(body: bytes, number: object) -> FormFile | None:
    """Part `number` of a mail, from the stored element that brought it; None when there is no such part."""
    try:
        element = wire.load(body, most_bytes=email_hooks.HOOK_BYTES)
    except Unparsable:
        return None
    parts = email_mime.read(email_items.content_of(element)).parts
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < len(parts):
        return None
    found = parts[number]
    return FormFile(str(number), found.name, found.mime, found.content())
