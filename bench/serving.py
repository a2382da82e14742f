"""The application over an invented city, for benches that ask it over HTTP."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.invented_city import RONGJUN, environment
from bench.setting import ROOT


@contextmanager
def served(place: Path, *, with_pages: bool = False) -> Iterator[int]:
    """The web alone, as `rongjun serve` starts it: the worker's own work is measured elsewhere.

    Pages need what is static, which is collected first.
    """
    from rongjun.config.serve import port_is_free, web_command

    env = environment(place) | {"DJANGO_SETTINGS_MODULE": "rongjun.config.settings"}
    if with_pages:
        static = [*RONGJUN, "manage", "collectstatic", "--noinput", "-v", "0"]
        subprocess.run(static, env=env, cwd=ROOT, check=True)
    port = next(port for port in range(8800, 8900) if port_is_free(port))
    server = subprocess.Popen(web_command(port), env=env, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        while port_is_free(port):
            assert server.poll() is None, "the server ended by itself"
            time.sleep(0.1)
        time.sleep(2)
        yield port
    finally:
        server.terminate()
        server.wait(timeout=30)
