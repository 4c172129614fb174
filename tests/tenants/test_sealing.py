from __future__ import annotations

import base64
import os

import pytest
from pytest_django import Settings

from tenants import sealing
from tenants.sealing import BadSealKeys, Unsealable

HERE = "inbox:1:2:credentials"
ELSEWHERE = "inbox:1:3:credentials"


def a_key() -> str:
    return base64.b64encode(os.urandom(32)).decode()


@pytest.mark.parametrize("text", ["", "EAAG…", "口令", "x" * 10_000])
def test_what_was_sealed_opens_where_it_belongs(text: str) -> None:
    assert sealing.unseal(sealing.seal(text, bound_to=HERE), bound_to=HERE) == text


def test_a_ciphertext_copied_to_another_place_does_not_open() -> None:
    sealed = sealing.seal("secret", bound_to=HERE)
    with pytest.raises(Unsealable):
        sealing.unseal(sealed, bound_to=ELSEWHERE)


def test_the_same_secret_never_looks_the_same_and_is_not_readable() -> None:
    first, second = (sealing.seal("secret", bound_to=HERE) for _ in range(2))
    assert first != second
    assert "secret" not in first


@pytest.mark.parametrize("position", range(0, 60, 7))
def test_a_damaged_text_does_not_open(position: int) -> None:
    sealed = sealing.seal("a secret of some length", bound_to=HERE)
    other = "A" if sealed[position] != "A" else "B"
    with pytest.raises(Unsealable):
        sealing.unseal(sealed[:position] + other + sealed[position + 1 :], bound_to=HERE)


@pytest.mark.parametrize("text", ["", "v1", "v1.", "v1.00000000.AAAA", "not sealed at all", "v1..", "口"])
def test_what_was_never_sealed_does_not_open(text: str) -> None:
    with pytest.raises(Unsealable):
        sealing.unseal(text, bound_to=HERE)


def test_a_new_key_seals_and_the_old_one_still_opens(settings: Settings) -> None:
    old, new = a_key(), a_key()
    settings.SEAL_KEYS = [old]
    sealed = sealing.seal("secret", bound_to=HERE)
    settings.SEAL_KEYS = [new, old]
    assert sealing.unseal(sealed, bound_to=HERE) == "secret"
    assert not sealing.is_newest(sealed)
    resealed = sealing.reseal(sealed, bound_to=HERE)
    settings.SEAL_KEYS = [new]
    assert sealing.unseal(resealed, bound_to=HERE) == "secret"
    with pytest.raises(Unsealable):
        sealing.unseal(sealed, bound_to=HERE)


def test_resealing_leaves_alone_what_the_newest_key_made() -> None:
    sealed = sealing.seal("secret", bound_to=HERE)
    assert sealing.reseal(sealed, bound_to=HERE) is sealed


def test_resealing_refuses_a_copied_ciphertext(settings: Settings) -> None:
    old = a_key()
    settings.SEAL_KEYS = [old]
    sealed = sealing.seal("secret", bound_to=HERE)
    settings.SEAL_KEYS = [a_key(), old]
    with pytest.raises(Unsealable):
        sealing.reseal(sealed, bound_to=ELSEWHERE)


@pytest.mark.parametrize(
    "keys", [[], ["short"], [base64.b64encode(b"x" * 31).decode()], ["not base64 at all!"]]
)
def test_keys_of_the_wrong_form_are_refused(settings: Settings, keys: list[str]) -> None:
    settings.SEAL_KEYS = keys
    with pytest.raises(BadSealKeys):
        sealing.seal("secret", bound_to=HERE)
