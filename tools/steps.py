"""Progress lines, failures a person can act on, and child processes that never go silent."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

_STARTED = time.monotonic()
_HEARTBEAT = 15.0
_TAIL_LINES = 15
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")

# What package clients print when something outside them is wrong, and what a person does about it.
# The order matters: a full disk also makes a download fail, and a bad certificate also is "no connection".
_CAUSES: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (
        ("no space left", "enospc", "os error 28", "disk quota exceeded"),
        "磁盘满了。请腾出约 2 GB 空间后再运行一次。",
        "The disk is full. Free about 2 GB and run the command again.",
    ),
    (
        ("read-only file system", "erofs", "os error 30"),
        "这个目录是只读的。请把项目放到可以写入的地方再运行。",
        "This folder is read-only. Put the project where you can write and run the command again.",
    ),
    (
        ("permission denied", "eacces", "eperm", "os error 13"),
        "没有写入权限，或文件属于另一个用户。请换回原来的用户，或删除 .venv、.uv、web/node_modules。",
        "No permission, or another user's files. Run as that user or delete .venv, .uv, web/node_modules.",
    ),
    (
        ("hash mismatch", "eintegrity"),
        "下载的文件与锁定的校验值不符。可能是镜像有误或文件被改动，请换一个软件源再运行。",
        "A download does not match the locked hash: a faulty mirror or a changed file. Use another index.",
    ),
    (
        ("certificate", "unknownissuer", "self-signed", "self_signed", "unable_to_get_issuer"),
        "无法验证软件源的证书。请安装系统包 ca-certificates，或用 SSL_CERT_FILE 指定本单位的证书文件。",
        "The certificate cannot be verified. Install ca-certificates, or name yours in SSL_CERT_FILE.",
    ),
    (
        (
            "dns error",
            "error sending request",
            "connection refused",
            "connect error",
            "network is unreachable",
            "name resolution",
            "name or service not known",
            "timed out",
            "failed to fetch",
            "could not connect",
            "econnrefused",
            "econnreset",
            "enotfound",
            "etimedout",
            "eai_again",
        ),
        "连不上软件源。请检查网络、代理 HTTPS_PROXY、软件源（PIP_INDEX_URL、pip.conf、.npmrc）后再运行。",
        "No connection. Check the network, HTTPS_PROXY, PIP_INDEX_URL, pip.conf and .npmrc, then run again.",
    ),
)


class SetupError(Exception):
    """An expected failure: what happened and what to do, in Chinese and English; details for engineers."""

    def __init__(self, chinese: str, english: str, *, details: str = "") -> None:
        super().__init__(chinese)
        self.chinese = chinese
        self.english = english
        self.details = details


def say(chinese: str, english: str) -> None:
    """Print one progress line with the seconds since the command began."""
    print(f"[{time.monotonic() - _STARTED:6.1f} s] {chinese} · {english}", flush=True)


def report(error: SetupError) -> None:
    """Print a failure on the error stream, details first, so that the advice is what stays in sight."""
    sys.stdout.flush()
    if error.details:
        print(error.details.rstrip(), file=sys.stderr)
    print(f"\n错误：{error.chinese}\nError: {error.english}", file=sys.stderr, flush=True)


def explain(output: str) -> tuple[str, str] | None:
    """The known cause named in a client's output as a Chinese and an English sentence, or None."""
    lowered = output.lower()
    for marks, chinese, english in _CAUSES:
        if any(mark in lowered for mark in marks):
            return chinese, english
    return None


def failure(chinese: str, english: str, *, details: str, causes: bool = True) -> SetupError:
    """A SetupError whose advice comes from what `details` says, if that names a known cause."""
    if causes and (cause := explain(details)):
        return SetupError(f"{chinese}{cause[0]}", f"{english} {cause[1]}", details=details)
    return SetupError(
        f"{chinese}原因见上面的输出。", f"{english} See the output above for the reason.", details=details
    )


def run(
    command: Sequence[str | Path],
    *,
    what: tuple[str, str],
    cwd: Path,
    env: Mapping[str, str],
    seconds: float = 1800,
    causes: bool = True,
) -> None:
    """Run a client quietly, print a sign of life every 15 s, and show the end of its output only if it fails.

    `what` names the work in Chinese and English. Without `causes` the output is shown but not interpreted,
    for programs that print our own words. Raises SetupError when the command cannot start, fails or takes
    longer than `seconds`.
    """
    with tempfile.TemporaryFile() as log:
        try:
            child = subprocess.Popen(
                [os.fspath(part) for part in command],
                cwd=cwd,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                close_fds=False,  # the child holds our lock, too, should we be killed before it
            )
        except OSError as error:
            raise failure(f"{what[0]}无法开始。", f"Cannot start: {what[1]}.", details=str(error)) from error
        with _ending(child):
            in_time = _wait(child, what=what, seconds=seconds)
        if not in_time:
            raise SetupError(
                f"{what[0]}超过 {seconds:.0f} 秒仍未完成，已停止。请检查网络后再运行一次。",
                f"{what[1]}: not finished after {seconds:.0f} s, stopped. Check the network and run again.",
                details=_tail(log),
            )
        if child.returncode:
            raise failure(f"{what[0]}失败。", f"{what[1]}: failed.", details=_tail(log), causes=causes)


@contextmanager
def _ending(child: subprocess.Popen[bytes]) -> Iterator[None]:
    """Never leave the child behind, whatever ends the wait."""
    try:
        yield
    finally:
        if child.poll() is None:
            child.terminate()
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def _wait(child: subprocess.Popen[bytes], *, what: tuple[str, str], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        try:
            child.wait(min(_HEARTBEAT, left))
        except subprocess.TimeoutExpired:
            say(f"{what[0]}……仍在进行", f"{what[1]}, still working")
        else:
            return True
    return False


def _tail(log: IO[bytes]) -> str:
    log.seek(0)
    lines = _COLOURS.sub("", log.read().decode("utf-8", "replace")).splitlines()
    return "\n".join(f"    {line}" for line in lines[-_TAIL_LINES:])


def stop_on_terminate() -> None:
    """Make SIGTERM end a run as Ctrl-C does, so that children are stopped and temporary files removed."""

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
