"""The database Kontor runs on: ``DATABASE_URL``, else an embedded PostgreSQL under our own supervision.

``database()`` says where the database is, ``running()`` makes sure that it is up. The embedded server lives
in the state folder (``KONTOR_STATE``, by default ``.kontor`` in the project), is shared by every process that
holds it, survives crashes of any of them, and stops when the last one leaves.

- ``address``   where the database answers
- ``place``     where data, socket and secrets lie, and whose they are
- ``binaries``  which PostgreSQL is used
- ``cluster``   how a cluster is made, which settings it gets, and what it must prove
- ``server``    start, recognise, recover, stop
- ``hold``      who is using it
"""

from config.postgres.address import database, embedded
from config.postgres.binaries import program
from config.postgres.cluster import verify
from config.postgres.hold import ensure_running, mend, release, running, stop
from config.postgres.server import ServerError, status

__all__ = [
    "ServerError",
    "database",
    "embedded",
    "ensure_running",
    "mend",
    "program",
    "release",
    "running",
    "status",
    "stop",
    "verify",
]
