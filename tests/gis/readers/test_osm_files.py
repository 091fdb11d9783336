"""Files that are extracts, and files that are not."""

from __future__ import annotations

import bz2
import gzip
from pathlib import Path

import pandas as pd
import pytest

from gis.errors import EmptyInputError, UnreadableFileError
from gis.readers.osm import read_osm
from tests.gis.readers.osm_drawing import Drawing


class TestFiles:
    def test_compressed_files_read_the_same(self, tmp_path: Path) -> None:
        draw = Drawing()
        draw.square(0, 0, amenity="school", name="小学")
        plain = draw.save(tmp_path)
        packed, tight = tmp_path / "a.osm.gz", tmp_path / "A.OSM.BZ2"
        packed.write_bytes(gzip.compress(plain.read_bytes()))
        tight.write_bytes(bz2.compress(plain.read_bytes()))
        known = read_osm(plain).schools
        for path in (packed, tight):
            pd.testing.assert_frame_equal(pd.DataFrame(read_osm(path).schools), pd.DataFrame(known))

    def test_ways_before_nodes_are_read_all_the_same(self, tmp_path: Path) -> None:
        draw = Drawing()
        way = draw.square(0, 0, amenity="school", name="小学")
        path = tmp_path / "overpass.osm"
        path.write_text(draw.text(ways_first=True), encoding="utf-8")
        extract = read_osm(path)
        assert extract.schools["osm_id"].tolist() == [f"way/{way}"]
        assert extract.problems == ()

    def test_negative_numbers_of_an_editor(self, tmp_path: Path) -> None:
        draw = Drawing()
        way = draw.square(0, 0, amenity="school", name="小学")
        draw.relation([("way", way, "outer")], type="site", amenity="school")
        path = tmp_path / "josm.osm"
        path.write_text(draw.text().replace('id="', 'id="-').replace('ref="', 'ref="-'), encoding="utf-8")
        schools = read_osm(path).schools
        assert schools["osm_id"].tolist() == [f"way/-{way}"]
        assert schools["school_key"].tolist() == [f"relation/-{way + 1}"]

    @pytest.mark.parametrize(
        ("name", "content", "says"),
        [
            ("page.osm", b"<!DOCTYPE html><html><body>429 Too Many Requests</body></html>", "web page"),
            ("page2.osm", b"<html></html>", "web page"),
            ("diff.osm", b'<?xml version="1.0"?><osmChange version="0.6"></osmChange>', "change file"),
            ("track.osm", b'<?xml version="1.0"?><gpx version="1.1"></gpx>', "<gpx>"),
            ("nothing.osm", b"", "holds nothing"),
            ("nothing.osm.pbf", b"", "holds nothing"),
            ("notes.txt", b"hello", "by its name"),
            ("schools.geojson", b"{}", "by its name"),
            ("text.osm.pbf", b"hello", "not OSM data"),
            ("cut.osm", b'<?xml version="1.0"?><osm version="0.6"><node id="1" lat="1" lon="1"><ta', "broken or cut off"),
            ("old.osm", b'<osm><node id="1" lat="1" lon="1"/></osm>', "version"),
            ("letters.osm", b'<osm version="0.6"><node id="1" lat="north" lon="1"/></osm>', "coordinate"),
            ("bomb.osm", b'<!DOCTYPE osm [<!ENTITY a "b">]><osm version="0.6"><node id="1" lat="1" lon="1">'
             b'<tag k="name" v="&a;"/></node></osm>', "entities"),
        ],
    )  # fmt: skip
    def test_what_is_no_extract(self, tmp_path: Path, name: str, content: bytes, says: str) -> None:
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(UnreadableFileError) as caught:
            read_osm(path)
        text = str(caught.value)
        assert says in text
        assert text.startswith(f"{name}: ")
        assert "\n" not in text
        assert str(tmp_path) not in text

    def test_a_file_that_is_not_there_and_a_folder(self, tmp_path: Path) -> None:
        (tmp_path / "folder.osm").mkdir()
        for name in ("none.osm.pbf", "folder.osm"):
            with pytest.raises(UnreadableFileError, match="no such file"):
                read_osm(tmp_path / name)

    @pytest.mark.parametrize("name", ["empty.osm", "empty.osm.gz"])
    def test_an_empty_extract(self, tmp_path: Path, name: str) -> None:
        content = b'<?xml version="1.0"?><osm version="0.6"><bounds minlat="1" minlon="1" maxlat="2" maxlon="2"/></osm>'
        (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
        with pytest.raises(EmptyInputError, match=r"empty\.osm"):
            read_osm(tmp_path / name)

    def test_an_extract_with_nothing_of_ours(self, tmp_path: Path) -> None:
        draw = Drawing()
        draw.node(0, 0, natural="tree")
        extract = draw.read(tmp_path)
        frames = (extract.schools, extract.gates, extract.premises, extract.streets, extract.places)
        assert [len(frame) for frame in frames] == [0] * 5
        assert all(frame.crs == "EPSG:4326" for frame in frames)

    def test_a_node_off_the_earth_is_left_out(self, tmp_path: Path) -> None:
        path = tmp_path / "off.osm"
        path.write_text(
            '<osm version="0.6"><node id="1" version="1" lat="95" lon="1"><tag k="amenity" v="school"/></node></osm>'
        )
        assert read_osm(path).schools.empty

    @pytest.mark.parametrize(
        ("name", "keep"),
        [("heidelberg.osm.pbf", 1_000_000), ("krems.osm.gz", 200_000), ("monaco-latest.osm.pbf", 9)],
    )
    def test_a_real_file_cut_off(self, shared_data: Path, tmp_path: Path, name: str, keep: int) -> None:
        path = tmp_path / name
        path.write_bytes((shared_data / "osm" / name).read_bytes()[:keep])
        with pytest.raises(UnreadableFileError, match=name):
            read_osm(path)

    def test_a_real_file_damaged_inside(self, shared_data: Path, tmp_path: Path) -> None:
        content = bytearray((shared_data / "osm" / "monaco-latest.osm.pbf").read_bytes())
        content[200_000:201_000] = bytes(1000)
        path = tmp_path / "damaged.osm.pbf"
        path.write_bytes(content)
        with pytest.raises(UnreadableFileError, match="broken or cut off"):
            read_osm(path)

    def test_a_real_file_under_a_wrong_name(self, shared_data: Path, tmp_path: Path) -> None:
        path = tmp_path / "monaco.osm"
        path.write_bytes((shared_data / "osm" / "monaco-latest.osm.pbf").read_bytes())
        with pytest.raises(UnreadableFileError, match="it is PBF; rename it"):
            read_osm(path)
