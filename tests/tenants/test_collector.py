from __future__ import annotations

import gc

from tenants import collector


def test_what_is_there_after_the_start_is_never_looked_at_again() -> None:
    try:
        collector.freeze()
        assert gc.get_freeze_count() > 100_000
        assert len(gc.get_objects()) < gc.get_freeze_count() / 10
    finally:
        gc.unfreeze()
