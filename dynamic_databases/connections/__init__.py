"""Connections to tenants' databases: where they may go, how they are opened, who holds them."""
