from __future__ import annotations

import pytest
from django.utils import translation

from conversations.files import sizes


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, "0 KB"),
        (1, "1 KB"),
        (12_400, "12 KB"),
        (999_400, "999 KB"),
        (999_700, "1 MB"),
        (1_440_000, "1.4 MB"),
        (18_600_000_000, "18.6 GB"),
        (20_000_000_000, "20 GB"),
    ],
)
def test_a_size_is_said_in_the_steps_that_plans_count_in(size: int, shown: str) -> None:
    assert sizes.shown(size) == shown


def test_a_language_writes_its_numbers_its_own_way() -> None:
    with translation.override("de"):
        assert sizes.shown(18_600_000_000) == "18,6 GB"
