"""What browser tests need from the system: Chromium and a font with Chinese characters."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tools.steps import SetupError, run, say

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
_FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts")
_FONT_FILES = (
    "NotoSansCJK*",
    "NotoSerifCJK*",
    "NotoSansSC*",
    "SourceHanSans*",
    "wqy-*",
    "DroidSansFallback*",
)
_PACKAGES = {"chromium": "chromium", "font": "fonts-noto-cjk"}


def find_chromium(environ: Mapping[str, str]) -> str | None:
    """The path of $CHROMIUM or of the first Chromium found. Raises SetupError if $CHROMIUM cannot be run."""
    named = environ.get("CHROMIUM")
    if named:
        found = shutil.which(named, path=environ.get("PATH"))
        if found is None:
            raise SetupError(
                f"CHROMIUM 指向的 {named} 不存在或不能执行。请改正或去掉这个变量。",
                f"CHROMIUM names {named}, which is missing or cannot be run. Correct or unset it.",
            )
        return found
    for name in _NAMES:
        found = shutil.which(name, path=environ.get("PATH"))
        if found and not is_snap_stub(Path(found)):
            return found
    return str(_MAC) if _MAC.exists() else None


def is_snap_stub(program: Path) -> bool:
    """Whether this is Ubuntu's placeholder that only tells to install the snap."""
    if program.resolve().name == "snap" or Path("/snap/bin/chromium").exists():
        return False
    with program.open("rb") as file:
        start = file.read(4096)
    return start.startswith(b"#!") and b"snap" in start


def has_chinese_font() -> bool:
    """Whether some installed font can draw Chinese."""
    if sys.platform == "darwin":
        return True
    if shutil.which("fc-list"):
        listed = subprocess.run(
            ["fc-list", ":lang=zh"], capture_output=True, text=True, timeout=60, check=False
        ).stdout
        if listed.strip():
            return True
    folders = [Path(folder) for folder in _FONT_FOLDERS]
    return any(True for folder in folders for pattern in _FONT_FILES for _ in folder.rglob(pattern))


def distribution(os_release: str) -> str:
    """`debian`, `ubuntu` or `` from the text of /etc/os-release; a relative of either counts as it."""
    values = dict(line.split("=", 1) for line in os_release.splitlines() if "=" in line)
    words = f"{values.get('ID', '')} {values.get('ID_LIKE', '')}".replace('"', "").split()
    return next((name for name in ("ubuntu", "debian") if name in words), "")


def missing(environ: Mapping[str, str]) -> list[str]:
    """Which of `chromium` and `font` this machine lacks."""
    lacks = [] if find_chromium(environ) else ["chromium"]
    return lacks if has_chinese_font() else [*lacks, "font"]


def ensure(root: Path, environ: Mapping[str, str]) -> None:
    """Install what is missing where we may (root on Debian). Raises SetupError saying what to install."""
    lacks = missing(environ)
    if not lacks:
        return
    try:
        family = distribution(Path("/etc/os-release").read_text("utf-8"))
    except OSError:
        family = ""
    if family == "ubuntu" and "chromium" in lacks:
        raise _no_chromium_on_ubuntu()
    packages = [_PACKAGES[name] for name in lacks]
    if not family or os.geteuid() != 0 or not shutil.which("apt-get"):
        raise _please_install(packages, family)
    _install(root, packages, environ)
    if missing(environ):
        raise _please_install(packages, family)


def _install(root: Path, packages: list[str], environ: Mapping[str, str]) -> None:
    listed = " ".join(packages)
    apt = ["apt-get", "-o", "DPkg::Lock::Timeout=120", "-o", "Acquire::Retries=3"]
    env = {**environ, "DEBIAN_FRONTEND": "noninteractive"}
    say(f"安装系统包 {listed}（浏览器测试需要）", "installing system packages for the browser tests")
    what = ("更新系统包列表", "updating the list of system packages")
    run([*apt, "update"], what=what, cwd=root, env=env, seconds=300)
    run(
        [*apt, "install", "-y", "--no-install-recommends", *packages],
        what=(f"安装系统包 {listed}", f"installing {listed}"),
        cwd=root,
        env=env,
        seconds=1200,
    )


def _please_install(packages: list[str], family: str) -> SetupError:
    listed = " ".join(packages)
    how = (
        f"sudo apt-get update && sudo apt-get install -y --no-install-recommends {listed}"
        if family
        else "Chromium / Google Chrome; Noto Sans CJK"
    )
    return SetupError(
        f"浏览器测试缺少 {listed}。请先安装再运行：{how}\n"
        "如果 Chromium 在别处，请设置 CHROMIUM=/路径/chromium。",
        f"The browser tests need {listed}. Install first, then run again: {how}\n"
        "If Chromium is elsewhere, set CHROMIUM=/path/to/chromium.",
    )


def _no_chromium_on_ubuntu() -> SetupError:
    return SetupError(
        "缺少 Chromium。Ubuntu 的 chromium 包只是 snap 占位程序，不能用于测试。"
        "请安装 Google Chrome 的 deb 包，或设置 CHROMIUM=/路径/chromium 后再运行。",
        "Chromium is missing. Ubuntu's chromium package is only a snap placeholder, of no use to the tests. "
        "Install the Google Chrome deb package, or set CHROMIUM=/path/to/chromium, and run again.",
    )
