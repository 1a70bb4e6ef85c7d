"""Find the browser that tests and screenshots use, and the proxy that tests run; install them if possible.

    python -m harness.browser [--tests]

prints the browser's path. If the browser, a font with Hangul or, for the tests, nginx is missing, it installs Chromium,
Noto and nginx with apt-get if there is one, and otherwise says what to install. DESCENT_LAB_CHROMIUM names a browser
that is in another place.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

VARIABLE = "DESCENT_LAB_CHROMIUM"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Google\Chrome\Application\chrome.exe",
)
# Without a sandbox, which containers do not have, and without calls to the browser's vendor.
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--enable-unsafe-swiftshader",
)  # fmt: skip


def find() -> str | None:
    """Return the path of the browser: the one that the variable names, else Chromium or Chrome in their usual places.

    None if there is none.
    """
    if named := os.environ.get(VARIABLE):
        return shutil.which(named)
    return next((path for name in (*NAMES, *PLACES) if (path := shutil.which(name))), None)


def find_proxy() -> str | None:
    """Return the path of nginx; None if there is none."""
    return shutil.which("nginx", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin")


def has_hangul() -> bool:
    """Return whether a font can show Korean: macOS and Windows include one, elsewhere fontconfig knows."""
    if not sys.platform.startswith("linux"):
        return True
    if not shutil.which("fc-list"):
        return False
    return bool(subprocess.run(["fc-list", ":lang=ko"], capture_output=True, check=True).stdout)


def install(packages: list[str]) -> None:
    """Install Debian packages, as root or through sudo."""
    root = [] if os.geteuid() == 0 else ["sudo"]
    # RUNLEVEL=1: do not start a service that a package contains (nginx).
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    for command in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        subprocess.run([*root, "apt-get", *command], env=environment, stdout=sys.stderr, check=True)


def main() -> None:
    """Print the path of the browser, after installing what is missing; exit with a message if that is not possible."""
    missing = [] if find() else ["chromium"]
    missing += [] if has_hangul() else ["fonts-noto-cjk"]
    missing += [] if find_proxy() or "--tests" not in sys.argv else ["nginx"]
    if missing and shutil.which("apt-get") and not (os.environ.get(VARIABLE) and "chromium" in missing):
        install(missing)
    elif missing:
        sys.exit(
            "Browser tests need Chromium or Google Chrome and, on Linux, a font with Hangul such as Noto Sans CJK; the "
            "test of the deployment needs nginx.\n"
            f"Missing: {', '.join(missing)}. A browser in a place of its own is named by the variable {VARIABLE}."
        )
    print(find() or sys.exit("Chromium was installed, but cannot be found."))


if __name__ == "__main__":
    main()
