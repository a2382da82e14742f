"""Do the public links of the policy book still open? Asked by hand only, never at run time."""

from __future__ import annotations

import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

PATIENCE_SECONDS = 15


def dead_links(links: Iterable[str], *, on_each: Callable[[], None] = lambda: None) -> dict[str, str]:
    """Links that do not open, each with why; `on_each` is called as each answer comes."""
    dead: dict[str, str] = {}
    wanted = list(links)
    with ThreadPoolExecutor(8) as pool:
        for link, why in zip(wanted, pool.map(_why_dead, wanted), strict=True):
            if why:
                dead[link] = why
            on_each()
    return dead


def _why_dead(link: str) -> str | None:
    asked = urllib.request.Request(  # noqa: S310 - only http and https links pass the loader
        urllib.parse.quote(link, safe=":/?&=#%()"), headers={"User-Agent": "rongjun-link-check"}
    )
    try:
        with urllib.request.urlopen(asked, timeout=PATIENCE_SECONDS):  # noqa: S310
            return None
    except urllib.error.HTTPError as error:
        return f"HTTP {error.code}"
    except (OSError, ValueError) as error:
        return type(error).__name__
