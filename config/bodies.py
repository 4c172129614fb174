"""Bodies of requests are read once, by those who want them."""

from __future__ import annotations

import sys
from functools import partial


def leave_to_django() -> None:
    """Keep Daphne from parsing forms before Django does.

    Twisted does so for everybody in the event loop, by the parser of mails: 25 MB of an upload hold every socket of
    the process up for most of a second, and the header of each JSON body costs as much as reading the body. Nobody
    asks for what it finds. The parameter is Twisted's own (`twisted.web.http.Request`); Daphne does not hand it on.
    Does nothing under another server.
    """
    protocol = sys.modules.get("daphne.http_protocol")
    if protocol is not None:
        protocol.WebRequest = partial(protocol.WebRequest, parsePOSTFormSubmission=False)  # type: ignore[attr-defined]
