"""Files that leave the system: tables for spreadsheets, and collections as maps and tables."""

from api.services.exports.tables import harmless, workbook, write_table

__all__ = ["harmless", "workbook", "write_table"]
