"""The list of contacts as people use it: found, selected, labelled, kept as a segment, imported, merged, taken back."""

from __future__ import annotations

import io
import re
import time

import openpyxl
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import PATIENCE_MS, SignIn
from tests.browser.house import House
from tests.browser.test_accessibility import listen, violations

pytestmark = pytest.mark.browser

CROWD = 60  # more than a page of the list holds
ADMIN = ("pine", "grace@pine.test")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def test_a_workbook_is_looked_at_imported_and_taken_back(house: House, sign_in: SignIn) -> None:
    desk = sign_in(*ADMIN)
    heard = listen(desk)
    upload(desk, house, "guests.xlsx", workbook("Gull", 3, extra=("", "no address", "")), XLSX)
    expect(desk.locator("select[name=column_1]")).to_have_value("email")
    outcomes = desk.locator("[aria-labelledby=preview-title] tbody tr")
    expect(outcomes).to_have_count(4)
    expect(outcomes.first).to_contain_text("Gull 0")
    expect(outcomes.last).to_contain_text("This is not an e-mail address.")
    assert violations(desk) == []

    desk.get_by_role("button", name="Import", exact=True).click()
    done(desk, "import-state", "4 of 4")
    expect(desk.get_by_role("link", name=re.compile("Rows that were not imported"))).to_be_visible()
    assert violations(desk) == []
    run = desk.url
    found(desk, house, "gull", 3)

    desk.goto(run)
    desk.get_by_role("button", name="Take the import back").click()
    done(desk, "import-state", "Taken back")
    found(desk, house, "gull", 0)
    assert heard == []


def test_a_large_table_comes_through_the_door(house: House, sign_in: SignIn) -> None:
    """Everything else may be a megabyte at most."""
    desk = sign_in(*ADMIN)
    line = f"Heron,heron@lake.test,{'x' * 1_000}\n"
    upload(desk, house, "large.csv", ("Name,E-mail,Remark\n" + line * 1_500).encode(), "text/csv")
    expect(desk.locator("h1")).to_have_text("large.csv")
    expect(desk.locator("[aria-labelledby=preview-title] tbody tr").first).to_contain_text("Heron")


def test_all_who_match_are_labelled_and_kept_as_a_segment(house: House, sign_in: SignIn) -> None:
    desk = sign_in(*ADMIN)
    heard = listen(desk)
    upload(desk, house, "crowd.xlsx", workbook("Sandpiper", CROWD, label="Shore"), XLSX)
    desk.get_by_role("button", name="Import", exact=True).click()
    done(desk, "import-state", f"{CROWD} of {CROWD}")
    desk.goto(house.url("/inbox/all/", "pine"))
    expect(desk.locator("#rows a").first).to_be_visible()
    desk.keyboard.press("g")
    desk.keyboard.press("c")
    desk.wait_for_url("**/contacts/")

    desk.locator(".more-filters > summary").click()
    desk.select_option("select[name=label]", label="Shore")
    desk.locator(".filters input[name=q]").press("Enter")
    expect(desk.locator("#count")).to_have_text(str(CROWD))
    expect(desk.locator("#selected")).to_have_text("Nobody is selected.")
    desk.locator("#pick-all").focus()
    desk.keyboard.press("Space")
    expect(desk.locator("#selected")).to_have_text(re.compile(r"\d+ selected"))
    desk.get_by_label("all that match").check()
    expect(desk.locator("#selected")).to_have_text(f"{CROWD} selected")
    expect(desk.get_by_role("button", name="Merge…")).to_be_disabled()  # fifty at most
    assert violations(desk) == []

    desk.locator(".segments summary").filter(has_text="Save as a segment").click()
    desk.fill(".segments input[name=name]", "The shore")
    desk.locator(".segments .menu-panel button[type=submit]").click()
    expect(desk.locator(".segment[aria-current]")).to_have_text("The shore")

    desk.get_by_label("all that match").check()
    desk.select_option("#bulk select[name=put]", label="Shore")
    desk.get_by_role("button", name="Take off").click()
    done(desk, "bulk-state", f"{CROWD} of {CROWD}")
    run = desk.url
    desk.goto(house.url("/contacts/", "pine"))
    desk.get_by_role("link", name="The shore").click()
    expect(desk.locator("#count")).to_have_text("0")
    desk.goto(run)
    desk.get_by_role("button", name="Take it back").click()
    done(desk, "bulk-state", f"{CROWD}")
    desk.goto(house.url("/contacts/", "pine"))
    desk.get_by_role("link", name="The shore").click()
    expect(desk.locator("#count")).to_have_text(str(CROWD))
    assert heard == []


def test_any_contacts_are_merged_from_the_list_and_from_a_profile(house: House, sign_in: SignIn) -> None:
    desk = sign_in(*ADMIN)
    heard = listen(desk)
    upload(desk, house, "waders.xlsx", workbook("Wader", 3), XLSX)
    desk.get_by_role("button", name="Import", exact=True).click()
    done(desk, "import-state", "3 of 3")
    found(desk, house, "wader", 3)
    merging = desk.get_by_role("button", name="Merge…")
    expect(merging).to_be_disabled()
    for name in ("Wader 0", "Wader 1"):
        desk.get_by_label(f"Select {name}").check()
    expect(desk.locator("#selected")).to_have_text("2 selected")
    merging.click()
    expect(desk.locator(".double-sides .double-side")).to_have_count(2)
    desk.get_by_role("button", name="Merge", exact=True).click()
    expect(desk.get_by_role("button", name="Undo the merge")).to_be_visible()
    found(desk, house, "wader", 2)

    desk.get_by_role("link", name="Wader 2").click()
    desk.get_by_role("link", name="Merge with…").click()
    desk.fill("main input[name=q]", "wader")
    desk.keyboard.press("Enter")
    expect(desk.locator(".double-choice")).to_have_count(2)
    assert violations(desk) == []
    desk.locator(".double-choice").last.click()
    desk.get_by_role("button", name="Compare").click()
    desk.get_by_role("button", name="Merge", exact=True).click()
    expect(desk.get_by_role("button", name="Undo the merge")).to_be_visible()
    found(desk, house, "wader", 1)
    assert heard == []


def workbook(name: str, number: int, *, label: str = "", extra: tuple[str, ...] = ()) -> bytes:
    """A table of so many people of that name."""
    book, content = openpyxl.Workbook(), io.BytesIO()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Name", "E-mail", "Label"])
    for each in range(number):
        sheet.append([f"{name} {each}", f"{name.lower()}{each}@shore.test", label])
    if extra:
        sheet.append(extra)
    book.save(content)
    return content.getvalue()


def upload(desk: Page, house: House, name: str, content: bytes, mime: str) -> None:
    desk.goto(house.url("/contacts/imports/", "pine"))
    desk.set_input_files("#file", {"name": name, "mimeType": mime, "buffer": content})
    desk.get_by_role("button", name="Upload").click()
    expect(desk.locator("h1")).to_have_text(name)


def done(desk: Page, part: str, words: str) -> None:
    """Wait until the work is done: the part of the page that says how far it is asks no more."""
    expect(desk.locator(f"#{part}")).to_contain_text(words)
    expect(desk.locator(f"#{part}[hx-get]")).to_have_count(0)


def found(desk: Page, house: House, typed: str, number: int) -> Locator:
    """Wait until the list finds that many: what people are found by follows them a moment later."""
    rows = desk.locator("tr.person")
    give_up_at = time.monotonic() + 2 * PATIENCE_MS / 1000
    while True:
        desk.goto(house.url(f"/contacts/?q={typed}", "pine"))
        if rows.count() == number:
            return rows
        assert time.monotonic() < give_up_at, f"{rows.count()} are found, not {number}"
        desk.wait_for_timeout(200)
