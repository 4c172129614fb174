from __future__ import annotations

from io import BytesIO

import pytest
from pytest_django import Settings

from conversations import fetching, transport
from conversations.channels.base import PlatformRequest
from conversations.fetching import NotFetched
from tests.conversations.double import Answer, Double, running_double

SECRET = {"Authorization": "Bearer of-the-account"}


def fetch(url: str, **given: object) -> bytes:
    into = BytesIO()
    headers = given.pop("headers", {})
    fetching.fetch(PlatformRequest(method="GET", url=url, headers=headers), into, **given)  # type: ignore[arg-type]
    return into.getvalue()


def trouble(url: str, **given: object) -> NotFetched:
    with pytest.raises(NotFetched) as caught:
        fetch(url, **given)
    return caught.value


def test_a_file_comes_whole_also_a_large_one(double: Double) -> None:
    content = bytes(range(256)) * 20_000
    assert len(content) > transport.MOST_ANSWER_BYTES
    double.answers.append(Answer(200, content))
    assert fetch(f"{double.url}/media/1", headers=SECRET) == content
    assert double.asked[0].headers["authorization"] == SECRET["Authorization"]


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("attachment; filename=\"bill.pdf\"; filename*=UTF-8''%E5%B8%B3%E5%96%AE.pdf", "帳單.pdf"),
        ('inline; filename="a b.pdf"', "a b.pdf"),
        ("attachment; filename=plain.pdf; size=4", "plain.pdf"),
        ("attachment", ""),
        ("attachment; filename*=nonsense", ""),
    ],
)
def test_the_server_may_name_it(double: Double, header: str, name: str) -> None:
    double.answers.append(Answer(200, b"x", {"Content-Disposition": header}))
    found = fetching.fetch(PlatformRequest(method="GET", url=double.url), BytesIO())
    assert (found.size, found.name) == (1, name)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/v/t59/%E5%B8%B3%E5%96%AE.pdf?_nc_cat=1", "帳單.pdf"),
        ("/media/123456", ""),
        ("/.pdf", ""),
        ("/", ""),
    ],
)
def test_else_the_address_may_name_it(double: Double, path: str, name: str) -> None:
    double.answers.append(Answer(200, b"x"))
    found = fetching.fetch(PlatformRequest(method="GET", url=double.url + path), BytesIO())
    assert found.name == name


def test_a_redirect_on_the_same_host_is_followed_with_what_the_call_carried(double: Double) -> None:
    double.answers.extend([Answer(302, b"", {"Location": "/cdn/1"}), Answer(200, b"here")])
    assert fetch(f"{double.url}/media/1", headers=SECRET) == b"here"
    assert [asked.path for asked in double.asked] == ["/media/1", "/cdn/1"]
    assert double.asked[1].headers["authorization"] == SECRET["Authorization"]


def test_another_host_is_never_shown_the_token(double: Double) -> None:
    with running_double() as cdn:
        double.answers.append(Answer(307, b"", {"Location": f"{cdn.url}/1"}))
        cdn.answers.append(Answer(200, b"here"))
        assert fetch(double.url, headers=SECRET) == b"here"
        assert "authorization" not in cdn.asked[0].headers


@pytest.mark.parametrize("target", ["https://[", "//[::1", "https://[::1]x/", "https://a\x7f.test/"])
def test_a_redirect_to_what_is_no_address_ends_there(double: Double, target: str) -> None:
    double.answers.append(Answer(302, b"", {"Location": target}))
    trouble(f"{double.url}/media/1")
    assert len(double.asked) == 1


def test_three_redirects_are_followed_and_a_fourth_is_not(double: Double) -> None:
    again = Answer(302, b"", {"Location": "/again"})
    double.answers.extend([again, again, again, Answer(200, b"at last")])
    assert fetch(double.url) == b"at last"
    double.answers.extend([again, again, again, again, Answer(200, b"never asked")])
    assert trouble(double.url).reason == "not_found"
    assert len(double.asked) == 8


@pytest.mark.parametrize(
    "target", ["http://10.0.0.1/x", "http://169.254.169.254/latest", "http://[fd00::1]/", "http://0.0.0.0/"]
)
def test_a_redirect_into_a_house_is_refused_before_anything_is_asked(double: Double, target: str) -> None:
    double.answers.append(Answer(302, b"", {"Location": target}))
    refused = trouble(double.url)
    assert (refused.reason, refused.may_come) == ("address", False)


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://127.0.0.1/x", "http://user@127.0.0.1/", "nonsense", ""]
)
def test_only_the_web_is_asked(settings: Settings, url: str) -> None:
    settings.SIMULATOR = True
    assert trouble(url).reason == "address"


def test_outside_of_the_simulator_only_https_is_asked(double: Double, settings: Settings) -> None:
    settings.SIMULATOR = False
    assert trouble(double.url).reason == "address"
    assert trouble(f"https://127.0.0.1:{transport.httpx.URL(double.url).port}").reason == "address"
    assert double.asked == []


def test_what_is_announced_as_too_large_is_not_read(double: Double) -> None:
    double.answers.append(Answer(200, b"x" * 2000))
    assert trouble(double.url, most_bytes=1999).reason == "too_large"
    double.answers.append(Answer(200, b"x" * 2000))
    assert len(fetch(double.url, most_bytes=2000)) == 2000


def test_what_grows_too_large_is_cut(double: Double) -> None:
    chunked = b"7D0\r\n" + b"x" * 2000 + b"\r\n0\r\n\r\n"
    double.answers.append(Answer(200, chunked, {"Transfer-Encoding": "chunked", "Content-Length": ""}))
    assert trouble(double.url, most_bytes=100).reason in {"too_large", "unreachable"}


def test_a_packed_answer_is_refused(double: Double) -> None:
    double.answers.append(Answer(200, b"\x1f\x8b", {"Content-Encoding": "gzip"}))
    assert trouble(double.url).reason == "not_allowed"


@pytest.mark.parametrize(
    ("status", "reason", "may_come"),
    [
        (404, "not_found", False),
        (410, "not_found", False),
        (401, "not_allowed", False),
        (403, "not_allowed", False),
        (429, "unreachable", True),
        (500, "unreachable", True),
        (503, "unreachable", True),
        (204, "not_found", False),
    ],
)
def test_a_refusal_says_whether_to_come_again(
    double: Double, status: int, reason: str, may_come: bool
) -> None:
    double.answers.append(Answer(status, b""))
    refused = trouble(double.url)
    assert (refused.reason, refused.may_come) == (reason, may_come)


def test_nothing_is_no_file(double: Double) -> None:
    double.answers.append(Answer(200, b""))
    assert trouble(double.url).reason == "empty"


def test_a_server_that_does_not_answer_in_time_is_asked_again_later(double: Double) -> None:
    double.answers.append(Answer(hold=True))
    refused = trouble(double.url, seconds=0.3)
    assert (refused.reason, refused.may_come) == ("unreachable", True)
