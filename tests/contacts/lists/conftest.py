"""A folder for uploads, and tables to import."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import override_settings

from contacts.lists.importing import uploads, working
from contacts.models import ImportRun
from tenants.directory import TenantRef
from tenants.workspace.events import Actor
from tenants.workspace.models import Agent


@pytest.fixture(autouse=True)
def files(tmp_path: Path) -> Iterator[Path]:
    """Where files of the test are kept."""
    storages = {
        **settings.STORAGES,
        "files": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path), "base_url": None},
        },
    }
    with override_settings(STORAGES=storages):
        yield tmp_path


Upload = Callable[..., ImportRun]


@pytest.fixture
def carol_acts(in_acme: TenantRef, carol_agent: Agent) -> Actor:
    return Actor.agent(carol_agent)


@pytest.fixture
def upload(carol_acts: Actor) -> Upload:
    """`upload("Name,E-mail\\nMei,mei@shop.example")`: a table of these lines."""

    def take(text: str | bytes, name: str = "people.csv") -> ImportRun:
        content = text.encode() if isinstance(text, str) else text
        return uploads.upload(io.BytesIO(content), name, by=carol_acts)

    return take


@pytest.fixture
def imported(upload: Upload, carol_acts: Actor) -> Upload:
    """The same, imported to the end; the rule as it is guessed, or as given."""

    def run(text: str | bytes, **rule: object) -> ImportRun:
        made = upload(text)
        given = {"mapping": made.mapping, "match_by": made.match_by, "policy": made.policy, **rule}
        made = uploads.arrange(made, by=carol_acts, **given)  # type: ignore[arg-type]
        working.start(made, by=carol_acts)
        work(made)
        made.refresh_from_db()
        return made

    return run


def work(run: ImportRun) -> None:
    """Do the job of an import now, in the scope of the test."""
    run.refresh_from_db()
    while run.state in {"waiting", "running", "undoing"}:
        working.go_on(run.id)
        run.refresh_from_db()
