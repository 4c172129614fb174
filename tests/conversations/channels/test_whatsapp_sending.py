"""WhatsApp, written as the platform reads it."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from conversations.channels import cards, registry
from conversations.channels.base import Account, PlatformRequest, PlatformResponse
from conversations.channels.errors import DeliveryError, ErrorKind
from conversations.channels.items import IncomingAttachment
from conversations.channels.outgoing import OutgoingFile, OutgoingMessage, QuickReply, Template
from tests.conversations.channels.samples.whatsapp import ACCEPTED, ACCOUNT, ADDRESS, USER_ID, refusal

CHANNEL = registry.open("whatsapp")
NUMBER = ACCOUNT.account_id
MESSAGE = OutgoingMessage(address=ADDRESS, text="您好", correlation="message-1", retry_key="key-1")
PICTURE = OutgoingFile(
    kind="image", name="pot.png", mime="image/png", size=3, url="http://files/pot", read=lambda: b"PNG"
)


def ok(content: Any) -> PlatformResponse:
    return PlatformResponse(status=200, headers={}, body=json.dumps(content).encode())


class Graph:
    """Answers each path's last part with what is given, and keeps what it was asked."""

    def __init__(self, **answers: PlatformResponse | DeliveryError) -> None:
        self.answers = {"messages": ACCEPTED, "media": ok({"id": "media-1"}), **answers}
        self.asked: list[PlatformRequest] = []

    def __call__(self, request: PlatformRequest) -> PlatformResponse:
        self.asked.append(request)
        answer = self.answers[request.url.rpartition("/")[2]]
        if isinstance(answer, DeliveryError):
            raise answer
        return answer


def body_of(message: OutgoingMessage, **answers: PlatformResponse) -> dict[str, Any]:
    graph = Graph(**answers)
    CHANNEL.send(message, ACCOUNT, graph)
    return dict(graph.asked[-1].json)


def refused(send: Callable[[], object]) -> DeliveryError:
    with pytest.raises(DeliveryError) as error:
        send()
    return error.value


def test_a_text_goes_to_the_number_with_our_id() -> None:
    graph = Graph()
    assert CHANNEL.send(MESSAGE, ACCOUNT, graph).external_id == "wamid.OUT1"
    [request] = graph.asked
    assert (request.method, request.url) == ("POST", f"{ACCOUNT.base_url}/v25.0/{NUMBER}/messages")
    assert request.json == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": ADDRESS,
        "biz_opaque_callback_data": "message-1",
        "type": "text",
        "text": {"preview_url": False, "body": "您好"},
    }


@pytest.mark.parametrize(
    "address, told",
    [
        (ADDRESS, {"recipient_type": "individual", "to": ADDRESS}),
        (USER_ID, {"recipient_type": "individual", "recipient": USER_ID}),
        ("TW.ENT.118157992", {"recipient_type": "individual", "recipient": "TW.ENT.118157992"}),
        ("Y2FwaV9ncm91cDo", {"recipient_type": "group", "to": "Y2FwaV9ncm91cDo"}),
    ],
)
def test_numbers_user_ids_and_groups_are_addressed_each_in_their_way(
    address: str, told: dict[str, str]
) -> None:
    assert body_of(replace(MESSAGE, address=address)).items() >= told.items()


def test_an_answer_to_one_message_names_it() -> None:
    assert body_of(replace(MESSAGE, reply_to="wamid.IN1"))["context"] == {"message_id": "wamid.IN1"}


# --- files -------------------------------------------------------------------------------------------------


def test_a_file_is_uploaded_and_then_sent_by_its_id_with_the_words_below() -> None:
    graph = Graph()
    CHANNEL.send(replace(MESSAGE, files=(PICTURE,)), ACCOUNT, graph)
    upload, send = graph.asked
    assert upload.url == f"{ACCOUNT.base_url}/v25.0/{NUMBER}/media"
    assert upload.form == {"messaging_product": "whatsapp", "type": "image/png"}
    assert [(part.part, part.name, part.content) for part in upload.files] == [("file", "pot.png", b"PNG")]
    assert (send.json["type"], send.json["image"]) == ("image", {"id": "media-1", "caption": "您好"})


def test_a_large_file_with_a_public_address_is_fetched_by_the_platform() -> None:
    large = replace(PICTURE, kind="file", mime="application/pdf", size=50_000_000, url="https://f.test/1")
    assert body_of(replace(MESSAGE, text="", files=(large,)))["document"] == {
        "link": "https://f.test/1",
        "filename": "pot.png",
    }


def test_a_sound_with_words_goes_as_a_document_and_without_as_a_sound() -> None:
    sound = replace(PICTURE, kind="audio", name="a.mp3", mime="audio/mpeg")
    with_words = body_of(replace(MESSAGE, files=(sound,)))
    assert (with_words["type"], with_words["document"]["caption"]) == ("document", "您好")
    assert body_of(replace(MESSAGE, text="", files=(sound,)))["audio"] == {"id": "media-1"}


@pytest.mark.parametrize(
    "change, code",
    [
        ({"size": 6_000_000}, "file_too_large"),
        ({"mime": "image/gif"}, "file_type"),
        ({"kind": "hologram"}, "file_kind"),
    ],
)
def test_what_the_platform_does_not_take_is_never_uploaded(change: dict[str, Any], code: str) -> None:
    graph = Graph()
    message = replace(MESSAGE, files=(replace(PICTURE, **change),))
    error = refused(lambda: CHANNEL.send(message, ACCOUNT, graph))
    assert (error.kind, error.code, graph.asked) == (ErrorKind.MEDIA, code, [])


def test_words_too_long_for_a_caption_are_refused_and_the_longest_are_not() -> None:
    assert body_of(replace(MESSAGE, text="長" * 1024, files=(PICTURE,)))["type"] == "image"
    too_long = replace(MESSAGE, text="長" * 1025, files=(PICTURE,))
    assert refused(lambda: body_of(too_long)).code == "text_too_long"


def test_an_upload_of_unknown_outcome_may_be_made_again_a_send_may_not() -> None:
    lost = DeliveryError(ErrorKind.UNKNOWN_OUTCOME, code="ReadTimeout")
    message = replace(MESSAGE, files=(PICTURE,))
    assert refused(lambda: CHANNEL.send(message, ACCOUNT, Graph(media=lost))).kind is ErrorKind.TEMPORARY
    error = refused(lambda: CHANNEL.send(message, ACCOUNT, Graph(messages=lost)))
    assert error.kind is ErrorKind.UNKNOWN_OUTCOME


def test_a_file_that_came_in_is_asked_for_by_its_id_and_then_fetched_with_the_token() -> None:
    graph = Graph(**{"10138": ok({"url": "https://lookaside.fbsbx.com/m?mid=1", "mime_type": "image/jpeg"})})
    request = CHANNEL.file_request(IncomingAttachment(kind="image", media_id="10138"), ACCOUNT, graph)
    assert request is not None
    assert (request.method, request.url) == ("GET", "https://lookaside.fbsbx.com/m?mid=1")
    assert request.headers == {"Authorization": "Bearer system-user-token-1"}
    assert graph.asked[0].params == {"phone_number_id": NUMBER}
    assert CHANNEL.file_request(IncomingAttachment(kind="card"), ACCOUNT, graph) is None
    gone = Graph(**{"10138": ok({})})
    error = refused(
        lambda: CHANNEL.file_request(IncomingAttachment(kind="image", media_id="10138"), ACCOUNT, gone)
    )
    assert error.kind is ErrorKind.MEDIA


# --- cards and choices -------------------------------------------------------------------------------------

TEA = {
    "kind": "product",
    "title": "阿里山金萱",
    "price": {"amount": "680", "currency": "TWD"},
    "picture_url": "https://f.test/tea.jpg",
}


def card(**more: Any) -> cards.Card:
    return cards.read({**TEA, **more})


def test_a_card_with_taps_has_picture_words_and_buttons() -> None:
    buy = {"label": "Buy", "payload": "buy:1"}
    link = {"label": "More", "url": "https://shop.test/1"}
    interactive = body_of(replace(MESSAGE, text="", cards=(card(buttons=[buy, link]),)))["interactive"]
    assert interactive == {
        "type": "button",
        "header": {"type": "image", "image": {"link": "https://f.test/tea.jpg"}},
        "body": {"text": "阿里山金萱 · TWD 680\nMore: https://shop.test/1"},
        "action": {"buttons": [{"type": "reply", "reply": {"id": "buy:1", "title": "Buy"}}]},
    }


def test_a_card_with_a_link_leads_there() -> None:
    link = {"label": "More", "url": "https://shop.test/1"}
    interactive = body_of(replace(MESSAGE, cards=(card(buttons=[link]),)))["interactive"]
    assert interactive["action"]["parameters"] == {"display_text": "More", "url": "https://shop.test/1"}
    assert interactive["body"]["text"] == "您好\n\n阿里山金萱 · TWD 680"


def test_a_card_without_buttons_is_a_picture_with_words_or_words_alone() -> None:
    assert body_of(replace(MESSAGE, text="", cards=(card(),)))["image"] == {
        "link": "https://f.test/tea.jpg",
        "caption": "阿里山金萱 · TWD 680",
    }
    plain = body_of(replace(MESSAGE, text="", cards=(card(picture_url=""),)))
    assert plain["text"]["body"] == "阿里山金萱 · TWD 680"


def test_a_card_too_long_to_be_drawn_goes_as_text_with_nothing_lost() -> None:
    lines = [{"name": "N" * 70, "quantity": number + 1} for number in range(20)]
    link = {"label": "More", "url": "https://shop.test/1"}
    text = body_of(replace(MESSAGE, cards=(card(lines=lines, buttons=[link]),)))["text"]["body"]
    assert "20 × NNN" in text and "More: https://shop.test/1" in text and text.startswith("您好")


def choices(count: int) -> tuple[QuickReply, ...]:
    return tuple(QuickReply(f"Answer number {number} of them", f"a{number}") for number in range(count))


def test_three_answers_are_buttons_and_more_are_a_list() -> None:
    buttons = body_of(replace(MESSAGE, quick_replies=choices(3)))["interactive"]
    assert buttons["type"] == "button"
    titles = [each["reply"]["title"] for each in buttons["action"]["buttons"]]
    assert len(titles) == 3 and all(len(title) <= 20 and title.endswith("…") for title in titles)
    listed = body_of(replace(MESSAGE, quick_replies=choices(10)))["interactive"]
    [section] = listed["action"]["sections"]
    assert listed["type"] == "list" and [row["id"] for row in section["rows"]] == [
        f"a{number}" for number in range(10)
    ]
    assert all(len(row["title"]) <= 24 for row in section["rows"])
    assert refused(lambda: body_of(replace(MESSAGE, quick_replies=choices(11)))).kind is ErrorKind.BAD_REQUEST


def test_below_a_long_text_the_answers_stand_as_lines() -> None:
    long = body_of(replace(MESSAGE, text="長" * 1025, quick_replies=choices(2)))
    assert long["text"]["body"].endswith("\n• Answer number 0 of them\n• Answer number 1 of them")


# --- templates ---------------------------------------------------------------------------------------------


def test_a_template_goes_with_its_values_in_place() -> None:
    template = Template(
        name="order_update",
        language="zh_TW",
        parts={
            "body": ("陳美玲", "A-1021"),
            "body:total": ("NT$680",),
            "button:0": ("A-1021",),
        },
    )
    sent = body_of(replace(MESSAGE, text="", template=template, files=(PICTURE,)))
    assert (sent["type"], sent["template"]["name"]) == ("template", "order_update")
    assert sent["template"]["language"] == {"code": "zh_TW"}
    assert sent["template"]["components"] == [
        {"type": "header", "parameters": [{"type": "image", "image": {"id": "media-1"}}]},
        {
            "type": "body",
            "parameters": [
                {"type": "text", "text": "陳美玲"},
                {"type": "text", "text": "A-1021"},
                {"type": "text", "text": "NT$680", "parameter_name": "total"},
            ],
        },
        {
            "type": "button",
            "sub_type": "url",
            "index": "0",
            "parameters": [{"type": "text", "text": "A-1021"}],
        },
    ]
    bare = body_of(replace(MESSAGE, text="", template=Template(name="hello", language="en")))
    assert bare["template"] == {"name": "hello", "language": {"code": "en"}}


def test_templates_are_listed_page_by_page() -> None:
    pages = [
        {
            "data": [
                {
                    "id": "594425479261596",
                    "name": "order_update",
                    "language": "zh_TW",
                    "category": "UTILITY",
                    "status": "APPROVED",
                    "rejected_reason": "NONE",
                    "quality_score": {"score": "GREEN"},
                    "components": [
                        {"type": "HEADER", "format": "TEXT", "text": "訂單 {{1}}"},
                        {"type": "BODY", "text": "您好 {{1}}"},
                        {"type": "FOOTER", "text": "山海"},
                        {
                            "type": "BUTTONS",
                            "buttons": [{"type": "URL", "text": "查看", "url": "https://s.test/{{1}}"}],
                        },
                    ],
                },
                {"name": "no language"},
            ],
            "paging": {"cursors": {"after": "next-page"}, "next": "https://graph.facebook.com/…"},
        },
        {"data": [{"id": "2", "name": "hello", "language": "en", "status": "PAUSED"}], "paging": {}},
    ]
    asked: list[PlatformRequest] = []

    def graph(request: PlatformRequest) -> PlatformResponse:
        asked.append(request)
        return ok(pages[len(asked) - 1])

    found = CHANNEL.fetch_templates(ACCOUNT, graph)
    assert found is not None
    first, second = found
    assert (first.name, first.status, first.category, first.quality, first.reason) == (
        "order_update",
        "approved",
        "utility",
        "green",
        "",
    )
    assert (first.header_kind, first.header, first.body, first.footer) == (
        "text",
        "訂單 {{1}}",
        "您好 {{1}}",
        "山海",
    )
    assert [(each.kind, each.label, each.url) for each in first.buttons] == [
        ("url", "查看", "https://s.test/{{1}}")
    ]
    assert (second.name, second.status) == ("hello", "paused")
    assert [request.params.get("after") for request in asked] == [None, "next-page"]
    assert asked[0].url == f"{ACCOUNT.base_url}/v25.0/102290129340398/message_templates"


def test_without_the_business_accounts_id_there_are_no_templates_to_ask_for() -> None:
    nameless = Account(account_id=NUMBER, base_url=ACCOUNT.base_url, credentials=ACCOUNT.credentials)
    assert CHANNEL.fetch_templates(nameless, Graph()) is None


def test_a_list_that_never_ends_is_given_up() -> None:
    endless = ok({"data": [], "paging": {"cursors": {"after": "x"}, "next": "https://graph.facebook.com/x"}})
    error = refused(lambda: CHANNEL.fetch_templates(ACCOUNT, Graph(message_templates=endless)))
    assert error.code == "too_many_pages"


# --- the account -------------------------------------------------------------------------------------------


def checked(number: dict[str, Any], apps: list[Any], account: Account = ACCOUNT) -> Any:
    return CHANNEL.check(account, Graph(**{NUMBER: ok(number), "subscribed_apps": ok({"data": apps})}))


def test_a_good_account_has_a_name_and_no_warnings() -> None:
    number = {"verified_name": "山海茶行", "display_phone_number": "+886 2 2345", "quality_rating": "GREEN"}
    found = checked(number, [{"whatsapp_business_api_data": {"id": "1"}}])
    assert (found.name, found.warnings) == ("山海茶行 · +886 2 2345", ())


def test_bad_quality_lost_webhooks_and_a_missing_id_are_warned_of() -> None:
    assert len(checked({"quality_rating": "RED"}, []).warnings) == 2
    nameless = replace(ACCOUNT, settings={})
    assert len(checked({}, [], nameless).warnings) == 1


def test_a_dead_token_is_told_when_the_account_is_checked() -> None:
    dead = refusal(401, code=190, message="Session has expired")
    assert refused(lambda: CHANNEL.check(ACCOUNT, Graph(**{NUMBER: dead}))).kind is ErrorKind.AUTH_EXPIRED


def test_the_most_telling_words_of_a_refusal_are_kept() -> None:
    answer = refusal(
        400,
        code=131026,
        message="(#131026) Message undeliverable",
        error_data={"details": "The recipient has not accepted our new Terms of Service."},
    )
    error = refused(lambda: CHANNEL.send(MESSAGE, ACCOUNT, Graph(messages=answer)))
    assert (error.kind, error.code, error.detail) == (
        ErrorKind.RECIPIENT_GONE,
        "131026",
        "The recipient has not accepted our new Terms of Service.",
    )
