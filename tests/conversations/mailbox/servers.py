"""A real IMAP server (Dovecot, a system package) and an SMTP server that delivers into its mailboxes, on 127.0.0.1."""

from __future__ import annotations

import getpass
import imaplib
import mailbox
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

PASSWORD = "harbour-at-night"  # Dovecot's arguments are parted by blanks
START_SECONDS = 20.0

_CONFIG = """
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/log
ssl = no
disable_plaintext_auth = no
mail_location = maildir:{folder}/mail/%n
default_internal_user = {internal}
default_login_user = {internal}
default_internal_group = {group}
first_valid_uid = 1
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={owner} gid={group} home={folder}/mail/%n
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
# Whoever was refused waits longer each time: a test would do nothing else.
auth_failure_delay = 0
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
"""


@dataclass
class MailServers:
    """imap: "imap://127.0.0.1:port"; smtp: "smtp://127.0.0.1:port"."""

    folder: Path
    imap_port: int
    smtp_port: int

    @property
    def imap(self) -> str:
        return f"imap://127.0.0.1:{self.imap_port}"

    @property
    def smtp(self) -> str:
        return f"smtp://127.0.0.1:{self.smtp_port}"

    def deliver(self, address: str, content: bytes) -> None:
        """Put a mail into the mailbox of an address; what follows a plus sign is left out."""
        name = address.partition("@")[0].partition("+")[0]
        box = mailbox.Maildir(str(self.folder / "mail" / name), create=True)
        key = box.add(content)
        for path in [self.folder / "mail" / name, *(self.folder / "mail" / name).rglob("*")]:
            path.chmod(0o777 if path.is_dir() else 0o666)
        assert key

    def mails_of(self, name: str) -> list[bytes]:
        """What a person finds in their mailbox, read by IMAP."""
        client = imaplib.IMAP4("127.0.0.1", self.imap_port)
        client.login(name, PASSWORD)
        client.select("INBOX", readonly=True)
        numbers = client.search(None, "ALL")[1][0].split()
        found = [client.fetch(number.decode(), "(BODY.PEEK[])")[1][0][1] for number in numbers]
        client.logout()
        return found

    def flags_of(self, name: str) -> str:
        """The flags of everything in a mailbox."""
        client = imaplib.IMAP4("127.0.0.1", self.imap_port)
        client.login(name, PASSWORD)
        client.select("INBOX", readonly=True)
        flags = repr(client.fetch("1:*", "(FLAGS)")[1])
        client.logout()
        return flags


@contextmanager
def running_mail_servers() -> Iterator[MailServers]:
    """Both servers, until the block ends. Needs the program dovecot: see .ci/run."""
    program = shutil.which("dovecot") or "/usr/sbin/dovecot"
    with TemporaryDirectory(prefix="mail") as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "mail").mkdir()
        (folder / "mail").chmod(0o777)
        servers = MailServers(folder, _free_port(), _free_port())
        is_root = os.geteuid() == 0
        me = getpass.getuser()
        config = folder / "dovecot.conf"
        config.write_text(
            _CONFIG.format(
                folder=folder,
                internal="nobody" if is_root else me,
                owner="nobody" if is_root else me,
                group="nogroup" if is_root else _group_name(),
                password=PASSWORD,
                port=servers.imap_port,
            )
        )
        dovecot = subprocess.Popen([program, "-F", "-c", str(config)], stdout=subprocess.DEVNULL)
        smtp = Controller(
            _Delivering(servers),
            hostname="127.0.0.1",
            port=servers.smtp_port,
            authenticator=_authenticate,
            auth_require_tls=False,
        )
        smtp.start()
        try:
            _wait_for(servers.imap_port, folder / "log")
            yield servers
        finally:
            smtp.stop()
            dovecot.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                dovecot.wait(10)
            if dovecot.poll() is None:
                dovecot.kill()


def _authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
    return AuthResult(success=given.password == PASSWORD.encode(), handled=False)  # then the server answers


class _Delivering:
    """What the SMTP server does with a mail: into the mailbox of each recipient."""

    def __init__(self, servers: MailServers) -> None:
        self._servers = servers

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        for address in envelope.rcpt_tos:
            self._servers.deliver(address, envelope.content)
        return "250 2.0.0 delivered"


def _wait_for(port: int, log: Path) -> None:
    ends_at = time.monotonic() + START_SECONDS
    while time.monotonic() < ends_at:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise RuntimeError(f"dovecot did not start: {log.read_text() if log.exists() else 'no log'}")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _group_name() -> str:
    return subprocess.run(["id", "-gn"], capture_output=True, text=True, check=True).stdout.strip()
