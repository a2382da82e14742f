"""The stand-alone verifier: `python -m rongjun.audit.verifier FILE`. Needs no database and no Django.

Exit status 0: sound; 1: broken, the place is named; 2: the file or an anchor line cannot be read.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from rongjun.audit import transcript
from rongjun.audit.logic import Anchor, Verdict, anchor_statement, read_anchor, verify
from rongjun.kernel.crypto import PublicKey, sm3
from rongjun.kernel.errors import Unfit

SOUND, BROKEN, UNREADABLE = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Check one exported file and say what was found; returns the exit status."""
    asked = _parser().parse_args(arguments)
    try:
        published = [read_anchor(line) for line in asked.anchor]
        keys, rows = transcript.read(asked.file)
        verdict = verify(rows, is_genuine=lambda anchor: _is_genuine(anchor, keys), published=published)
    except (Unfit, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return UNREADABLE
    sys.stdout.write(_report(verdict, keys, published=len(published)))
    return SOUND if verdict.ok else BROKEN


def fingerprint(key: PublicKey) -> str:
    """What to compare by telephone or on paper: SM3 over the public key, in hexadecimal."""
    return sm3(key.algorithm.encode() + b"\n" + key.point + (key.user_id or b"")).hex()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m rongjun.audit.verifier", description="核对导出的审计链。"
    )
    parser.add_argument("file", type=Path, help="导出的文件")
    parser.add_argument(
        "--anchor", action="append", default=[], help="单位外保存的锚点（整行文字），可重复；链必须经过它"
    )
    return parser


def _is_genuine(anchor: Anchor, keys: Mapping[int, PublicKey]) -> bool | None:
    key = keys.get(anchor.key_version)
    if key is None:
        return None
    try:
        return anchor.algorithm == key.algorithm and key.verify(anchor_statement(anchor), anchor.signature)
    except ValueError:  # a key that lies on no curve has signed nothing
        return False


def _report(verdict: Verdict, keys: Mapping[int, PublicKey], *, published: int) -> str:
    prints = [f"锚点密钥第 {version} 版指纹：{fingerprint(key)}" for version, key in keys.items()]
    lines = [verdict.text()]
    if verdict.ok:
        lines.append(
            f"经过了单位外保存的 {published} 个锚点。"
            if published
            else "没有给出单位外保存的锚点（--anchor）：请向制作单位核对密钥指纹，否则整份文件可能是另造的。"
        )
    return "\n".join([*lines, *prints]) + "\n"


if __name__ == "__main__":
    sys.exit(main())
