"""Sign-in, invitation, and the way from one host to another."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter


class AccountAdapter(DefaultAccountAdapter):
    """Accounts are made by invitation, never by the public."""

    def is_open_for_signup(self, request: object) -> bool:
        return False
