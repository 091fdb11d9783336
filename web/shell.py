"""What the service worker of /field keeps on the phone: the page's modules, found by their imports, and their hash."""

from __future__ import annotations

import hashlib
import json
import re
from functools import lru_cache
from pathlib import Path

STATIC = Path(__file__).parent / "static"
PAGES = {"zh": "/field?lang=zh", "en": "/field?lang=en"}
_ENTRY = STATIC / "js" / "pages" / "field.js"
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


def modules(entry: Path) -> list[Path]:
    """Return a module and all that it imports, in the order in which they are found."""
    found = [entry.resolve()]
    for path in found:
        for name in _IMPORT.findall(path.read_text(encoding="utf-8")):
            wanted = (path.parent / name).resolve()
            if wanted not in found:
                found.append(wanted)
    return found


@lru_cache(maxsize=1)
def files() -> tuple[str, ...]:
    """Return the addresses of all files that the app needs."""
    paths = [*modules(_ENTRY), *((STATIC / name).resolve() for name in _OTHERS)]
    return tuple(f"/static/{path.relative_to(STATIC.resolve()).as_posix()}" for path in paths)


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
