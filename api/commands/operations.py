"""Backup, restore, and what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from api.commands.console import Database, err, operator, out, settings_for
from api.errors import BadInputError


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A tar file; compressed where it ends in .gz or .tgz.")],
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    database: Database = None,
) -> None:
    """Copy the database and all files into one archive, while the system works."""
    from api.services.backup import make_backup
    from api.store.engine import open_engine

    settings = settings_for(database)
    _refuse_missing(settings.resolved_database_url)
    engine = open_engine(settings.resolved_database_url, settings.data)
    with _progress() as report:
        made = make_backup(engine, settings, file, who=operator(), force=force, report=report)
    rows = sum(made.counts.values())
    out.print(
        f"{made.path}: {made.size_bytes / 1e6:.1f} MB, {rows} rows of {len(made.counts)} tables, {made.files} files"
    )
    if made.missing or made.damaged:
        raise BadInputError(
            f"the backup is written, but {len(made.missing)} files of records are missing and {len(made.damaged)} "
            "damaged; campus doctor names them"
        )


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An archive that campus backup wrote.")],
    database: Database = None,
) -> None:
    """Put a backup back into an empty place, after checking every byte of it."""
    from api.services.backup_restore import restore_backup

    settings = settings_for(database)
    with _progress() as report:
        done = restore_backup(settings, file, report=report)
    rows = sum(done.counts.values())
    upgraded = f", upgraded from version {done.revision} to {done.upgraded_to}" if done.upgraded_to else ""
    out.print(f"{rows} rows of {len(done.counts)} tables and {done.files} files are back as they were{upgraded}")


def doctor(database: Database = None) -> None:
    """Check database, files, audit log, permissions and disk; exit code 2 where something is wrong."""
    from api.services.doctor import examine
    from api.store.models.base import now

    findings = []
    for finding in examine(settings_for(database), now()):
        findings.append(finding)
        out.print(f"{finding.state:<8} {finding.check:<18} {finding.seen}")
        if finding.to_do:
            out.print(f"{'':27} → {finding.to_do}")
    wrong = [finding.check for finding in findings if finding.state == "error"]
    if wrong:
        raise BadInputError(f"something is wrong: {', '.join(wrong)}; what to do stands beside it")


def _refuse_missing(database_url: str) -> None:
    path = Path(database_url.removeprefix("sqlite:///"))
    if database_url.startswith("sqlite:///") and not path.exists():
        raise BadInputError(f"there is no database {path}; name the data folder with CAMPUS_DATA, or use --database")


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None]]:
    """Show a bar on a terminal."""
    if not err.is_terminal:
        yield lambda _what, _done, _of: None
        return
    from rich.progress import Progress

    with Progress(console=err, transient=True) as bar:
        tasks: dict[str, int] = {}

        def report(what: str, done: int, of: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=of)
            bar.update(tasks[what], completed=done, total=of)  # type: ignore[arg-type]

        yield report
