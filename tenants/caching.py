"""Cache keys carry the tenant, so that equal keys of two brands never meet."""

from __future__ import annotations

from tenants.backend.current import current_tenant


def tenant_key(key: str, key_prefix: str, version: int) -> str:
    """Django's KEY_FUNCTION: the tenant's id inside a scope, `public` outside of one."""
    tenant = current_tenant.get()
    return f"{'public' if tenant is None else tenant.id}:{key_prefix}:{version}:{key}"
