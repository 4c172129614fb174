"""What is said in the demo brands: data only. Times are minutes before now.

A line is (who, minutes ago, text). "customer" writes through the channel, "outside" is an answer given earlier in
the platform's own inbox, any other name is an agent of the brand who answers now.
"""

from __future__ import annotations

from dataclasses import dataclass

Line = tuple[str, float, str]
Answer = tuple[str, int, float, str]
"""To a survey: kind, score, minutes ago, comment."""


@dataclass(frozen=True, slots=True)
class Talk:
    """One conversation: who writes, where, what is said, and how it stands at the end."""

    channel: str
    customer: str
    lines: tuple[Line, ...]
    assignee: str = ""
    outcome: str = "open"  # open | resolved | snoozed
    priority: int = 0
    answers: tuple[Answer, ...] = ()


@dataclass(frozen=True, slots=True)
class Brand:
    """One demo brand with its people and conversations."""

    slug: str
    name: str
    language: str
    timezone: str
    tagline: str
    agents: tuple[tuple[str, str, str], ...]  # e-mail name, display name, role
    channels: tuple[str, ...]
    survey: str  # what the brand calls its survey
    talks: tuple[Talk, ...]


SHANHAI = Brand(
    slug="shanhai",
    name="山海茶行",
    language="zh-hant",
    timezone="Asia/Taipei",
    tagline="高山烏龍與手作茶食",
    agents=(
        ("yijun", "林怡君", "admin"),
        ("chiahao", "陳家豪", "agent"),
        ("peishan", "黃佩珊", "supervisor"),
    ),
    channels=("messenger", "line", "widget", "instagram", "whatsapp", "wechat", "email"),
    survey="服務滿意度",
    talks=(
        Talk(
            "line",
            "王美玲",
            (
                ("customer", 19, "請問訂單 A-1021 什麼時候會出貨？週六要送長輩"),
                ("customer", 18, "可以指定上午到嗎"),
            ),
        ),
        Talk(
            "messenger",
            "張志明",
            (
                ("customer", 12, "你好，收到的茶罐有凹痕，可以換嗎？"),
                (
                    "林怡君",
                    0,
                    "張先生您好，很抱歉讓您收到這樣的商品。請您拍一張照片給我們，今天就幫您安排換貨。",
                ),
                ("customer", 0, "好的，我等一下拍，謝謝你們這麼快回覆"),
            ),
            assignee="林怡君",
        ),
        Talk("widget", "", (("customer", 4, "想問四季春和金萱差在哪裡，送禮哪一種比較適合？"),)),
        Talk(
            "line",
            "李宗翰",
            (
                ("customer", 31, "門市今天營業到幾點？"),
                ("陳家豪", 0, "您好，台北門市今天營業到晚上八點，歡迎您來。"),
            ),
            assignee="陳家豪",
        ),
        Talk(
            "messenger",
            "蔡淑芬",
            (
                ("customer", 1500, "請問可以開統編嗎？公司要報帳"),
                ("outside", 1492, "可以的，結帳時填寫統一編號即可，發票會寄到您的信箱。"),
                ("customer", 1490, "了解，謝謝"),
            ),
            outcome="resolved",
            answers=(("csat", 5, 1480, "回覆很快，說明也很清楚。"), ("csat", 4, 1400, "")),
        ),
        Talk(
            "line",
            "吳建宏",
            (("customer", 55, "上次買的冷泡茶包很好喝，想團購 30 盒有優惠嗎？"),),
            assignee="林怡君",
            priority=1,
        ),
        Talk("messenger", "許雅婷", (("customer", 190, "付款一直失敗，信用卡沒問題啊"),), priority=2),
        Talk(
            "line",
            "鄭文傑",
            (
                ("customer", 90, "下個月的茶會還有名額嗎？"),
                ("陳家豪", 0, "目前還有三個名額，確認後我們再通知您。"),
            ),
            assignee="陳家豪",
            outcome="snoozed",
        ),
        Talk("wechat", "陈雨桐", (("customer", 34, "请问可以寄到广州吗？运费怎么算？"),)),
        Talk("whatsapp", "何家俊", (("customer", 47, "香港門市幾時開？想試飲先買"),)),
        Talk("email", "王美玲", (("customer", 65, "訂單 A-1021 的發票抬頭想改成公司名稱，謝謝。"),)),
        Talk("instagram", "tea.lover", (("customer", 80, "限動的那款蓋碗還有貨嗎？"),)),
    ),
)

KANON = Brand(
    slug="kanon",
    name="花音コスメ",
    language="ja",
    timezone="Asia/Tokyo",
    tagline="敏感肌のためのやさしいスキンケア",
    agents=(("sakura", "佐藤さくら", "admin"), ("ren", "高橋蓮", "agent")),
    channels=("messenger", "line", "widget", "instagram", "email", "sms"),
    survey="サポート満足度",
    talks=(
        Talk(
            "line",
            "田中美咲",
            (
                ("customer", 9, "先週注文した化粧水がまだ届きません。"),
                ("customer", 8, "注文番号は K-20877 です。"),
            ),
        ),
        Talk(
            "messenger",
            "鈴木健太",
            (
                ("customer", 25, "母へのプレゼントなのですが、ラッピングはお願いできますか？"),
                (
                    "高橋蓮",
                    0,
                    "お問い合わせありがとうございます。無料でラッピングを承っております。カードの文面もお書きいただけます。",
                ),
            ),
            assignee="高橋蓮",
        ),
        Talk("widget", "", (("customer", 3, "この美容液は妊娠中でも使えますか？"),)),
        Talk(
            "line",
            "山本由美",
            (("customer", 70, "返品希望"), ("customer", 69, "肌に合わなかったようで、少し赤くなりました。")),
            priority=2,
        ),
        Talk(
            "line",
            "中村大輔",
            (
                ("customer", 1600, "定期便の次回発送日を変更したいです。"),
                (
                    "佐藤さくら",
                    0,
                    "マイページの「定期便」から変更いただけます。ご不明な点があればお知らせください。",
                ),
                ("customer", 0, "できました。ありがとうございます。"),
            ),
            outcome="resolved",
            answers=(("csat", 5, 0, "すぐに解決できました。"), ("nps", 9, 0, "")),
        ),
        Talk(
            "messenger",
            "小林あかり",
            (("customer", 40, "店舗でお試しできますか？銀座の近くだと嬉しいです。"),),
            assignee="佐藤さくら",
        ),
        Talk(
            "email",
            "田中美咲",
            (("customer", 6, "LINEでもご連絡しましたが、注文 K-20877 の配送状況を教えてください。"),),
        ),
        Talk("instagram", "hana.skin", (("customer", 52, "この新色、店頭でも買えますか？"),)),
        Talk("sms", "", (("customer", 88, "配達時間を18時以降に変更できますか"),)),
    ),
)

PINE = Brand(
    slug="pine",
    name="Pine & Peak",
    language="en",
    timezone="Asia/Hong_Kong",
    tagline="Small-batch gear for weekend hills",
    agents=(("grace", "Grace Wong", "admin"), ("daniel", "Daniel Lee", "agent")),
    channels=("messenger", "line", "widget", "instagram", "whatsapp", "telegram", "sms", "email", "api"),
    survey="After support",
    talks=(
        Talk(
            "messenger",
            "Sophie Chan",
            (
                ("customer", 15, "Hi! Does the 30 L pack fit carry-on limits?"),
                ("customer", 14, "Flying on Friday, so a bit urgent 🙏"),
            ),
        ),
        Talk(
            "line",
            "Kenji M.",
            (
                ("customer", 22, "Is the rain shell back in stock in size M?"),
                ("Daniel Lee", 0, "Hello Kenji, yes: size M came in this morning, in moss and in slate."),
            ),
            assignee="Daniel Lee",
        ),
        Talk(
            "widget",
            "",
            (("customer", 2, "My promo code TRAIL10 says it is expired, but the mail said until Sunday?"),),
        ),
        Talk(
            "messenger",
            "Oliver Grant",
            (("customer", 48, "The zip broke on day two. I'd like a refund, please."),),
            priority=1,
        ),
        Talk(
            "messenger",
            "Priya Nair",
            (
                ("customer", 1450, "Can I change the delivery address of order P-3312?"),
                ("outside", 1444, "Done! It goes to the new address."),
                ("customer", 1440, "Brilliant, thank you"),
            ),
            outcome="resolved",
            answers=(("csat", 4, 1430, "Quick and friendly."), ("nps", 8, 1300, "")),
        ),
        Talk(
            "email", "Sophie Chan", (("customer", 11, "I also wrote on Messenger: does the 30 L pack fit?"),)
        ),
        Talk("whatsapp", "Olivia Ng", (("customer", 28, "Can I pick up my order in Central today?"),)),
        Talk("telegram", "Mark", (("customer", 63, "Which stove works with propane?"),)),
        Talk("instagram", "trail.notes", (("customer", 95, "Love the moss colour! Is it in the outlet?"),)),
        Talk("sms", "", (("customer", 120, "Running late, please hold order P-331 until 7"),)),
        Talk("api", "App user 4471", (("customer", 140, "The app says my points expired yesterday."),)),
    ),
)

BRANDS = (SHANHAI, KANON, PINE)
