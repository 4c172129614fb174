"""What the desk costs before anything is on the screen: styles and scripts, compressed, from our own host."""

from __future__ import annotations

from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest

from tests.browser.conftest import SignIn

pytestmark = pytest.mark.browser

MOST_BYTES = 60 * 1024


def test_the_desks_first_load_fits_into_sixty_kilobytes(sign_in: SignIn) -> None:
    page = sign_in("pine", "grace@pine.test")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    page.wait_for_load_state("networkidle")
    assert {urlsplit(url).hostname for url in asked} == {"pine.localhost"}

    files = {url for url in asked if urlsplit(url).path.endswith((".css", ".js"))}
    assert {urlsplit(url).path.rsplit("/", 1)[-1].split(".")[0] for url in files} >= {
        "base",
        "desk",
        "htmx-2",
        "main",
        "socket",
    }
    sizes = {}
    for url in files:
        place = urlsplit(url)
        headers = {"Host": place.netloc, "Accept-Encoding": "gzip"}
        with urlopen(Request(f"http://127.0.0.1:{place.port}{place.path}", headers=headers)) as answer:
            assert answer.headers["Content-Encoding"] == "gzip", url
            assert "immutable" in answer.headers["Cache-Control"], url
            sizes[place.path] = len(answer.read())
    assert sum(sizes.values()) <= MOST_BYTES, sizes
