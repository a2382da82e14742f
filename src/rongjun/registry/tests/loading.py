"""A process that loads what waits, part by part, until it is done or killed: `python -m …loading`."""

from __future__ import annotations

from datetime import timedelta

import django


def main() -> None:
    """Load until nothing waits."""
    django.setup()
    from rongjun.access.api import acting_as_job
    from rongjun.registry import actions
    from rongjun.registry.tests.scene import NOW
    from rongjun.registry.tests.strategies import TODAY

    is_left = True
    while is_left:
        with acting_as_job("registry.load-rosters"):
            is_left = actions.load_waiting(synthetic=True, now=NOW + timedelta(minutes=1), today=TODAY)


if __name__ == "__main__":
    main()
