"""Files over HTTP: signed links alone, nothing that runs, parts for players."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from conversations.files import links, storing
from conversations.files.serving import part_of
from conversations.files.storing import Found
from conversations.models import StoredFile
from tenants.directory import TenantRef
from tenants.scope import tenant_scope
from tests.conversations.files.samples import a_picture, a_sound

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("kept_here")]

SOON = timedelta(minutes=5)


def kept(tenant: TenantRef, content: bytes, name: str) -> StoredFile:
    with tenant_scope(tenant):
        return storing.keep(BytesIO(content), Found(name=name), origin=StoredFile.Origin.UPLOAD)


def get(client: Client, path: str, **headers: str) -> tuple[Any, bytes]:
    """The answer and its body, read to the end: that is what closes the file."""
    answer = client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    return answer, b"".join(answer.streaming_content) if answer.streaming else answer.content


def test_a_picture_is_shown_to_whoever_holds_a_link(acme: TenantRef, as_stranger: Client) -> None:
    content = a_picture("PNG")
    answer, body = get(as_stranger, links.path_to(kept(acme, content, "照片.png"), acme, SOON))
    assert (answer.status_code, body, answer["Content-Type"]) == (200, content, "image/png")
    assert answer["Content-Disposition"] == "inline; filename*=utf-8''%E7%85%A7%E7%89%87.png"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer["Referrer-Policy"] == "no-referrer"
    assert answer["Cache-Control"].startswith("private, max-age=")
    assert not answer.cookies


def test_its_small_picture_has_no_metadata_and_is_a_jpeg(acme: TenantRef, as_stranger: Client) -> None:
    file = kept(acme, a_picture("PNG", (900, 900)), "a.png")
    answer, body = get(as_stranger, links.path_to(file, acme, SOON, thumbnail=True))
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
    assert body.startswith(b"\xff\xd8")


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "drawing.svg"),
        (b"<!doctype html><script>alert(1)</script>", "page.html"),
        (b"%PDF-1.7 /JavaScript", "form.pdf"),
        (b"MZ" + bytes(100), "setup.exe"),
    ],
    ids=["drawing", "page", "form", "program"],
)
def test_everything_else_is_only_downloaded(
    acme: TenantRef, as_stranger: Client, content: bytes, name: str
) -> None:
    answer, body = get(as_stranger, links.path_to(kept(acme, content, name), acme, SOON))
    assert (answer.status_code, body) == (200, content)
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
    assert "sandbox" in answer["Content-Security-Policy"]


def test_a_picture_is_downloaded_on_demand(acme: TenantRef, as_stranger: Client) -> None:
    path = links.path_to(kept(acme, a_picture("PNG"), "a.png"), acme, SOON)
    answer, _body = get(as_stranger, f"{path}?download")
    assert answer["Content-Disposition"].startswith("attachment")


def test_a_name_cannot_add_a_header(acme: TenantRef, as_stranger: Client) -> None:
    file = kept(acme, a_picture("PNG"), 'a"\r\nSet-Cookie: b=c.png')
    answer, _body = get(as_stranger, links.path_to(file, acme, SOON))
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    assert not answer.cookies


def test_a_link_of_one_brand_leads_nowhere_at_another(
    acme: TenantRef, globex: TenantRef, as_stranger: Client, as_charlie_at_globex: Client
) -> None:
    path = links.path_to(kept(acme, a_picture(), "a.png"), acme, SOON)
    assert as_charlie_at_globex.get(path).status_code == 404
    assert get(as_stranger, path)[0].status_code == 200


def test_a_link_ends_with_its_time_and_with_its_file(acme: TenantRef, as_stranger: Client) -> None:
    file = kept(acme, a_picture(), "a.png")
    assert as_stranger.get(links.path_to(file, acme, -SOON)).status_code == 404
    path = links.path_to(file, acme, SOON)
    assert get(as_stranger, path)[0].status_code == 200
    with tenant_scope(acme):
        storing.remove(file)
    assert as_stranger.get(path).status_code == 404


def test_lost_content_is_a_404_and_no_error(acme: TenantRef, as_stranger: Client, kept_here: Path) -> None:
    file = kept(acme, a_picture(), "a.png")
    (kept_here / file.path).unlink()
    assert as_stranger.get(links.path_to(file, acme, SOON)).status_code == 404


def test_what_a_browser_has_is_not_sent_again(acme: TenantRef, as_stranger: Client) -> None:
    path = links.path_to(kept(acme, a_picture(), "a.png"), acme, SOON)
    mark = get(as_stranger, path)[0]["ETag"]
    assert get(as_stranger, path, if_none_match=mark)[0].status_code == 304
    assert get(as_stranger, path, if_none_match='"other"')[0].status_code == 200


def test_a_player_reads_in_parts(acme: TenantRef, as_stranger: Client) -> None:
    content = a_sound(1.0)
    path = links.path_to(kept(acme, content, "voice.wav"), acme, SOON)
    whole, _body = get(as_stranger, path)
    assert (whole["Accept-Ranges"], whole["Content-Length"]) == ("bytes", str(len(content)))
    part, body = get(as_stranger, path, range="bytes=10-19")
    assert (part.status_code, body) == (206, content[10:20])
    assert part["Content-Range"] == f"bytes 10-19/{len(content)}"
    changed, body = get(as_stranger, path, range="bytes=10-19", if_range='"older"')
    assert (changed.status_code, len(body)) == (200, len(content))
    beyond, _body = get(as_stranger, path, range=f"bytes={len(content)}-")
    assert (beyond.status_code, beyond["Content-Range"]) == (416, f"bytes */{len(content)}")
    head = as_stranger.head(path)
    assert (head.status_code, head["Content-Length"], head.content) == (200, str(len(content)), b"")


@pytest.mark.parametrize(
    ("wanted", "part"),
    [
        ("", (0, 100)),
        ("bytes=0-", (0, 100)),
        ("bytes=0-0", (0, 1)),
        ("bytes=90-200", (90, 10)),
        ("bytes=-10", (90, 10)),
        ("bytes=-200", (0, 100)),
        ("bytes=-0", None),
        ("bytes=100-", None),
        ("bytes=5-4", None),
        ("bytes=0-1,5-6", (0, 100)),
        ("items=0-1", (0, 100)),
        ("bytes=-", (0, 100)),
        (f"bytes={'9' * 40}-", (0, 100)),
    ],
)
def test_which_part_is_meant(wanted: str, part: tuple[int, int] | None) -> None:
    assert part_of(wanted, 100) == part


def test_only_reading_is_possible(acme: TenantRef, as_stranger: Client) -> None:
    path = links.path_to(kept(acme, a_picture(), "a.png"), acme, SOON)
    for method in ("post", "put", "patch", "delete"):
        assert getattr(as_stranger, method)(path).status_code in {403, 405}
