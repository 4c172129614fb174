"""E-mail, read as mailers write it."""

from __future__ import annotations

import base64
import json
from email import message_from_bytes
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import urlencode

import pytest
from flufl.bounce import all_failures

from conversations.channels import email_charsets
from conversations.channels.base import Hook, Unparsable
from conversations.channels.email import Email, part
from conversations.channels.email_items import content_of
from conversations.channels.errors import ErrorKind
from conversations.channels.items import (
    AudienceChange,
    DeliveryReport,
    IncomingMessage,
    Item,
    UnknownItem,
)
from tests.conversations.channels.samples.email import message_element, signature_headers, wrap

PAYLOADS = Path(__file__).parent / "payloads" / "email"
CHANNEL = Email()


def parsed(name: str) -> list[Item]:
    return CHANNEL.parse((PAYLOADS / f"{name}.json").read_bytes())


def messages(name: str) -> list[IncomingMessage]:
    return [item for item in parsed(name) if isinstance(item, IncomingMessage)]


def read(head: str, body: bytes | str = b"words") -> IncomingMessage:
    content = head.replace("\n", "\r\n").encode("utf-8", "surrogateescape") + b"\r\n\r\n"
    content += body if isinstance(body, bytes) else body.encode()
    [item] = CHANNEL.parse_element("", {"mime_base64": base64.b64encode(content).decode()})
    assert isinstance(item, IncomingMessage)
    return item


# --- what a mail says --------------------------------------------------------------------------------------


def test_a_mail_is_its_sender_its_words_and_the_servers_time() -> None:
    item = messages("threads")[0]
    assert (item.address, item.sender_name) == ("mei@customer.example", "陳美玲")
    assert item.text == "您好，請問訂單 711 什麼時候會寄出？ 🍎" and item.details["subject"] == "訂單 711"
    assert item.external_id == item.event_id == "first@customer.example"
    assert item.happened_at.isoformat() == "2026-11-02T02:03:06+00:00" and not item.is_automatic


def test_an_answer_names_what_it_may_answer_the_signed_address_first() -> None:
    item = messages("threads")[1]
    own = "kontor.01938f00-0000-7000-8000-000000000001@shop.example"
    assert item.answers == (f"reply:{'a' * 26}{'b' * 16}", own, "first@customer.example")
    assert (
        item.text == "收到了，謝謝！"
        and item.details["full_text"].endswith("> 山海 客服")
        and item.reply_to == own
    )


def test_words_pictures_and_files_are_told_apart() -> None:
    item = messages("contents")[0]
    assert item.text == "The cup arrived broken, see the picture."
    picture, pdf, mail = item.attachments
    assert (picture.kind, picture.name, picture.details["content_id"]) == ("image", "cup.png", "pic1")
    assert (pdf.kind, pdf.name, pdf.mime) == (
        "file",
        "請求.pdf",
        "application/pdf",
    ) and mail.name == "mail.eml"
    assert "<script" not in item.details["html"] and "onload" not in item.details["html"]


def test_the_bytes_of_a_file_come_out_of_the_stored_element() -> None:
    item = messages("contents")[0]
    stored = json.dumps(item.raw).encode()
    found = [CHANNEL.enclosed_file(each, stored) for each in item.attachments]
    assert [each and each.mime for each in found] == ["image/png", "application/pdf", "message/rfc822"]
    assert found[0] is not None and found[0].content.startswith(b"\x89PNG") and len(found[0].content) == 69
    assert found[1] is not None and found[1].content == b"%PDF-1.4\n"
    assert found[2] is not None and b"old words" in found[2].content
    for nonsense in (99, -1, None, "0", True):
        assert part(stored, nonsense) is None
    assert part(b"", 0) is None and part(b'{"mime": "x"}', 7) is None


def test_charsets_that_are_named_wrongly_are_read_all_the_same() -> None:
    _, jis, big5, page = messages("contents")
    assert (jis.text, jis.details["subject"]) == ("お茶がまだ届いていません。", "中文")
    assert big5.text == "您好，我上週訂購的茶葉還沒有收到，請問什麼時候會寄出？"
    assert page.text == "Thanks, that works."


TEXTS = {
    "big5": "您好，我上週訂購的茶葉還沒有收到，請問什麼時候會寄出？",
    "gb18030": "您好，我上周订购的茶叶还没有收到，请问什么时候会寄出？",
    "cp932": "先週注文したお茶がまだ届いていません。いつ発送されますか？",
    "iso2022_jp": "先週注文したお茶がまだ届いていません。",
    "utf-8": "您好 🍎 先週 café",
}


@pytest.mark.parametrize("codec, text", TEXTS.items())
@pytest.mark.parametrize("label", ["", "us-ascii", "utf-8", "x-unknown", "the right one"])
def test_a_text_survives_what_its_label_says(codec: str, text: str, label: str) -> None:
    charset = codec if label == "the right one" else label
    head = "From: mei@customer.example\nContent-Type: text/plain" + (
        f"; charset={charset}" if charset else ""
    )
    assert read(head, text.encode(codec)).text == text


def test_a_greeting_in_shift_jis_is_read() -> None:
    """As Big5-HKSCS these bytes would be a letter with a mark of its own, which that charset writes in one."""
    words = "ご挨拶が遅れました"
    for charset in ("shift_jis", "big5", ""):
        assert email_charsets.decode(words.encode("cp932"), charset) == words


@pytest.mark.parametrize("codec", ["gb18030", "big5hkscs", "cp932"])
def test_no_pair_of_bytes_is_an_error(codec: str) -> None:
    for first in range(0x80, 0x100):
        for second in range(0x30, 0x100):
            assert email_charsets.decode(bytes([first, second]), codec)


@pytest.mark.parametrize("charset", ["euc-kr", "ks_c_5601-1987"])
def test_a_charset_that_is_not_guessed_is_believed(charset: str) -> None:
    text = "지난주에 주문한 차가 아직 도착하지 않았습니다."
    head = f"From: mei@customer.example\nContent-Type: text/plain; charset={charset}"
    assert read(head, text.encode("euc_kr")).text == text


def test_header_words_that_split_a_character_are_joined() -> None:
    encoded = "訂單".encode("big5")
    words = [f"=?big5?B?{base64.b64encode(piece).decode()}?=" for piece in (encoded[:3], encoded[3:])]
    item = read(f"From: mei@customer.example\nSubject: {words[0]}\n {words[1]} 711")
    assert item.details["subject"] == "訂單 711"


def test_format_flowed_makes_whole_paragraphs() -> None:
    item = read(
        "From: mei@customer.example\nContent-Type: text/plain; format=flowed",
        "This is one \r\nparagraph.\r\n\r\nAnother.\r\n-- \r\nMei",
    )
    assert item.text == "This is one paragraph.\n\nAnother."


def test_a_form_on_a_website_is_answered_to_the_customer_it_names() -> None:
    item = read(
        "From: Website <web@shop.example>\nReply-To: Mei <Mei@customer.example>\nTo: support@shop.example"
    )
    assert (item.address, item.sender_name, item.details["from"]) == (
        "mei@customer.example",
        "Mei",
        ["web@shop.example"],
    )
    assert item.details["written_from"] == "web@shop.example"
    own = read("From: Mei <mei@customer.example>\nReply-To: Mei@customer.example\nTo: support@shop.example")
    assert "written_from" not in own.details
    looped = read("From: a@b.example\nReply-To: support@shop.example\nTo: support@shop.example")
    assert looped.address == "a@b.example"


def test_a_mail_without_a_name_of_its_own_is_known_by_what_it_says() -> None:
    head = "From: mei@customer.example\nDate: Mon, 02 Nov 2026 10:03:04 +0800"
    first, again, other = read(head), read("X-Other: 1\n" + head), read(head, b"other words")
    assert first.event_id == again.event_id != other.event_id and first.external_id == first.event_id


def test_a_mail_with_an_unreadable_sender_is_shown_all_the_same() -> None:
    assert read("Subject: x").address == "unknown-sender"
    assert read("From: (nobody)\nSubject: x").address == "(nobody)"
    assert read("From: Mei\x00 <mei@customer.example>").address == "mei@customer.example"


def test_a_forged_sender_is_marked_by_what_our_server_found() -> None:
    item = read(
        "Authentication-Results: mx.shop.example; dmarc=fail header.from=b.example\nFrom: a@b.example"
    )
    assert item.details["authentication"] == "fail"


# --- machines ----------------------------------------------------------------------------------------------


def test_a_bounce_is_a_report_about_our_message() -> None:
    bounce, delayed, plain, *_ = parsed("machines")
    assert isinstance(bounce, DeliveryReport) and bounce.status == "failed" and bounce.error is not None
    assert bounce.external_ids == ("kontor.01938f00-0000-7000-8000-000000000002@shop.example",)
    assert bounce.error.kind is ErrorKind.RECIPIENT_GONE and bounce.address == "mei@customer.example"
    assert isinstance(delayed, UnknownItem) and delayed.name == "report_delayed"
    assert isinstance(plain, DeliveryReport) and plain.status == "failed"


def test_an_independent_reader_finds_the_same_bounces() -> None:
    """flufl.bounce: Mailman's detectors."""
    from_ours = {item.address for item in parsed("machines")[:1] if isinstance(item, DeliveryReport)}
    raw = content_of(json.loads((PAYLOADS / "machines.json").read_bytes())["mails"][0])
    _temporary, permanent = all_failures(message_from_bytes(raw))
    assert {address.decode() for address in permanent} == from_ours == {"mei@customer.example"}
    for message in messages("machines"):
        assert all_failures(message_from_bytes(content_of(message.raw))) == (set(), set())


def test_receipts_complaints_and_our_own_mail_are_no_messages() -> None:
    _, _, _, receipt, complaint, *_, own = parsed("machines")
    assert isinstance(receipt, DeliveryReport) and receipt.status == "read"
    assert isinstance(complaint, AudienceChange)
    assert (complaint.address, complaint.change) == ("ken@other.example", "opted_out")
    assert complaint.about == "kontor.0198f6b4-6d1c-7a32-9a5e-2f7f5c1d3e4b@shop.example"
    assert isinstance(own, UnknownItem) and own.name == "own_mail"


AUTOMATIC = [
    "Auto-Submitted: auto-replied", "Auto-Submitted: auto-generated; x", "Precedence: bulk", "X-Precedence: junk",
    "List-Id: <news.b.example>", "List-Unsubscribe: <mailto:u@b.example>", "X-Autoreply: yes",
    "X-Auto-Response-Suppress: OOF, AutoReply", "Return-Path: <>", "X-Amazon-Mail-Relay-Type: notification",
]  # fmt: skip
PERSONAL = [
    "Auto-Submitted: no",
    "Precedence: normal",
    "Return-Path: <a@b.example>",
    "X-Auto-Response-Suppress: DR",
]


@pytest.mark.parametrize("field", AUTOMATIC)
def test_a_mail_of_a_machine_is_known(field: str) -> None:
    assert read(f"{field}\nFrom: a@b.example").is_automatic


@pytest.mark.parametrize("field", PERSONAL)
def test_a_mail_of_a_person_is_not_taken_for_a_machines(field: str) -> None:
    assert not read(f"{field}\nFrom: a@b.example").is_automatic


@pytest.mark.parametrize("sender", ["no-reply@b.example", "MAILER-DAEMON@b.example", "noreply+x@b.example"])
def test_senders_that_want_no_answer_are_machines(sender: str) -> None:
    assert read(f"From: {sender}").is_automatic
    assert not read("From: noreen@b.example").is_automatic


# --- webhooks of providers ---------------------------------------------------------------------------------

MAIL = b"Message-ID: <m1@b.example>\r\nFrom: a@b.example\r\n\r\nwords \xe6\x82\xa8\r\n"


def hook(body: bytes, content_type: str, **headers: str) -> Hook:
    return Hook(
        body=body, headers={"content-type": content_type, **headers}, query={"recipient": "s@shop.example"}
    )


def multipart(**fields: bytes) -> bytes:
    parts = [
        b'--b\r\nContent-Disposition: form-data; name="'
        + name.replace("_", "-").encode()
        + b'"\r\n\r\n'
        + value
        + b"\r\n"
        for name, value in fields.items()
    ]
    return b"".join(parts) + b"--b--\r\n"


SHAPES = {
    "the mail itself": hook(MAIL, "message/rfc822"),
    "Mailgun": hook(
        multipart(recipient=b"s@shop.example", body_mime=MAIL), "multipart/form-data; boundary=b"
    ),
    "Mailgun, urlencoded": hook(
        urlencode({"recipient": "s@shop.example", "body-mime": MAIL}).encode(),
        "application/x-www-form-urlencoded",
    ),
    "SendGrid": hook(multipart(to=b"s@shop.example", email=MAIL), 'multipart/form-data; boundary="b"'),
    "ours": hook(
        json.dumps({"mails": [{"mime_base64": base64.b64encode(MAIL).decode()}]}).encode(), "application/json"
    ),
}


@pytest.mark.parametrize("call", SHAPES.values(), ids=SHAPES.keys())
def test_every_shape_brings_the_same_mail(call: Hook) -> None:
    [item] = CHANNEL.parse(CHANNEL.unwrap(call, []))
    assert isinstance(item, IncomingMessage) and (item.text, item.external_id) == ("words 您", "m1@b.example")


@pytest.mark.parametrize(
    "call",
    [
        hook(multipart(other=MAIL), "multipart/form-data; boundary=b"),
        hook(MAIL, "multipart/form-data"),
        hook(b"a=1", "application/x-www-form-urlencoded"),
        hook(b"&".join([b"a=1"] * 500), "application/x-www-form-urlencoded"),
    ],
)
def test_a_form_without_a_whole_mail_is_unparsable(call: Hook) -> None:
    with pytest.raises(Unparsable):
        CHANNEL.parse(CHANNEL.unwrap(call, []))


def basic(text: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(text.encode()).decode()}


@pytest.mark.parametrize(
    "headers", [basic("kontor:secret-1"), basic(":secret-1"), {"authorization": "bearer secret-1"}]
)
def test_a_provider_may_show_the_secret(headers: dict[str, str]) -> None:
    body = wrap([message_element("m", "hi")])
    assert CHANNEL.verify(Hook(body=body, headers=headers), ["secret-2", "secret-1"])
    assert not CHANNEL.verify(Hook(body=body, headers=headers), ["secret-2"])
    # a signature that is there counts, whatever else is shown
    wrong = {**headers, **signature_headers(body, "secret-2")}
    assert not CHANNEL.verify(Hook(body=body, headers=wrong), ["secret-1"])


@pytest.mark.parametrize(
    "given", ["Basic", "Basic !!!", "Basic c2VjcmV0LTE=", "Digest secret-1", "secret-1", "Bearer "]
)
def test_what_is_no_log_in_is_refused(given: str) -> None:
    assert not CHANNEL.verify(Hook(body=b"", headers={"authorization": given}), ["secret-1", ""])


def test_what_the_standard_library_writes_is_read_back() -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = (
        "Mei <mei@customer.example>",
        "s@shop.example",
        "訂單 " + "長" * 100,
    )
    mail["Message-ID"] = "<x@customer.example>"
    mail.set_content("您好\n" * 50)
    mail.add_alternative("<p>您好</p>", subtype="html")
    mail.add_attachment("名單".encode(), maintype="text", subtype="csv", filename="客戶名單.csv")
    [item] = CHANNEL.parse_element("", {"mime_base64": base64.b64encode(mail.as_bytes()).decode()})
    assert isinstance(item, IncomingMessage)
    assert item.details["subject"] == "訂單 " + "長" * 100 and item.text == ("您好\n" * 50).strip()
    assert [(each.name, each.size) for each in item.attachments] == [("客戶名單.csv", 6)]
