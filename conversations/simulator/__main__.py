"""The simulator as a process of its own: `python -m conversations.simulator --port P --control-token T`.

Everything stands below /simulator/. Port 0 takes a free one. The first line printed is the address.
"""

from __future__ import annotations

import argparse
import asyncio
import socket
import sys
from pathlib import Path

import django
import uvicorn
from django.conf import settings

from conversations.simulator.application import PREFIX, ROOT, Simulator


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m conversations.simulator", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--control-token", default="", help="what callers of the control API must show")
    parser.add_argument("--folder", type=Path, help="where to remember accounts and phones; default: nowhere")
    given = parser.parse_args()
    settings.configure(USE_I18N=True, LOCALE_PATHS=[ROOT / "locale"], LANGUAGE_CODE="en")
    django.setup()
    listener = socket.create_server(("127.0.0.1", given.port), backlog=512)
    sys.stdout.write(f"http://127.0.0.1:{listener.getsockname()[1]}{PREFIX}/\n")
    sys.stdout.flush()
    application = Simulator(folder=given.folder, control_token=given.control_token)
    server = uvicorn.Server(uvicorn.Config(application, log_level="warning", lifespan="off", ws="none"))
    asyncio.run(server.serve(sockets=[listener]))


main()
