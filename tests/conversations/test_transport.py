from __future__ import annotations

import logging
import socket
import threading

import pytest
from pytest_django import Settings

from conversations import transport
from conversations.channels.base import PlatformRequest, PlatformResponse
from conversations.channels.errors import DeliveryError, ErrorKind
from tests.conversations.double import Answer, Double


def call(url: str, seconds: float = 5.0, headers: dict[str, str] | None = None) -> PlatformResponse:
    request = PlatformRequest(method="POST", url=url, headers=headers or {}, json={"text": "早安"})
    return transport.within(seconds)(request)


def trouble(url: str, seconds: float = 5.0, headers: dict[str, str] | None = None) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        call(url, seconds, headers)
    return caught.value


def test_an_answer_comes_back_whole(double: Double) -> None:
    double.answers.append(Answer(429, {"message": "slow down"}, {"Retry-After": "7"}))
    response = call(f"{double.url}/v2/send", headers={"Authorization": "Bearer t"})
    assert (response.status, response.body) == (429, b'{"message": "slow down"}')
    assert {name.lower(): value for name, value in response.headers.items()}["retry-after"] == "7"
    (asked,) = double.asked
    assert (asked.path, asked.body, asked.headers["authorization"]) == (
        "/v2/send",
        {"text": "早安"},
        "Bearer t",
    )
    assert asked.headers["accept-encoding"] == "identity"


def test_a_refused_connection_means_that_nothing_was_sent(settings: Settings) -> None:
    settings.SIMULATOR = True
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        assert trouble(f"http://127.0.0.1:{unused.getsockname()[1]}").kind is ErrorKind.TEMPORARY


def test_a_name_that_nobody_knows_means_that_nothing_was_sent(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*args: object, **kwargs: object) -> list[object]:
        raise socket.gaierror("unknown")

    monkeypatch.setattr(transport.addresses.socket, "getaddrinfo", unknown)
    assert trouble("https://platform.test").kind is ErrorKind.TEMPORARY


def test_a_connection_cut_after_the_request_leaves_the_outcome_open(double: Double) -> None:
    double.answers.append(Answer(cut=True))
    assert trouble(double.url).kind is ErrorKind.UNKNOWN_OUTCOME
    assert len(double.asked) == 1


def test_no_answer_in_time_leaves_the_outcome_open(double: Double) -> None:
    double.answers.append(Answer(hold=True))
    assert trouble(double.url, seconds=0.3).kind is ErrorKind.UNKNOWN_OUTCOME


def test_calls_after_the_time_is_used_up_are_not_made(double: Double) -> None:
    assert trouble(double.url, seconds=0.0).kind is ErrorKind.TEMPORARY
    assert double.asked == []


def test_a_platform_that_sends_a_byte_now_and_then_is_given_up() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()

    def drip() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65_536)
            while not ended.wait(0.05):
                try:
                    connection.sendall(b"H")
                except OSError:
                    return

    thread = threading.Thread(target=drip)
    thread.start()
    stream = transport._CheckedBackend()
    try:
        token = transport._deadline.set(transport.time.monotonic() + 0.5)
        connected = stream._plain.connect_tcp("127.0.0.1", listener.getsockname()[1], 1.0)
        timed = transport._TimedStream(connected)
        timed.write(b"GET", 1.0)
        with pytest.raises(transport.httpcore.ReadTimeout):
            while True:
                timed.read(1, 10.0)
        timed.close()
        transport._deadline.reset(token)
    finally:
        ended.set()
        thread.join(5)
        listener.close()


def test_an_endless_answer_is_cut(double: Double) -> None:
    double.answers.append(Answer(200, b"x" * 3_000_000))
    response = call(double.url)
    assert (response.status, len(response.body)) == (200, transport.MOST_ANSWER_BYTES)


def test_a_redirect_is_an_answer_like_any_other(double: Double) -> None:
    double.answers.append(Answer(302, {}, {"Location": "http://169.254.169.254/"}))
    assert call(double.url).status == 302
    assert len(double.asked) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://platform.test", "https://platform.test:22", "https://platform.test:5432", "ftp://platform.test",
        "https://user@platform.test", "https://", "file:///etc/passwd", "https://127.0.0.1",
        "https://[::1]", "https://[::ffff:127.0.0.1]", "https://localhost", "https://169.254.169.254",
        "https://2130706433",
    ],
)  # fmt: skip
def test_addresses_that_are_no_public_platform_are_refused(settings: Settings, url: str) -> None:
    settings.SIMULATOR = False
    error = trouble(url)
    assert (error.kind, error.code, error.permanent) == (ErrorKind.BAD_REQUEST, "address_refused", True)


def test_a_double_is_reached_on_a_development_machine_only(double: Double, settings: Settings) -> None:
    assert call(double.url).status == 200
    settings.SIMULATOR = False
    assert trouble(double.url).code == "address_refused"
    assert len(double.asked) == 1


def test_a_token_that_http_cannot_carry_is_a_permanent_refusal(double: Double) -> None:
    for token in ("口令", "two\nlines"):
        assert trouble(double.url, headers={"Authorization": f"Bearer {token}"}).permanent
    assert double.asked == []


def test_no_token_reaches_the_logs(double: Double, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        double.answers.append(Answer(cut=True))
        trouble(double.url, headers={"Authorization": "Bearer very-secret"})
        call(double.url, headers={"Authorization": "Bearer very-secret"})
    assert len(double.asked) == 2
    assert "very-secret" not in caplog.text
