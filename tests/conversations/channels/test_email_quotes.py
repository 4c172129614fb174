"""The new words of a mail, cut out of what it answers: in four languages, and never too much."""

from __future__ import annotations

import pytest

from conversations.channels import email_html
from conversations.channels.email_quotes import cut

BLOCK = "\n\n您好\n舊的內容"

CUT = {
    "English": (
        "Thanks!\n\nOn Mon, Nov 2, 2026 at 10:03 AM Shanhai <s@s.example> wrote:\n\n> Hello\n> there\n",
        "Thanks!",
    ),
    "English, wrapped": (
        "Thanks!\n\nOn Mon, Nov 2, 2026 at 10:03 AM Shanhai\n<s@s.example> wrote:\n\n> Hello\n",
        "Thanks!",
    ),
    "English, no marks": (
        "Thanks!\n\nOn 2 Nov 2026, at 10:03, Shanhai <s@s.example> wrote:\n\nHello\nthere",
        "Thanks!",
    ),
    "English, 163": (
        '好的\n\nAt 2026-11-02 10:03:04, "Shanhai" <s@s.example> wrote:\n>hi\n',
        "好的",
    ),
    "German": (
        "Danke!\n\nAm 02.11.2026 um 10:03 schrieb Shanhai <s@s.example>:\n\n> Hallo\n",
        "Danke!",
    ),
    "Outlook, English": (
        "Great.\n\nFrom: S <s@s.example>\nSent: Monday\nTo: Mei\nSubject: RE: Order" + BLOCK,
        "Great.",
    ),
    "Outlook, line": (
        "Great.\n\n________________________________\nFrom: S\nSent: Monday\nTo: Mei\nSubject: x" + BLOCK,
        "Great.",
    ),
    "Outlook, bold": (
        "Great.\n\n*From:* S\n*Sent:* Monday\n*To:* Mei\n*Subject:* x" + BLOCK,
        "Great.",
    ),
    "Outlook, zh-Hant": (
        "好的\n\n寄件者: 山海 <s@s.example>\n寄件日期: 2026年11月2日\n收件者: 美玲\n主旨: RE: 訂單" + BLOCK,
        "好的",
    ),
    "Outlook, zh-Hant, wide colons": (
        "好的\n\n寄件者：山海\n寄件日期：2026年11月2日\n收件者：美玲\n主旨：訂單" + BLOCK,
        "好的",
    ),
    "Outlook, zh-Hans": (
        "好的\n\n发件人: 山海\n发送时间: 2026年11月2日\n收件人: 美玲\n主题: 答复: 订单" + BLOCK,
        "好的",
    ),
    "Outlook, Japanese": (
        "承知しました\n\n差出人: 山海\n送信日時: 2026年11月2日\n宛先: 美玲\n件名: RE: 注文" + BLOCK,
        "承知しました",
    ),
    "Gmail, zh-Hant": (
        "好的\n\n山海 <s@s.example> 於 2026年11月2日 週一 上午10:03寫道：\n\n> 您好\n",
        "好的",
    ),
    "Gmail, zh-Hans": (
        "好的\n\n山海 <s@s.example> 于2026年11月2日周一 10:03写道：\n\n> 您好\n",
        "好的",
    ),
    "Gmail, Japanese": (
        "はい\n\n2026年11月2日(月) 10:03 山海 <s@s.example>:\n\n> こんにちは\n",
        "はい",
    ),
    "Apple, zh-Hant": (
        "好的\n\n> 山海 <s@s.example> 於 2026年11月2日 10:03 寫道：\n> \n> 您好\n",
        "好的",
    ),
    "163, zh-Hans": (
        '好的\n\n在 2026-11-02 10:03:04，"山海" <s@s.example> 写道：\n>您好\n',
        "好的",
    ),
    "QQ": (
        '好的\n\n\n------------------ 原始邮件 ------------------\n发件人: "山海";\n发送时间: 2026年11月2日\n\n您好',
        "好的",
    ),
    "original message": (
        "ok\n-----Original Message-----\nFrom: x\n\nhello",
        "ok",
    ),
    "Japanese original": (
        "はい\n\n-----元のメッセージ-----\n差出人: x\n\nhello",
        "はい",
    ),
    "from a telephone": (
        "好的\n\n從我的 iPhone 傳送\n\n> 山海 於 2026年11月2日 上午10:03 寫道：\n> \n> 您好",
        "好的",
    ),
    "from a telephone, ja": (
        "はい\n\niPhoneから送信\n\n2026/11/02 10:03、山海 <s@s.example>のメール:\n\n> hi",
        "はい",
    ),
    "signature": (
        "Hello\n\nPlease help.\n-- \nMei\nTel 1",
        "Hello\n\nPlease help.",
    ),
    "sent from": (
        "Hello\n\nSent from my iPhone",
        "Hello",
    ),
    "quote at the end": (
        "Yes.\n\n> Do you want it?\n",
        "Yes.",
    ),
}
KEPT = {
    "forwarded": "FYI\n\n---------- Forwarded message ---------\nFrom: X\nDate: y\nSubject: z\nTo: me\n\nold",
    "forwarded, zh-Hant": "請看\n\n---------- 轉寄的郵件 ---------\n寄件者: X\n寄件日期: y\n收件者: z\n主旨: a\n\nold",
    "between the lines": "On Mon, Nov 2, 2026 Shanhai <s@s.example> wrote:\n> one?\nyes\n> two?\nno",
    "nothing but a quote": "> only\n> quote",
    "answer below": "On Mon, 2 Nov 2026 Shanhai <s@s.example> wrote:\n> question?\n\nMy answer below",
    "an order": "My order:\nFrom: Taipei\nTo: Tokyo\nPlease",
    "a list": "I need:\n- tea:\n- cups:\nOn Monday, if you can:\nthanks",
    "a question about words": "What did you mean when you wrote: hello?",
}


@pytest.mark.parametrize("text, new_words", CUT.values(), ids=CUT.keys())
def test_the_answered_mail_is_cut(text: str, new_words: str) -> None:
    assert cut(text) == new_words
    assert cut(text.replace("\n", "\r\n")).replace("\r\n", "\n") == new_words


@pytest.mark.parametrize("text", KEPT.values(), ids=KEPT.keys())
def test_what_belongs_to_the_words_stays(text: str) -> None:
    assert cut(text) == text


def test_a_forwarding_subject_keeps_everything() -> None:
    text = CUT["English"][0]
    assert [cut(text, subject=subject) for subject in ("Fwd: Order", "轉寄: 訂單", "转发：订单")] == [
        text.strip()
    ] * 3
    assert cut(text, subject="Re: Fwd of the order") == "Thanks!"


PAGES = {
    "Gmail": '<div>好的</div><div class="gmail_quote"><p>X schrijft:</p><blockquote>old</blockquote></div>',
    "Outlook": '<p>好的</p><div id="appendonsend"></div><hr><div id="divRplyFwdMsg">Van: X</div><div>old</div>',
    "Outlook, forwarded on": '<p>好的</p><div id="x_divRplyFwdMsg">Van: X</div><div>old</div>',
    "Yahoo": '<div>好的</div><div class="yahoo_quoted"><div>Op maandag schreef X:</div>old</div>',
    "Apple": '<div>好的</div><blockquote type="cite"><div>old</div></blockquote>',
    "Thunderbird": '<p>好的</p><div class="moz-cite-prefix">X schreef:</div><blockquote type="cite">old</blockquote>',
}


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES.keys())
def test_a_page_tells_where_the_quote_begins_in_any_language(page: str) -> None:
    reading = email_html.as_text(page)
    assert "old" in reading.text and cut(reading.text, quoted_from=reading.quoted_from) == "好的"


def test_words_after_the_quote_of_a_page_keep_everything() -> None:
    reading = email_html.as_text('<blockquote type="cite">one?</blockquote><p>yes</p>')
    assert reading.quoted_from is None and cut(reading.text) == "> one?\n\nyes"


def test_a_page_reads_as_text() -> None:
    page = (
        '<p>See <a href="https://shop.example/x">the shop</a>, <a href="https://a.example">https://a.example</a></p>'
        "<ul><li>one<li>two</ul><table><tr><td>a<td>b<tr><td>c</table><pre>x\n  y</pre>1 &lt; 2<script>x()</script>"
    )
    assert email_html.as_text(page).text == (
        "See the shop <https://shop.example/x>, https://a.example\n\n- one\n- two\n\na  b\nc\n\nx\n  y\n\n1 < 2"
    )
