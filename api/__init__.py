"""The application: HTTP, people, records, work in the background."""

__version__ = "0.1.0"
