"""Files into records: see :mod:`api.services.imports.run`."""

from api.services.imports.report import ImportRefusedError, ImportReport
from api.services.imports.run import ImportOptions, import_file

__all__ = ["ImportOptions", "ImportRefusedError", "ImportReport", "import_file"]
