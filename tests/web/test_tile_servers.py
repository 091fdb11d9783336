"""Tiles of another server: its addresses, its key, and whose map it is. Nothing is asked of it here."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from api.middleware.headers import Headers
from api.settings import Settings

TIANDITU = (
    "https://t{s}.tianditu.gov.cn/DataServer?T=vec_w&x={x}&y={y}&l={z}&tk={key}"
    " https://t{s}.tianditu.gov.cn/DataServer?T=cva_w&x={x}&y={y}&l={z}&tk={key}"
)


def settings(tmp_path: Path, **more: str) -> Settings:
    return Settings(data=tmp_path, **more)  # type: ignore[arg-type]


def test_each_layer_gets_the_key_and_the_page_may_ask_its_hosts_alone(tmp_path: Path) -> None:
    made = settings(
        tmp_path, tiles_url=TIANDITU, tiles_key="a&b", tiles_subdomains="01", tiles_attribution="天地图 审图号：无"
    )
    assert [address.split("tk=")[1] for address in made.tile_addresses] == ["a%26b", "a%26b"]
    assert "a&b" not in repr(made)
    policy = Headers(None, made)._headers["Content-Security-Policy"]  # type: ignore[arg-type]
    assert "img-src 'self' data: blob: https://t0.tianditu.gov.cn https://t1.tianditu.gov.cn; " in policy
    own = Headers(None, settings(tmp_path))._headers["Content-Security-Policy"]  # type: ignore[arg-type]
    assert "img-src 'self' data: blob:; " in own


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"tiles_url": "https://maps.example/{z}/{x}/{y}.png"}, "审图号"),
        ({"tiles_url": TIANDITU, "tiles_attribution": "x"}, "CAMPUS_TILES_KEY"),
        ({"tiles_url": "https://maps.example/tiles", "tiles_attribution": "x"}, "is no address with"),
        ({"tiles_url": "javascript:{z}{x}{y}", "tiles_attribution": "x"}, "is no address with"),
    ],
)
def test_what_is_missing_is_said_at_the_start(tmp_path: Path, more: dict[str, str], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        settings(tmp_path, **more)
