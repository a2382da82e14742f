"""`rongjun policy check` hangs where policy officers look, and needs no database."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def test_the_book_is_checked_where_no_database_runs(tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RONGJUN_", "DJANGO_"))}
    done = subprocess.run(
        [sys.executable, "-m", "rongjun.config.cli", "policy", "check"],
        env={**kept, "RONGJUN_DATA": str(tmp_path / "nothing-here")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.rstrip().endswith("全部通过")
    assert not (tmp_path / "nothing-here" / "postgres").exists()
