"""The brief of a period: one content, written as Word, PDF, Excel and a page."""
