"""What the service worker of /field keeps on the phone: the page's modules, found by their imports, and their hash."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

STATIC = Path(__file__).parent / "static"
PAGES = {"zh": "/field?lang=zh", "en": "/field?lang=en"}
_ENTRY = STATIC / "js" / "pages" / "field.js"
_VIEWS = STATIC / "js" / "field" / "views.js"
_WORKER = STATIC / "js" / "field" / "worker.js"
_OTHERS = (
    "css/base.css",
    "css/map.css",
    "css/field.css",
    "vendor/leaflet/leaflet.css",
    "img/icons.svg",
    "img/mark.svg",
    "img/mark-192.png",
    "field.webmanifest",
)
_IMPORT = re.compile(r"""^\s*(?:import|export)\s+(?:[\w*{}\s,$]+\s+from\s+)?["'](\.{1,2}/[^"']+)["']""", re.MULTILINE)
_KEY = re.compile(r"""["'`]([a-z][a-z0-9_]*)\.""")
_LATER = re.compile(r"""\bimport\(["'](\.{1,2}/[^"']+)["']\)""")


def modules(entry: Path, *, later: bool = False) -> list[Path]:
    """Return a module and all that it imports, in the order in which they are found; what comes ``later`` too, if wanted."""
    found = [entry.resolve()]
    for path in found:
        text = path.read_text(encoding="utf-8")
        for name in _IMPORT.findall(text) + (_LATER.findall(text) if later else []):
            wanted = (path.parent / name).resolve()
            if wanted not in found:
                found.append(wanted)
    return found


def first() -> tuple[str, ...]:
    """Return the addresses of the modules that the page needs before it can be used, the largest first.

    They are asked for at once, over some connections: the largest comes beside the others then, and not after them.
    """
    return _by_size(modules(_ENTRY))


def later() -> tuple[str, ...]:
    """Return the addresses of the modules that come once the page can be used: the other views and the map."""
    start = set(modules(_ENTRY))
    return _by_size([path for path in modules(_VIEWS) if path not in start])


def words(texts: Mapping[str, str]) -> dict[str, str]:
    """Return the texts of a catalogue that the app may need: of each section that one of its modules names.

    Examples
    --------
    >>> sorted(words({"field.save": "Save", "board.title": "Cases"}))
    ['field.save']
    """
    named = _sections()
    return {key: text for key, text in texts.items() if key.partition(".")[0] in named}


@lru_cache(maxsize=1)
def _sections() -> frozenset[str]:
    return frozenset(
        name for path in modules(_ENTRY, later=True) for name in _KEY.findall(path.read_text(encoding="utf-8"))
    )


def _by_size(paths: list[Path]) -> tuple[str, ...]:
    return tuple(_address(path) for path in sorted(paths, key=lambda path: -path.stat().st_size))


def _address(path: Path) -> str:
    return f"/static/{path.relative_to(STATIC.resolve()).as_posix()}"


@lru_cache(maxsize=1)
def files() -> tuple[str, ...]:
    """Return the addresses of all files that the app needs."""
    return tuple(
        _address(path) for path in (*modules(_ENTRY, later=True), *((STATIC / name).resolve() for name in _OTHERS))
    )


def worker(pages: dict[str, bytes]) -> str:
    """Return the service worker; its version changes with any of its files and with the pages themselves.

    Parameters
    ----------
    pages
        The page in each language, as it is served.
    """
    digest = hashlib.sha256(_WORKER.read_bytes())
    for name in files():
        digest.update((STATIC / name.removeprefix("/static/")).read_bytes())
    for language in sorted(pages):
        digest.update(pages[language])
    shell = {"version": digest.hexdigest()[:16], "files": files(), "pages": PAGES}
    return f"const SHELL = {json.dumps(shell)};\n{_WORKER.read_text(encoding='utf-8')}"
