"""The door of insight."""

from rongjun.insight.queries import balances

__all__ = ["balances"]
