"""A throw-away PostgreSQL cluster with PostGIS, started and stopped by the tests, also as root."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PLACES = ("/usr/lib/postgresql", "/opt/homebrew/opt/postgresql@15", "/usr/local/opt/postgresql@15")
_FAST = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_wal_size=4GB -c max_connections=60"


def missing_part() -> str | None:
    """Return what is missing for PostGIS tests, in words; None where everything is there."""
    if _program("initdb") is None:
        return "PostgreSQL is not installed (apt-get install postgresql-postgis)"
    if not any(Path("/").glob("usr/share/postgresql/*/extension/postgis.control")) and not shutil.which("brew"):
        return "PostGIS is not installed (apt-get install postgresql-postgis)"
    if os.geteuid() == 0 and subprocess.run(["id", "postgres"], capture_output=True).returncode != 0:
        return "PostgreSQL does not run as root, and there is no user postgres"
    return None


def _program(name: str) -> str | None:
    found = [str(p) for place in _PLACES for p in Path(place).glob(f"**/bin/{name}")]
    return sorted(found)[-1] if found else shutil.which(name)


def _as_owner(command: list[str]) -> list[str]:
    return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else command


@contextmanager
def running_cluster(*, memory_mb: int = 64) -> Iterator[str]:
    """Start a cluster in a temporary folder and give its URL without a database's name; ``memory_mb`` of buffers."""
    folder = Path(tempfile.mkdtemp(prefix="campus-pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    data = folder / "data"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    def call(program: str, *words: str) -> None:
        path = _program(program)
        assert path is not None
        subprocess.run(_as_owner([path, *words]), check=True, cwd=folder, stdout=subprocess.DEVNULL)

    try:
        call("initdb", "-D", str(data), "-U", "campus", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C.UTF-8")
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c shared_buffers={memory_mb}MB {_FAST}"
        call("pg_ctl", "-D", str(data), "-w", "-t", "60", "-o", options, "-l", str(folder / "log"), "start")
        try:
            yield f"postgresql+psycopg://campus@127.0.0.1:{port}"
        finally:
            call("pg_ctl", "-D", str(data), "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
