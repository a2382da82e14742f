"""Pages of allowances: awards, one person's money, runs, recoveries."""

from rongjun.allowances.http import awards, recoveries, runs

__all__ = ["awards", "recoveries", "runs"]
