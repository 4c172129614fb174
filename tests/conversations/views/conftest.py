from __future__ import annotations

from tests.conversations.files.conftest import kept_here

__all__ = ["kept_here"]
