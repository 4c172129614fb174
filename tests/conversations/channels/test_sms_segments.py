"""Into how many parts a text message is cut."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conversations.channels import sms_segments
from conversations.channels.sms_segments import GSM, UCS2, Segments


@pytest.mark.parametrize(
    "text, expected",
    [
        ("", Segments(GSM, 0, 0)),
        ("a", Segments(GSM, 1, 1)),
        ("a" * 160, Segments(GSM, 160, 1)),
        ("a" * 161, Segments(GSM, 161, 2)),
        ("a" * 306, Segments(GSM, 306, 2)),
        ("a" * 307, Segments(GSM, 307, 3)),
        ("€" * 80, Segments(GSM, 160, 1)),
        ("€" * 81, Segments(GSM, 162, 2)),
        ("a" * 152 + "€" + "a" * 152, Segments(GSM, 306, 3)),  # the euro sign is not cut in half
        ("您" * 70, Segments(UCS2, 70, 1)),
        ("您" * 71, Segments(UCS2, 71, 2)),
        ("您" * 134, Segments(UCS2, 134, 2)),
        ("🍎" * 35, Segments(UCS2, 70, 1)),
        ("您" * 66 + "🍎" + "您" * 66, Segments(UCS2, 134, 3)),  # nor is the apple
        ("a" * 70 + "’", Segments(UCS2, 71, 2)),
    ],
)
def test_a_text_is_counted_as_telephones_do(text: str, expected: Segments) -> None:
    assert sms_segments.count(text) == expected


@settings(deadline=None)
@given(st.text(max_size=500), st.characters(exclude_categories=["Cs"]))
def test_a_longer_text_never_has_fewer_parts(text: str, sign: str) -> None:
    assert sms_segments.count(text + sign).count >= sms_segments.count(text).count
