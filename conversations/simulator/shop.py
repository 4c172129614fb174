"""A small shop on another origin than the brand's desk, with the brand's chat on it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.template import Engine

from conversations.simulator.accounts import SimulatedShop
from conversations.simulator.web import Request, Response, page


@dataclass(frozen=True, slots=True)
class Product:
    """One thing on the shelf. drawing: 1 to 6, which of our own drawings stands for it."""

    name: str
    words: str
    price: str
    drawing: int


SHELVES = {
    "zh-hant": (
        Product("阿里山金萱", "海拔 1,200 公尺，奶香輕柔，回甘悠長", "NT$680", 1),
        Product("四季春冷泡茶包", "20 入，冷水 4 小時就能喝", "NT$320", 2),
        Product("手作鳳梨酥禮盒", "10 入，土鳳梨餡，酸甜剛好", "NT$520", 3),
        Product("日月潭紅玉", "台茶十八號，肉桂與薄荷香", "NT$750", 4),
        Product("白瓷蓋碗組", "一蓋碗、一公道杯、四只品茗杯", "NT$1,480", 5),
        Product("茶席體驗", "每週六下午，兩小時，含三款茶", "NT$900", 6),
    ),
    "ja": (
        Product("椿オイル セラム", "乾燥が気になる季節に。30 ml", "¥3,960", 2),
        Product("米ぬか クレンジング", "毛穴の汚れをやさしくオフ。120 g", "¥2,420", 5),
        Product("桜 リップティント", "ひと塗りで血色感。全4色", "¥1,870", 3),
        Product("ゆず バスソルト", "国産ゆず精油使用。400 g", "¥1,650", 1),
        Product("よもぎ シートマスク", "敏感肌にも。7枚入", "¥1,320", 4),
        Product("はじめてセット", "人気の3点をお試しサイズで", "¥2,200", 6),
    ),
    "en": (
        Product("Ridge 28 backpack", "28 litres, recycled nylon, rain cover included", "$129", 1),
        Product("Fieldstone bottle", "Keeps drinks cold for 24 hours, 750 ml", "$34", 4),
        Product("Merino base layer", "Warm, light, dries overnight", "$89", 3),
        Product("Trail stove", "Boils half a litre in three minutes", "$72", 2),
        Product("Camp mug set", "Four enamel mugs that nest", "$42", 5),
        Product("Repair service", "Zips, straps and seams, whatever the brand", "from $18", 6),
    ),
}  # fmt: skip


def shop_page(engine: Engine, shop: SimulatedShop, request: Request) -> Response:
    """The shop's page. It allows the brand's origin to bring a script and a frame, and nothing inline."""
    port = urlsplit(request.origin).port
    brand = f"{request.scheme}://{shop.host}" + (f":{port}" if port else "")
    context = {
        "shop": shop,
        "brand": brand,
        "language": shop.language,
        "products": SHELVES.get(shop.language, SHELVES["en"]),
    }
    return page(engine, "simulator/shop.html", context, request, f"script-src {brand}; frame-src {brand}")
