"""Tables into files that spreadsheets open, with no cell that they would run as a formula."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from api.errors import BadInputError

_PLAIN = {"options": {"strings_to_formulas": False, "strings_to_urls": False, "nan_inf_to_errors": True}}
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")  # the full-width ones too: spreadsheets take them alike


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV (UTF-8 with BOM, as spreadsheets expect) or XLSX, by the file's name."""
    safe = table.map(harmless)
    if path.suffix.lower() == ".csv":
        safe.to_csv(path, index=False, encoding="utf-8-sig")
    elif path.suffix.lower() == ".xlsx":
        with pd.ExcelWriter(
            path,
            engine="xlsxwriter",
            engine_kwargs=_PLAIN,
        ) as writer:
            safe.to_excel(writer, index=False)
    else:
        raise BadInputError(f"{path.name}: a table is written as .csv or .xlsx")


def workbook(sheets: Mapping[str, pd.DataFrame]) -> bytes:
    """Return tables as the sheets of one XLSX file."""
    out = io.BytesIO()
    with pd.ExcelWriter(out, engine="xlsxwriter", engine_kwargs=_PLAIN) as writer:
        for name, table in sheets.items():
            table.map(harmless).to_excel(writer, sheet_name=name, index=False)
            for column, head in enumerate(table.columns):
                wide = max([len(str(head)), *(len(str(cell)) for cell in table[head].head(200))], default=8)
                writer.sheets[name].set_column(column, column, min(60, wide + 4))
    return out.getvalue()


def harmless(value: object) -> object:
    """Return a cell that no spreadsheet takes for a formula, also after spaces, tabs and ends of lines.

    Examples
    --------
    >>> harmless("=1+1"), harmless(" ＠SUM(A1)"), harmless("Gate"), harmless(-1.5)
    ("'=1+1", "' ＠SUM(A1)", 'Gate', -1.5)
    """
    return f"'{value}" if isinstance(value, str) and value.lstrip().startswith(_FORMULA) else value
