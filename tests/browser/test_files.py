"""Files live: what a customer sends is seen, what an agent adds arrives, what cannot go is said before it leaves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Request, expect

from tests.browser.conftest import SignIn, Somebody
from tests.browser.house import House
from tests.browser.phones import Phone
from tests.browser.test_main_job import open_chat, open_row, write
from tests.conversations.files.samples import a_picture

pytestmark = pytest.mark.browser

OpenPhone = Callable[[str, str, str], Phone]

DROP = """(pane, name) => {
  const files = new DataTransfer();
  files.items.add(new File(["a,b\\n1,2\\n"], name, { type: "text/csv" }));
  for (const kind of ["dragenter", "dragover", "drop"]) {
    pane.dispatchEvent(new DragEvent(kind, { dataTransfer: files, bubbles: true, cancelable: true }));
  }
}"""


def picture_in(place: Page | Locator) -> Locator:
    return place.locator(".attachment.is-picture img")


def is_loaded(picture: Locator) -> bool:
    return bool(picture.evaluate("image => image.complete && image.naturalWidth > 0"))


def saved(folder: Path, name: str, content: bytes) -> str:
    path = folder / name
    path.write_bytes(content)
    return str(path)


def test_a_customers_picture_comes_up_live_and_an_agents_arrives(
    sign_in: SignIn, phone: OpenPhone, tmp_path: Path
) -> None:
    customer = phone("pine", "messenger", "Phoebe")
    desk = sign_in("pine", "grace@pine.test")
    customer.write("Does it look like this one?")
    open_row(desk, "Does it look like this one?")
    customer.act("image")
    expect(picture_in(desk)).to_be_visible()
    picture_in(desk).scroll_into_view_if_needed()
    expect(picture_in(desk)).to_have_js_property("complete", True)
    assert is_loaded(picture_in(desk))

    desk.set_input_files("#reply-files", saved(tmp_path, "tent.png", a_picture("PNG", (900, 600))))
    expect(desk.locator('.tray-file[data-state="ready"]')).to_have_count(1)
    desk.fill("#reply-text", "More like this:")
    desk.press("#reply-text", "Enter")
    expect(desk.locator(".tray-file")).to_have_count(0)
    ours = desk.locator("li.message.is-out").filter(has=desk.locator(".is-picture"))
    expect(ours).to_have_attribute("data-status", "delivered")
    expect(ours.locator("img")).to_have_attribute("alt", "tent.png")
    box, pane = ours.bounding_box(), desk.locator("#thread").bounding_box()
    assert box and pane
    assert box["y"] + box["height"] <= pane["y"] + pane["height"] + 1  # the end is in view, pictures and all


def test_files_can_be_dropped_and_taken_out_again(sign_in: SignIn, phone: OpenPhone) -> None:
    phone("pine", "line", "Dora").write("Could you send me the list?")
    desk = sign_in("pine", "grace@pine.test")
    open_row(desk, "Could you send me the list?")
    pane = desk.locator(".thread-pane")
    pane.evaluate(DROP, "list.csv")
    expect(desk.locator('.tray-file[data-state="ready"]')).to_have_text("list.csv 1 KB")
    pane.evaluate(DROP, "other.csv")
    expect(desk.locator('.tray-file[data-state="ready"]')).to_have_count(2)
    desk.locator(".tray-file").first.get_by_role("button").click()
    expect(desk.locator(".tray-file")).to_have_text("other.csv 1 KB")


def test_what_the_channel_does_not_take_is_said_before_it_leaves(
    sign_in: SignIn, phone: OpenPhone, tmp_path: Path
) -> None:
    phone("pine", "messenger", "Max").write("Send me the film, please")
    desk = sign_in("pine", "grace@pine.test")
    open_row(desk, "Send me the film, please")
    asked: list[str] = []

    def note(request: Request) -> None:
        if "/desk/files/" in request.url:
            asked.append(request.url)

    desk.on("request", note)
    large = tmp_path / "film.mp4"
    with large.open("wb") as file:
        file.truncate(60_000_000)
    desk.set_input_files("#reply-files", str(large))
    refused = desk.locator('.tray-file[data-state="refused"]')
    expect(refused).to_contain_text("Larger than the channel allows (25 MB).")
    assert asked == []
    refused.get_by_role("button").click()
    expect(desk.locator(".tray-file")).to_have_count(0)
    desk.set_input_files("#reply-files", saved(tmp_path, "empty.png", b""))
    expect(desk.locator('.tray-file[data-state="refused"]')).to_contain_text("The file is empty.")


def test_a_visitor_of_the_website_sees_what_the_agent_sends(
    house: House, somebody: Somebody, sign_in: SignIn, tmp_path: Path
) -> None:
    chat = open_chat(somebody().new_page(), house, "pine")
    write(chat, "Which colours does the mug come in?")
    desk = sign_in("pine", "grace@pine.test")
    open_row(desk, "Which colours does the mug come in?")
    desk.set_input_files(
        "#reply-files",
        [
            saved(tmp_path, "mug.png", a_picture("PNG", (600, 600))),
            saved(tmp_path, "price.pdf", b"%PDF-1.7 x"),
        ],
    )
    expect(desk.locator('.tray-file[data-state="ready"]')).to_have_count(2)
    desk.press("#reply-text", "Enter")
    picture = chat.locator(".files img")
    expect(picture).to_have_attribute("alt", "mug.png")
    expect(picture).to_have_js_property("complete", True)
    assert is_loaded(picture)
    expect(chat.locator(".files a", has_text="price.pdf")).to_be_visible()
