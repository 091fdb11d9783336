"""What came of an import, row by row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from api.errors import BadInputError, Problem
from gis.readers.report import RowProblem


@dataclass(frozen=True)
class ImportReport:
    """Counts of an import, and everything that was wrong or mended in it.

    ``written`` are new records, ``updated`` changed ones, ``unchanged`` those that were there as they are;
    ``dry_run`` says that nothing was kept.
    """

    collection: str
    file: str
    crs: str
    encoding: str | None = None
    read: int = 0
    written: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0
    dry_run: bool = False
    problems: Sequence[RowProblem] = field(default_factory=tuple)

    def as_dict(self) -> dict[str, Any]:
        """Return the counts as they are kept with the source."""
        counts = ("read", "written", "updated", "unchanged", "refused")
        return {name: getattr(self, name) for name in counts} | {"problems": len(self.problems)}


class ImportRefusedError(BadInputError):
    """An import of which nothing was kept, since rows of it cannot be used."""

    code = "import-refused"

    def __init__(self, report: ImportReport) -> None:
        bad = [p for p in report.problems if p.severity == "refused"]
        super().__init__(
            f"{report.file}: {report.refused} of {report.read} rows cannot be used, so nothing was imported; "
            "mend them, or import the others with --keep-going",
            problems=[Problem(where=_where(p), what=p.detail, code=p.code) for p in bad],
        )
        self.report = report


def _where(problem: RowProblem) -> str:
    row = f"row {problem.row}" if problem.row is not None else "file"
    return f"{row}, {problem.field}" if problem.field else row
