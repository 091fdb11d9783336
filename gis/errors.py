"""What can be wrong with geographic input.

::

    ValueError
    └── GisError
        ├── BadCoordinatesError   not finite, out of range, or not readable as a coordinate
        ├── UnknownCrsError       a coordinate reference system that is not known
        ├── BadGeometryError      a shape that cannot be used or mended
        ├── UnreadableFileError   a file that is not what it says it is
        └── EmptyInputError       nothing to work on
"""

from __future__ import annotations


class GisError(ValueError):
    """Base of all errors raised by ``gis``; the text says what is wrong, where, and what to do."""


class BadCoordinatesError(GisError):
    """Coordinates that are not finite, out of range, or not readable."""


class UnknownCrsError(GisError):
    """A coordinate reference system that is not known."""


class BadGeometryError(GisError):
    """A shape that cannot be used and cannot be mended safely."""


class UnreadableFileError(GisError):
    """A file that is not what it says it is, or that is too large to read."""


class EmptyInputError(GisError):
    """Nothing to work on."""
