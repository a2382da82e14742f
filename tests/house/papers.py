"""Files to hand in, and a scanner of its own process to scan them."""

from __future__ import annotations

import io
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from django.utils import timezone
from PIL import Image

from rongjun.access.api import acting_as_job
from rongjun.config.jobs import JOBS
from rongjun.files.scanner_simulator import EICAR


def _picture(kind: str, **kept: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 48), (250, 248, 245)).save(out, kind, **kept)
    return out.getvalue()


PNG = _picture("PNG")
EICAR_JPEG = _picture("JPEG", comment=EICAR)
SCRIPTED_PDF = b"""%PDF-1.4
1 0 obj << /Type /Catalog /Pages 2 0 R /OpenAction << /S /JavaScript /JS (app.alert(1)) >> >> endobj
2 0 obj << /Type /Pages /Kids [3 0 R] /Count 1 >> endobj
3 0 obj << /Type /Page /Parent 2 0 R /MediaBox [0 0 10 10] >> endobj
trailer << /Root 1 0 R /Size 4 >>
startxref
0
%%EOF
"""


def scan_now() -> None:
    """One round of the job that scans, in the scope it runs in."""
    (job,) = [job for job in JOBS if job.name == "files.scan-waiting"]
    with acting_as_job(job.name, scope=job.scope):
        job.run()


def now() -> datetime:
    """This moment, where the city is."""
    return timezone.localtime()


@contextmanager
def scanner() -> Iterator[str]:
    """The address of a simulator that answers until the block ends."""
    with tempfile.TemporaryDirectory(prefix="rj-scan-", dir="/tmp") as folder:
        path = Path(folder) / "scanner.sock"
        process = subprocess.Popen([sys.executable, "-m", "rongjun.files.scanner_simulator", f"unix:{path}"])
        try:
            _wait_for(path)
            yield f"unix:{path}"
        finally:
            process.kill()
            process.wait()


def _wait_for(path: Path) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with socket.socket(socket.AF_UNIX) as line:
            if line.connect_ex(str(path)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("the simulator does not answer")
