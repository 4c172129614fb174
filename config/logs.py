"""Log lines: one line each, with the tenant's id, no line breaks from outside, no message bodies, no tokens."""

from __future__ import annotations

import logging

from tenants.backend.current import current_tenant


class LineFormatter(logging.Formatter):
    """`time level logger tenant message`; what a stranger put into a value cannot begin a new line."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s tenant=%(tenant)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        tenant = current_tenant.get()
        record.tenant = tenant.id if tenant is not None else "-"
        record.message = record.getMessage().replace("\r", "\\r").replace("\n", "\\n")
        record.asctime = self.formatTime(record)
        line = self.formatMessage(record)
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line
