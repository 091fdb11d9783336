"""OpenStreetMap extracts → schools, gates, premises, streets and names, all in WGS 84."""

from __future__ import annotations

from gis.readers.osm.extract import OsmExtract, read_osm

__all__ = ["OsmExtract", "read_osm"]
