"""Browser tests: one running product, one Chromium, a fresh profile for each person."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, StorageState, expect, sync_playwright

from tests.browser.house import House
from tests.browser.phones import Phone

# The shell comes first: Chromium itself renders an interface beside each page, for nobody to see.
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, BROWSERS)), None)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PASSWORD = "kontor-demo"

PATIENCE_MS = 15_000  # a bound for slow machines; what is waited for takes milliseconds

SignIn = Callable[..., Page]
Somebody = Callable[..., BrowserContext]


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One of the parallel workers runs all of these, so that one house serves them."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.xdist_group("browser"))


# Package scope, not session: while Playwright is open its event loop counts as running, and no asynchronous test
# of another folder could run in the same process.


@pytest.fixture(scope="package")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Kontor as `make run` starts it, with its own database and demo."""
    running = House(tmp_path_factory.mktemp("house") / "state")
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """The machine's own Chromium. CI installs it, so there its absence is a failure."""
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("CI must have a Chromium: .ci/run installs it")
        pytest.skip(
            "NO CHROMIUM FOUND: the browser tests did not run. Install Debian's package chromium-headless-shell."
        )
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def somebody(chromium: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """`somebody(locale="ja", …)`: a person with a browser profile of their own."""
    opened: list[BrowserContext] = []

    def enter(**options: object) -> BrowserContext:
        settings = {"locale": "en", "timezone_id": "Asia/Taipei", "viewport": {"width": 1360, "height": 860}}
        context = chromium.new_context(**{**settings, **options})
        context.set_default_timeout(PATIENCE_MS)
        opened.append(context)
        return context

    yield enter
    for context in opened:
        context.close()


@pytest.fixture(scope="package")
def signed_in() -> dict[tuple[str, str], StorageState]:
    """The cookies of everybody who has signed in once: brand and e-mail address -> what their browser keeps."""
    return {}


@pytest.fixture
def sign_in(house: House, somebody: Somebody, signed_in: dict[tuple[str, str], StorageState]) -> SignIn:
    """`sign_in("shanhai", "yijun@shanhai.test")`: that person's desk, signed in, on the list of all conversations."""

    def enter(brand: str, email: str, path: str = "/inbox/all/", **options: object) -> Page:
        known = signed_in.get((brand, email))
        page = somebody(storage_state=known, **options).new_page()
        if known is None:
            log_in(page, house, brand, email, path)
            signed_in[brand, email] = page.context.storage_state()
        else:
            page.goto(house.url(path, brand))
        page.wait_for_url(f"**{path}")
        return page

    return enter


def log_in(page: Page, house: House, brand: str, email: str, path: str) -> None:
    """Fill in the log-in page of a brand's host, or of the platform's own ("")."""
    page.goto(house.url(f"/account/login/?next={path}", brand))
    page.fill("input[name=login]", email)
    page.fill("input[name=password]", PASSWORD)
    page.click("button[type=submit]:not([form])")


@pytest.fixture
def phone(house: House) -> Callable[[str, str, str], Phone]:
    """`phone("pine", "messenger", "Mia")`: the phone of somebody who has never written to that brand."""
    return lambda brand, kind, name: Phone.of_stranger(house, brand, kind, name)
