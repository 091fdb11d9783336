from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

from web import vendor


@pytest.fixture
def web(tmp_path: Path) -> Path:
    """Return a folder with our lock file and package contents that are invented."""
    for name in ("package.json", "package-lock.json", "vendor.json"):
        shutil.copy(vendor.WEB / name, tmp_path / name)
    for source in json.loads((tmp_path / "vendor.json").read_text()):
        path = tmp_path / "node_modules" / source
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"invented content of {source}")
    return tmp_path


def test_lock_file_names_no_registry_and_pins_every_package_by_hash():
    lock = json.loads((vendor.WEB / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert packages
    for entry in packages.values():
        assert "resolved" not in entry
        assert entry["integrity"].startswith("sha512-")
    wanted = json.loads((vendor.WEB / "package.json").read_text(encoding="utf-8"))["dependencies"]
    assert all(lock["packages"][f"node_modules/{name}"]["version"] == version for name, version in wanted.items())


def test_files_are_copied_and_a_change_is_noticed(web):
    assert not vendor.is_up_to_date(web)
    files = vendor.copy_files(web)
    assert vendor.is_up_to_date(web)
    served = web / "static" / "vendor" / "leaflet" / "leaflet.js"
    assert served.read_text() == "invented content of leaflet/dist/leaflet.js"
    assert set(files) == set(json.loads((web / "vendor.json").read_text()).values())
    served.write_text("changed")
    assert not vendor.is_up_to_date(web)
    vendor.copy_files(web)
    (web / "package-lock.json").write_text("{}")
    assert not vendor.is_up_to_date(web)


def test_a_file_that_is_not_in_the_package_leaves_what_was_there(web):
    vendor.copy_files(web)
    (web / "vendor.json").write_text(json.dumps({"leaflet/dist/nothing.js": "leaflet/nothing.js"}))
    with pytest.raises(vendor.VendorError, match=r"nothing\.js"):
        vendor.copy_files(web)
    assert (web / "static" / "vendor" / "leaflet" / "leaflet.js").is_file()
    (web / "vendor.json").write_text(json.dumps({"leaflet/dist/leaflet.js": "../../../out.js"}))
    with pytest.raises(vendor.VendorError, match="outside"):
        vendor.copy_files(web)


def test_without_npm_one_line_says_what_to_install(web, monkeypatch):
    monkeypatch.setenv("PATH", str(web))
    monkeypatch.setattr(sys, "executable", str(web / "python"))
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(web))
    with pytest.raises(vendor.VendorError, match="npm is not here") as said:
        vendor.fetch_packages(web)
    assert "\n" not in str(said.value)


def test_a_bare_import_becomes_the_path_of_our_copy(web):
    module = web / "node_modules" / "@mapbox" / "vector-tile" / "index.js"
    module.write_text("import Point from '@mapbox/point-geometry';\nconst text = \"import x from 'y'\";\n")
    vendor.copy_files(web)
    served = (web / "static" / "vendor" / "vector-tile" / "index.js").read_text()
    assert served == "import Point from '../point-geometry/index.js';\nconst text = \"import x from 'y'\";\n"
    module.write_text("import Other from 'not-listed';\n")
    with pytest.raises(vendor.VendorError, match="not-listed"):
        vendor.copy_files(web)
