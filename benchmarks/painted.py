"""(c) From the platform's 200 to the painted bubble in a real browser, with 50 sockets of colleagues open."""

from __future__ import annotations

import json
import shutil
from contextlib import ExitStack
from typing import Any

from playwright.sync_api import Page, sync_playwright

from benchmarks import ground, servers
from benchmarks.figures import Figure, median, percentile
from benchmarks.ingest import start_product
from benchmarks.live import desk
from benchmarks.wish import Wish
from tenants.scope import tenant_scope

RATE, SECONDS, ROUNDS = 5, 10.0, 5
COLLEAGUES = 50
CUSTOMER = 7
FLOOR_MS, GOAL_MS = 250.0, 80.0
CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium")
WATCH = """() => {
  window.painted = {};
  const mark = /#(\\d+)#/;
  const note = (node) => {
    const found = mark.exec(node.textContent || "");
    if (!found || window.painted[found[1]]) return;
    requestAnimationFrame(() => setTimeout(() => {
      window.painted[found[1]] ??= (performance.timeOrigin + performance.now()) / 1000;
    }));
  };
  new MutationObserver((changes) => {
    for (const change of changes) for (const node of change.addedNodes) {
      if (node.nodeType === 1 && (node.matches("li.message") || node.querySelector("li.message"))) note(node);
    }
  }).observe(document.querySelector("main"), {childList: true, subtree: true});
}"""


def measure(wish: Wish) -> list[Figure]:
    """Product under daphne, as it is shipped. Raises RuntimeError without a Chromium."""
    if CHROMIUM is None:
        raise RuntimeError("no Chromium was found")
    with ExitStack() as running:
        product, brand = start_product(running, wish, "daphne", "painted")
        # Everything from the database comes first: Playwright's loop in this thread keeps Django's away.
        cookie = ground.people(brand, 1)[0].partition("=")[2]
        colleagues = desk(brand, product.port, COLLEAGUES)
        with tenant_scope(brand.tenant):
            conversation = ground.conversation_of(brand, CUSTOMER)
        one_account = {**ground.webhooks(brand, only=CUSTOMER), "targets": brand.targets[:1]}
        plan = {
            "port": product.port,
            "write": one_account,
            "rate": RATE,
            "seconds": SECONDS,
            "sockets": colleagues,
        }
        playwright = running.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        running.callback(browser.close)
        context = browser.new_context()
        context.add_cookies([{"name": "session", "value": cookie, "domain": brand.host, "path": "/"}])
        page = context.new_page()
        page.goto(f"http://{brand.host}:{product.port}/inbox/all/{conversation}/")
        page.wait_for_selector("li.message")
        page.evaluate(WATCH)
        runs = [_round(page, {**plan, "first": 1_000_000 * (number + 1)}) for number in range(ROUNDS)]
    tails = [percentile(times, 95) for times in runs]
    middles = [median(times) for times in runs]
    return [
        Figure("commit to paint p50, 50 sockets", "ms", middles, better="less"),
        Figure("commit to paint p95, 50 sockets", "ms", tails, better="less", floor=FLOOR_MS, goal=GOAL_MS),
    ]


def _round(page: Page, plan: dict[str, Any]) -> list[float]:
    """Milliseconds from each 200 to its bubble. Raises RuntimeError when a bubble was not painted."""
    with servers.load_beside(plan) as generator:
        while generator.poll() is None:
            page.wait_for_timeout(200)
        assert generator.stdout is not None
        acknowledged = json.loads(generator.stdout.read())["acknowledged"]
    painted = page.evaluate("() => window.painted")
    missing = set(acknowledged) - set(painted)
    if missing:
        raise RuntimeError(f"{len(missing)} of {len(acknowledged)} bubbles were not painted")
    return [max(0.0, painted[number] - at) * 1000 for number, at in acknowledged.items()]
