"""Our messages as mails: what the standard library reads from them is what we meant."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest

from conversations.channels import email_errors, email_servers, email_writing
from conversations.channels.base import AccessToken, Account, PlatformRequest, PlatformResponse
from conversations.channels.cards import Button, Card, CardKind, CardLine, Money
from conversations.channels.email import Email
from conversations.channels.errors import DeliveryError, ErrorKind
from conversations.channels.items import IncomingMessage
from conversations.channels.outgoing import OutgoingFile, OutgoingMessage, QuickReply, Template
from tests.conversations.channels.contract import Platform
from tests.conversations.channels.samples.email import ACCOUNT as RELAYED
from tests.conversations.channels.samples.email import ADDRESS

CHANNEL = Email()
WRITTEN_AT = datetime(2026, 11, 2, 3, 0, tzinfo=UTC)
OWN_ID = str(uuid.UUID(int=(int(WRITTEN_AT.timestamp() * 1000) << 80) | (7 << 76) | (2 << 62) | 5))
ACCOUNT = Account(
    account_id="support@shop.example",
    base_url="",
    credentials={"password": "secret-1"},
    settings={"from_name": "山海", "smtp_server": "smtp.shop.example"},
)
MESSAGE = OutgoingMessage(
    address=ADDRESS,
    text="您好，今天下午寄出。 🍎",
    correlation=OWN_ID,
    retry_key=OWN_ID,
    sender_name="Bob",
    subject="Re: 訂單 711",
    references=("first@customer.example", "second@customer.example"),
    reply_address="support+kabc@shop.example",
)
ACCEPTED = PlatformResponse(status=250, headers={}, body=b"2.0.0 queued")


def sent(
    message: OutgoingMessage = MESSAGE, account: Account = ACCOUNT
) -> tuple[PlatformRequest, EmailMessage]:
    platform = Platform(ACCEPTED)
    CHANNEL.send(message, account, platform)
    [request] = platform.requests
    assert request.content is not None and request.content.isascii()
    assert all(line.endswith(b"\r\n") for line in request.content.splitlines(keepends=True))
    assert max(map(len, request.content.split(b"\r\n"))) <= 998
    mail = message_from_bytes(request.content, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    assert not [part.defects for part in mail.walk() if part.defects]
    return request, mail


def words_of(part: Any) -> str:
    return str(part.get_content()).replace("\r\n", "\n")


def refused(message: OutgoingMessage, account: Account = ACCOUNT) -> DeliveryError:
    platform = Platform(ACCEPTED)
    with pytest.raises(DeliveryError) as error:
        CHANNEL.send(message, account, platform)
    assert platform.requests == []
    return error.value


# --- the header --------------------------------------------------------------------------------------------


def test_a_mail_says_who_writes_what_it_answers_and_where_answers_go() -> None:
    request, mail = sent()
    assert mail["From"].addresses[0].addr_spec == "support@shop.example"
    assert mail["From"].addresses[0].display_name == "Bob · 山海"
    assert mail["To"] == ADDRESS and mail["Subject"] == "Re: 訂單 711"
    assert mail["Reply-To"].addresses[0].addr_spec == "support+kabc@shop.example"
    assert mail["In-Reply-To"] == "<second@customer.example>"
    assert mail["References"] == "<first@customer.example> <second@customer.example>"
    assert mail["Message-ID"] == f"<kontor.{OWN_ID}@shop.example>"
    assert mail["Date"].datetime == WRITTEN_AT and words_of(mail) == "您好，今天下午寄出。 🍎\n"
    assert request.url == "smtp://smtp.shop.example:587"
    assert request.params == {
        "username": "support@shop.example",
        "password": "secret-1",
        "sender": "support+kabc@shop.example",
        "recipients": ADDRESS,
    }


def test_a_second_try_is_the_same_mail_to_the_byte() -> None:
    message = replace(MESSAGE, cards=(CARD,), files=(a_file(),))
    first, again = sent(message)[0], sent(replace(message, tried_at=datetime(2026, 12, 1, tzinfo=UTC)))[0]
    assert first.content == again.content
    assert sent(replace(message, correlation=str(uuid.uuid4())))[0].content != first.content


@pytest.mark.parametrize(
    "given, written",
    [
        ("Order", "Re: Order"),
        ("Re: Order", "Re: Order"),
        ("RE: re[2]: 回复：回覆: 返信: AW: Order", "Re: Order"),
        ("Fwd: Order", "Re: Fwd: Order"),
        ("轉寄: 訂單", "Re: 轉寄: 訂單"),
        ("Region", "Re: Region"),
        ("", ""),
        ("Re:", ""),
    ],
)
def test_an_answers_subject_has_one_re(given: str, written: str) -> None:
    assert email_writing.answer_subject(given) == written


def test_a_long_thread_names_its_first_mail_and_its_last_ones() -> None:
    ids = tuple(f"{number}@b.example" for number in range(100))
    mail = sent(replace(MESSAGE, references=(*ids, "a b@c", "<x>\r\nBcc: z@z.example")))[1]
    named = mail["References"].split()
    assert len(named) == email_writing.MOST_REFERENCES
    assert (named[0], named[-1]) == ("<0@b.example>", "<99@b.example>") and mail["Bcc"] is None


def test_no_word_of_ours_can_bring_a_field_of_its_own() -> None:
    attack = "x\r\nBcc: victim@b.example\r\n\r\nbody\u2028\x00"
    message = replace(MESSAGE, subject=attack, sender_name=attack)
    mail = sent(message, replace(ACCOUNT, settings={**ACCOUNT.settings, "from_name": attack}))[1]
    assert mail["Bcc"] is None and "victim@b.example" in mail["Subject"]
    assert words_of(mail) == "您好，今天下午寄出。 🍎\n"


def test_an_encoded_word_of_a_stranger_brings_no_field_either() -> None:
    attack = "=?utf-8?q?x=0aBcc=3A_victim=40b.example=0a?="
    for message in (
        replace(MESSAGE, subject=f"Re: {attack}"),
        replace(MESSAGE, subject="", text=attack),
        replace(MESSAGE, sender_name=attack),
        replace(MESSAGE, references=("known@b.example", f"{attack}@b.example")),
    ):
        request, mail = sent(message)
        assert mail["Bcc"] is None and b"\nBcc:" not in (request.content or b"")
    assert sent(replace(MESSAGE, references=("known@b.example", f"{attack}@b.example")))[1]["References"] == (
        "<known@b.example>"
    )


def test_without_a_subject_the_first_words_are_one() -> None:
    assert sent(replace(MESSAGE, subject=""))[1]["Subject"] == "您好，今天下午寄出。 🍎"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "nobody",
        "a@b@c",
        "a b@c.example",
        "名@b.example",
        "a@b.example\r\nBcc: x@y.z",
        "=?utf-8?q?a=0abcc=3a_x=40y.z=0a?=@b.example",
        "a@b.example，x＠y.example",
        "a@b.example＞´notify=never",
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    error = refused(replace(MESSAGE, address=address))
    assert (error.kind, error.code) == (ErrorKind.BAD_REQUEST, "bad_address")


def test_a_domain_in_another_script_is_written_in_ascii() -> None:
    request, mail = sent(replace(MESSAGE, address="mei@商店.example"))
    assert request.params["recipients"] == "mei@xn--czrs0t.example" == str(mail["To"])


def test_copies_stand_in_the_envelope_and_secret_ones_nowhere_else() -> None:
    cc = tuple(f"colleague{number}@customer.example" for number in range(15))
    message = replace(MESSAGE, cc=cc, bcc=("boss@商店.example", cc[0]))
    request, mail = sent(message)
    assert [each.addr_spec for each in mail["Cc"].addresses] == list(cc) and mail["To"] == ADDRESS
    assert request.params["recipients"].split(",") == [ADDRESS, *cc, "boss@xn--czrs0t.example"]
    content = request.content or b""
    assert mail["Bcc"] is None and b"boss" not in content and b"bcc" not in content.lower()
    relayed = Platform(PlatformResponse(status=200, headers={}, body=b"{}"))
    CHANNEL.send(message, RELAYED, relayed)
    [posted] = relayed.requests
    assert posted.headers["X-Envelope-Recipients"].split(",") == [ADDRESS, *cc, "boss@xn--czrs0t.example"]
    assert b"boss" not in (posted.content or b"")
    assert sent()[1]["Cc"] is None


@pytest.mark.parametrize("field", ["cc", "bcc"])
def test_a_copy_brings_no_field_of_its_own(field: str) -> None:
    head: dict[str, Any] = {field: ("ken@b.example\r\nX-Evil: yes",)}
    assert refused(replace(MESSAGE, **head)).code == "bad_address"


def test_a_relay_that_refuses_one_of_several_says_nothing_of_the_customer() -> None:
    for cc, kind in (((), ErrorKind.RECIPIENT_GONE), (("ken@b.example",), ErrorKind.BAD_REQUEST)):
        relay = Platform(
            PlatformResponse(status=422, headers={}, body=b'{"smtp": "550 5.1.1 no such mailbox"}')
        )
        with pytest.raises(DeliveryError) as error:
            CHANNEL.send(replace(MESSAGE, cc=cc), RELAYED, relay)
        assert error.value.kind == kind


# --- files, cards, choices ---------------------------------------------------------------------------------


def a_file(**changes: Any) -> OutgoingFile:
    file = OutgoingFile(
        kind="file",
        name="請求.pdf",
        mime="application/pdf",
        size=9,
        url="https://x.example/f",
        read=lambda: b"%PDF-1.4\n",
    )
    return replace(file, **changes)


CARD = Card(
    kind=CardKind.ORDER,
    title="Order 711 <b>",
    text="Two cups & tea",
    picture_url="https://shop.example/cup.jpg",
    url="https://shop.example/711",
    number="711",
    lines=(CardLine("Cup", 2, Money(Decimal("480"), "TWD")),),
    total=Money(Decimal("960"), "TWD"),
    buttons=(Button("Track", url="https://shop.example/track"), Button("Help", payload="HELP")),
)


def test_files_go_along_with_their_names_and_bytes() -> None:
    picture = a_file(kind="image", name="cup.png", mime="image/png", read=lambda: b"\x89PNG")
    page = a_file(name="page.html", mime="text/html", read=lambda: b"<script>x()</script>")
    mail = sent(replace(MESSAGE, files=(a_file(), picture, page)))[1]
    found = [
        (part.get_filename(), part.get_content_type(), part.get_payload(decode=True))
        for part in mail.iter_attachments()
    ]
    assert found == [
        ("請求.pdf", "application/pdf", b"%PDF-1.4\n"),
        ("cup.png", "image/png", b"\x89PNG"),
        ("page.html", "application/octet-stream", b"<script>x()</script>"),
    ]
    body = mail.get_body()
    assert body is not None and words_of(body) == "您好，今天下午寄出。 🍎\n"


def test_a_file_without_a_word_is_a_mail_too() -> None:
    mail = sent(replace(MESSAGE, text="", files=(a_file(),)))[1]
    assert [part.get_filename() for part in mail.iter_attachments()] == ["請求.pdf"]


def test_files_beyond_the_bound_are_refused() -> None:
    many = replace(MESSAGE, files=tuple(a_file(size=10_000_000) for _ in range(2)))
    assert refused(many).kind is ErrorKind.MEDIA
    assert refused(replace(MESSAGE, files=(a_file(size=18_000_001),))).kind is ErrorKind.MEDIA
    assert refused(replace(MESSAGE, files=(a_file(),) * 11)).code == "too_many_files"
    assert refused(replace(MESSAGE, files=(a_file(read=lambda: b"x" * 18_000_001),))).kind is ErrorKind.MEDIA


def test_a_card_is_drawn_and_said_in_words() -> None:
    mail = sent(replace(MESSAGE, cards=(CARD,)))[1]
    plain, page = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None and page is not None
    words = words_of(plain)
    for told in ("Order 711 <b>", "Two cups & tea", "TWD 960", "https://shop.example/track"):
        assert told in words
    drawn = words_of(page)
    assert "Order 711 &lt;b&gt;" in drawn and "<b>" not in drawn and "Two cups &amp; tea" in drawn
    assert 'href="https://shop.example/track"' in drawn and 'src="https://shop.example/cup.jpg"' in drawn
    assert 'href="https://shop.example/711"' in drawn and "<script" not in drawn


def test_choices_stand_in_words_and_templates_are_unknown() -> None:
    mail = sent(replace(MESSAGE, quick_replies=(QuickReply("Yes", "Y"), QuickReply("No", "N"))))[1]
    assert words_of(mail) == "您好，今天下午寄出。 🍎\n\n- Yes\n- No\n"
    assert refused(replace(MESSAGE, template=Template(name="x", language="en"))).code == "no_templates"


def test_what_we_write_is_read_by_ourselves_as_we_meant_it() -> None:
    request, _ = sent(replace(MESSAGE, files=(a_file(),), cards=(CARD,)))
    content = (request.content or b"").replace(b"X-Kontor-Account: support@shop.example\r\n", b"")
    [item] = CHANNEL.parse_element("", {"mime": content.decode()})
    assert isinstance(item, IncomingMessage)
    assert item.text.startswith("您好，今天下午寄出。 🍎") and item.attachments[0].name == "請求.pdf"
    assert item.answers[:2] == ("second@customer.example", "first@customer.example")


# --- servers -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given, url",
    [
        ("smtp.shop.example", "smtp://smtp.shop.example:587"),
        ("smtp.shop.example:465", "smtps://smtp.shop.example:465"),
        ("SMTP.shop.example:2525", "smtp://smtp.shop.example:2525"),
        ("smtps://smtp.shop.example", "smtps://smtp.shop.example:465"),
        ("smtp://smtp.shop.example:587/", "smtp://smtp.shop.example:587"),
    ],
)
def test_a_server_is_named_as_people_know_it(given: str, url: str) -> None:
    assert sent(account=replace(ACCOUNT, settings={"smtp_server": given}))[0].url == url


@pytest.mark.parametrize(
    "given, security, url",
    [
        ("smtp.shop.example", "tls", "smtps://smtp.shop.example:465"),
        ("smtp.shop.example:2525", "tls", "smtps://smtp.shop.example:2525"),
        ("smtp.shop.example:465", "", "smtps://smtp.shop.example:465"),
        ("smtp://smtp.shop.example", "tls", "smtp://smtp.shop.example:587"),
    ],
)
def test_how_a_server_is_spoken_to_is_chosen_unless_its_name_says_it(
    given: str, security: str, url: str
) -> None:
    settings = {"smtp_server": given, "smtp_security": security}
    assert sent(account=replace(ACCOUNT, settings=settings))[0].url == url


@pytest.mark.parametrize(
    "given, security, found",
    [
        ("imap.shop.example", "", "imap.shop.example"),
        ("imap.shop.example", "starttls", "imap://imap.shop.example"),
        ("imaps://imap.shop.example", "starttls", "imaps://imap.shop.example"),
        ("", "starttls", ""),
    ],
)
def test_how_a_mailbox_is_visited_is_chosen_unless_its_name_says_it(
    given: str, security: str, found: str
) -> None:
    assert email_servers.mailbox({"imap_server": given, "imap_security": security}) == found


def test_a_log_in_by_oauth_stands_before_a_password_that_is_still_kept() -> None:
    holding = replace(ACCOUNT, credentials={"password": "old", "access_token": "lent-1"})
    assert CHANNEL.log_in(holding)["access_token"] == "lent-1"
    assert CHANNEL.log_in(replace(ACCOUNT, credentials={"password": "old"}))["password"] == "old"


@pytest.mark.parametrize("given", ["", "http://x.example", "user@x.example", "x.example:1:2", "a b"])
def test_what_is_no_server_is_the_accounts_trouble(given: str) -> None:
    assert refused(MESSAGE, replace(ACCOUNT, settings={"smtp_server": given})).kind is ErrorKind.PERMISSION


@pytest.mark.parametrize(
    "code, text, stage, kind",
    [
        (550, "5.1.1 user unknown", "recipient", ErrorKind.RECIPIENT_GONE),
        (550, "Requested action not taken: mailbox unavailable", "recipient", ErrorKind.RECIPIENT_GONE),
        (550, "5.1.10 null MX", "recipient", ErrorKind.RECIPIENT_GONE),
        (550, "5.7.1 spam", "data", ErrorKind.BAD_REQUEST),
        (550, "5.7.1 not your address", "sender", ErrorKind.PERMISSION),
        (554, "5.7.1 blocked", "connect", ErrorKind.PERMISSION),
        (552, "5.2.2 mailbox full", "recipient", ErrorKind.BAD_REQUEST),
        (552, "message size exceeds", "data", ErrorKind.MEDIA),
        (535, "5.7.8 no", "login", ErrorKind.AUTH_EXPIRED),
        (534, "5.7.9 use an app password", "login", ErrorKind.AUTH_EXPIRED),
        (454, "4.7.0 try again", "login", ErrorKind.RATE_LIMITED),
        (421, "too many connections", "connect", ErrorKind.RATE_LIMITED),
        (451, "4.3.0 local error", "data", ErrorKind.TEMPORARY),
        (452, "insufficient storage", "recipient", ErrorKind.TEMPORARY),
        (0, "4.4.7 delivery time expired", "", ErrorKind.TEMPORARY),
        (0, "5.1.1 x", "", ErrorKind.RECIPIENT_GONE),
        (550, "who knows", "", ErrorKind.BAD_REQUEST),
    ],
)
def test_each_reply_is_told_in_our_words(code: int, text: str, stage: str, kind: ErrorKind) -> None:
    assert email_errors.kind_of(code, text, stage=stage) is kind
    if code:
        platform = Platform(PlatformResponse(status=code, headers={"stage": stage}, body=text.encode()))
        with pytest.raises(DeliveryError) as error:
            CHANNEL.send(MESSAGE, ACCOUNT, platform)
        assert (error.value.kind, error.value.code, error.value.detail) == (kind, str(code), text)


def test_the_account_is_checked_by_logging_in() -> None:
    platform = Platform(ACCEPTED)
    found = CHANNEL.check(ACCOUNT, platform)
    assert platform.requests[0].method == "LOGIN" and found.name == "support@shop.example" and found.warnings
    with pytest.raises(DeliveryError) as error:
        CHANNEL.check(
            ACCOUNT, Platform(PlatformResponse(status=535, headers={"stage": "login"}, body=b"5.7.8 no"))
        )
    assert error.value.kind is ErrorKind.AUTH_EXPIRED
    assert CHANNEL.check(RELAYED, Platform(ACCEPTED)).name == "support@shop.example"


# --- a log-in by OAuth -------------------------------------------------------------------------------------

BORROWER = replace(
    ACCOUNT,
    credentials={"refresh_token": "refresh-1", "client_secret": "client-secret-1"},
    settings={**ACCOUNT.settings, "oauth_provider": "Google", "client_id": "client-1"},
)


def test_a_token_is_lent_for_the_refresh_token_and_used_for_the_log_in() -> None:
    platform = Platform(
        PlatformResponse(status=200, headers={}, body=b'{"access_token":"lent-1","expires_in":3599}')
    )
    assert CHANNEL.borrows_token(BORROWER) and not CHANNEL.borrows_token(ACCOUNT)
    assert CHANNEL.lend_token(BORROWER, platform) == AccessToken("lent-1", 3599)
    [request] = platform.requests
    assert request.url == "https://oauth2.googleapis.com/token" and "refresh-1" not in repr(request)
    assert request.form is not None and request.form["grant_type"] == "refresh_token"
    holding = replace(BORROWER, credentials={**BORROWER.credentials, "access_token": "lent-1"})
    assert sent(account=holding)[0].params["access_token"] == "lent-1"
    assert CHANNEL.lend_token(ACCOUNT, platform) is None


@pytest.mark.parametrize(
    "answer, kind",
    [
        (PlatformResponse(status=400, headers={}, body=b'{"error":"invalid_grant"}'), ErrorKind.AUTH_EXPIRED),
        (PlatformResponse(status=503, headers={}, body=b""), ErrorKind.TEMPORARY),
        (PlatformResponse(status=200, headers={}, body=b"{}"), ErrorKind.AUTH_EXPIRED),
        (DeliveryError(ErrorKind.UNKNOWN_OUTCOME, code="lost"), ErrorKind.TEMPORARY),
    ],
)
def test_a_token_that_is_not_lent_sends_nothing(
    answer: PlatformResponse | DeliveryError, kind: ErrorKind
) -> None:
    with pytest.raises(DeliveryError) as error:
        CHANNEL.lend_token(BORROWER, Platform(answer))
    assert error.value.kind is kind
