"""What the customer wrote anew: a mail's text without the mails it answers.

Cut is from the earliest mark that stands before nothing but quotes. Where new words follow a quote (an answer
between the lines), and in forwarded mails, everything stays. The caller keeps the full text.
"""

from __future__ import annotations

import re

MOST_LINES = 5_000  # of a text that is looked through; the rest is left as it is
LINE_LENGTH = 400  # characters of a line that are compared

_COLON = "[:：]"
_GIVEN = r"[\s\u3000]*"

# "On 3 Nov 2026, at 10:00, Mei <a@b> wrote:" and its sisters; on one line, or wrapped over up to three.
_DAY = r"\d{4}[年/.-]\s?\d{1,2}[月/.-]\s?\d{1,2}日?"
_WROTE = r"(?:写道|寫道|写到|寫到|写了|寫了)\s?[:：]"
_ATTRIBUTION = re.compile(
    rf"""^\s*(?:
        (?:On|At)\s.{{6,300}}\swrote\s?: |
        (?:.{{0,120}}\b\d{{4}}(?:年|\b)|在|于|於).{{0,200}}{_WROTE} |
        .{{0,120}}(?:于|於)\s?\d{{4}}.{{0,120}}{_WROTE} |
        {_DAY}.{{0,160}}<[^<>\s]{{3,200}}>(?:\s?(?:さんは?)?(?:書きました|のメール))?\s?[:：] |
        {_DAY}.{{0,160}}(?:書きました|wrote)\s?[:：]? |
        Am\s.{{6,200}}\sschrieb\s.{{0,200}}: |
        Le\s.{{6,200}}\sa\s[ée]crit\s?: |
        El\s.{{6,200}}\sescribi[óo]\s?: |
        Il\s.{{6,200}}\sha\sscritto\s?: |
        Em\s.{{6,200}}\sescreveu\s?:
    )\s*$""",
    re.VERBOSE,
)
_ATTRIBUTION_END = re.compile(r"(?:[:：]|書きました)\s*$")
MOST_TRIES = 300  # lines that may be the end of one, in one mail: the rest is no quote's beginning
_SEPARATOR = re.compile(
    r"""^\s*(?:
        -{2,}\s*(?:Original\s(?:Message|Appointment)|Reply\sMessage|Ursprüngliche\sNachricht|Message\sd'origine|
            原始(?:邮件|郵件|信件|訊息|讯息|メッセージ)|邮件原件|郵件原件|回复的原邮件|回复邮件|
            元のメッセージ|元のメール|オリジナルメッセージ|Original-Nachricht)\s*-{2,} |
        _{20,} | -{20,}\s*
    )\s*$""",
    re.VERBOSE | re.IGNORECASE,
)
_NAMED_SEPARATOR = re.compile(r"[^\W_]", re.UNICODE)
_FORWARDED = re.compile(
    r"""(?:^|\n)\s*[>\s]*(?:
        -{5,}\s*(?:Forwarded\s(?:message|by)|轉寄的?(?:郵件|信件|訊息)|转发的?(?:邮件|信息|郵件)|已转发的邮件|
            転送された?メッセージ|転送メッセージ|Weitergeleitete\sNachricht|Message\stransféré)[^\n]{0,40}-{5,} |
        Begin\sforwarded\smessage: |
        (?:開始轉寄郵件|开始转发的邮件|転送されたメッセージ|以下轉寄郵件)[:：]
    )""",
    re.VERBOSE | re.IGNORECASE,
)
_FORWARDING_SUBJECT = re.compile(r"^\s*(?:fwd?|wg|tr|rv|转发|轉寄|轉發|転送)\s*[:：]", re.IGNORECASE)

# Outlook's block of the answered mail's header: at least three of these follow each other.
_HEADER_LINE = re.compile(
    rf"""^[\s>*]*(?:
        (?P<who>From|Von|De|寄件者|寄件人|发件人|發件人|差出人|送信元) |
        (?P<when>Sent|Date|Gesendet|Datum|Envoyé|Enviado|寄件日期|傳送日期|日期|发送时间|發送時間|时间|
            送信日時|日付|送信日) |
        (?P<whom>To|An|À|Para|收件者|收件人|宛先) |
        (?P<what>Subject|Betreff|Objet|Asunto|主旨|主題|主题|件名) |
        (?P<more>Cc|Bcc|Reply-To|副本|抄送|密件副本|回复|返信先|重要性|Importance|添付ファイル|Attachments)
    ){_GIVEN}\*?{_GIVEN}{_COLON}\*?""",
    re.VERBOSE | re.IGNORECASE,
)
_HEADER_NEEDED = frozenset({"who", "when", "what", "whom"})
_BLOCK_LINES = 10

_SIGNATURE = re.compile(r"^(?:-- ?|--\u00a0|—-?)$")
_DEVICE = re.compile(
    r"""^\s*(?:
        Sent\sfrom\s(?:my|Mail\sfor|Outlook\sfor|Yahoo\sMail|the).{0,60} |
        Get\sOutlook\sfor\s.{0,60} | Von\smeinem\s.{0,40}gesendet | Envoyé\sde\smon\s.{0,40} |
        從我的\s?.{1,30}\s?(?:傳送|寄出|發送) | 寄自我的\s?.{1,30} | 使用\s?.{1,30}\s?傳送 |
        发自我的\s?.{1,30} | 从我的\s?.{1,30}发送 | 來自我的\s?.{1,30} |
        (?:私の)?.{1,30}から送信(?:されました)? | .{1,30}で送信 | .{1,20}\sから送信
    )\s*[.。]?\s*$""",
    re.VERBOSE | re.IGNORECASE,
)


def is_forwarded(text: str, subject: str) -> bool:
    """Whether a mail hands another one on: then what looks like a quote is what it is about."""
    return bool(_FORWARDING_SUBJECT.match(subject) or _FORWARDED.search(text[: LINE_LENGTH * 100]))


def cut(text: str, *, subject: str = "", quoted_from: int | None = None) -> str:
    """The new words of `text`.

    subject: tells forwarded mails. quoted_from: where the mail's HTML says that the quote begins, to its end.
    """
    if is_forwarded(text, subject):
        return text.strip()
    if quoted_from is not None:
        text = text[:quoted_from] if text[:quoted_from].strip() else text
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    end = _end_of_answer(lines)
    kept = _without_signature(lines[:end])
    answer = "\n".join(kept).strip()
    return answer or text.strip()


def _end_of_answer(lines: list[str]) -> int:
    """The line from which on there is nothing but quotes; the number of lines when there is none."""
    tries = 0
    for number, line in enumerate(lines[:MOST_LINES]):
        if not line.strip():
            continue
        if _begins_block(lines, number) or _is_named_separator(line):
            return number
        tries += _may_be_attribution(lines, number)
        width = _attribution_width(lines, number) if tries < MOST_TRIES else 0
        if width and _only_quotes_follow(lines, number + width):
            return number
        if line.lstrip().startswith(">") and _only_quotes_follow(lines, number):
            return number
    return len(lines)


def _begins_block(lines: list[str], number: int) -> bool:
    """Whether Outlook's header block begins here, or a line drawn above it."""
    line = lines[number][:LINE_LENGTH]
    if _SEPARATOR.match(line) and not _is_named_separator(line):
        following = [at for at in range(number + 1, min(number + 4, len(lines))) if lines[at].strip()]
        return bool(following) and _is_block(lines, following[0])
    return _is_block(lines, number)


def _is_block(lines: list[str], number: int) -> bool:
    first = _HEADER_LINE.match(lines[number][:LINE_LENGTH])
    if first is None or first.lastgroup not in {"who", "when"}:
        return False
    found = {first.lastgroup}
    for line in lines[number + 1 : number + _BLOCK_LINES]:
        label = _HEADER_LINE.match(line[:LINE_LENGTH])
        if label is not None and label.lastgroup is not None:
            found.add(label.lastgroup)
    return len(found & _HEADER_NEEDED) >= 3


def _is_named_separator(line: str) -> bool:
    line = line[:LINE_LENGTH]
    return bool(_SEPARATOR.match(line) and _NAMED_SEPARATOR.search(line))


def _may_be_attribution(lines: list[str], number: int) -> bool:
    return any(_ATTRIBUTION_END.search(line[-20:]) for line in lines[number : number + 3])


def _attribution_width(lines: list[str], number: int) -> int:
    """How many lines "… wrote:" takes from here on; 0 when it does not stand here."""
    joined = ""
    for width, line in enumerate(lines[number : number + 3], start=1):
        if width > 1 and not line.strip():
            return 0
        joined = f"{joined} {line[:LINE_LENGTH].strip()}".strip()
        if _ATTRIBUTION_END.search(joined[-20:]) and _ATTRIBUTION.match(joined):
            return width
    return 0


def _only_quotes_follow(lines: list[str], start: int) -> bool:
    """Whether no new words follow. A quote without marks (">") goes on to the end."""
    rest = [line for line in lines[start:] if line.strip()]
    if not rest or not rest[0].lstrip().startswith(">"):
        return True
    words = [line for line in rest if not line.lstrip().startswith(">")]
    for number, line in enumerate(words):
        if _SIGNATURE.match(line):
            return True
        if number >= MOST_TRIES or not (
            _DEVICE.match(line[:LINE_LENGTH]) or _attribution_width(words, number)
        ):
            return False
    return True


def _without_signature(lines: list[str]) -> list[str]:
    for number, line in enumerate(lines[:MOST_LINES]):
        if _SIGNATURE.match(line) and _has_words(lines[:number]):
            lines = lines[:number]
            break
    while lines and (not lines[-1].strip() or _DEVICE.match(lines[-1][:LINE_LENGTH])):
        lines = lines[:-1]
    return lines


def _has_words(lines: list[str]) -> bool:
    return any(line.strip() for line in lines)
