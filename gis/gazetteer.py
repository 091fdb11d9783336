"""Names and addresses → places, offline, and the way back.

A query is compared after folding: full width to half width, capitals and accents away, ``Straße`` = ``Str.``, the 号 after
a house number dropped. What is found comes in tiers: the same name, names that begin so, names that contain it, the
street where only the house number is not known, and names that are alike. Candidates for the last tier come from an
index of character pairs (and single characters of Chinese, Japanese and Korean, where one wrong character in three is
common); :mod:`rapidfuzz` scores them.
"""

from __future__ import annotations

import math
import re
import unicodedata
from bisect import bisect_left
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from gis.errors import BadCoordinatesError
from gis.geodesic import distance_m

TIERS = ("exact", "prefix", "substring", "street", "fuzzy")
_KINDS = ("place", "station", "street", "address", "poi", "building")  # which of equals is probably meant
_LONGEST_QUERY = 200
_FUZZY_CANDIDATES = 2000
_LEAST_SCORE = 60.0
_CJK = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_SHORT = (
    (re.compile(r"(?<=\w)(strasse|str\.)(?!\w)|\b(strasse|str\.)"), "str"),
    (re.compile(r"\bstreet\b"), "st"),
    (re.compile(r"\broad\b"), "rd"),
    (re.compile(r"\bavenue\b"), "ave"),
    (re.compile(r"(?<=\d)\s*[号號]"), ""),
)
_APART = re.compile(r"[\W_]+")
_CJK_SPACE = re.compile(rf"(?<=[{_CJK}]) | (?=[{_CJK}])")
_HOUSE_LETTER = re.compile(r"(?<=\d) (?=[a-z](?: |$))")
_HOUSE_FIRST = re.compile(r"(\d+[a-z]?) (.*\D)")
_HOUSE_LAST = re.compile(r"(.*?\D?) ?\d+(?:[a-z]|-\d+)?")

_Floats = NDArray[np.float64]
_Ints = NDArray[np.int64]


@dataclass(frozen=True)
class GazetteerIndex:
    """Places with what is needed to find them quickly; made by :func:`build_index`.

    Attributes
    ----------
    places
        The frame it was made of, index reset.
    keys
        Folded names in alphabetical order, several for a place.
    place
        Which place each key names, by position.
    gram, gram_start, gram_key
        Character pairs in order, and where in ``gram_key`` the keys that hold them begin.
    vectors
        Places as unit vectors, shape ``(n, 3)``.
    """

    places: gpd.GeoDataFrame
    keys: list[str]
    place: _Ints
    gram: _Ints
    gram_start: _Ints
    gram_key: _Ints
    vectors: _Floats
    kind_rank: _Ints


def fold(text: str) -> str:
    """Return a text in half width and lower case, without accents.

    Examples
    --------
    >>> fold("Ｈauptstraße"), fold("École")
    ('hauptstrasse', 'ecole')
    """
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    return unicodedata.normalize("NFC", "".join(c for c in plain if not unicodedata.combining(c)))


def fold_name(text: str) -> str:
    """Return the form in which names and queries are compared.

    Examples
    --------
    >>> fold_name("Hauptstraße 12 A"), fold_name("Hauptstr. 12a")
    ('hauptstr 12a', 'hauptstr 12a')
    >>> fold_name("文化路 １２号"), fold_name("文化路12號")
    ('文化路12', '文化路12')
    """
    plain = fold(text)
    for pattern, short in _SHORT:
        plain = pattern.sub(short, plain)
    plain = _APART.sub(" ", plain).strip()
    return _HOUSE_LETTER.sub("", _CJK_SPACE.sub("", plain))


def build_index(places: gpd.GeoDataFrame) -> GazetteerIndex:
    """Return an index over a frame of places.

    Parameters
    ----------
    places
        Columns ``name``, ``alt_names`` (list), ``kind``, ``address`` and a point geometry in WGS 84, as
        :func:`gis.readers.osm.read_osm` gives them; other columns are carried along.
    """
    places = places.reset_index(drop=True)
    pairs: set[tuple[str, int]] = set()
    columns = (places["name"], places["alt_names"], places["kind"], places["address"])
    for number, (name, others, kind, address) in enumerate(zip(*columns, strict=True)):
        texts = [name, *others] if kind != "address" else [name, *others, address]
        pairs.update((key, number) for text in texts if (key := fold_name(text)))
    ordered = sorted(pairs)
    keys = [key for key, _ in ordered]
    lon, lat = (
        np.radians(shapely.get_x(places.geometry.to_numpy())),
        np.radians(shapely.get_y(places.geometry.to_numpy())),
    )
    rank = {kind: position for position, kind in enumerate(_KINDS)}
    return GazetteerIndex(
        places,
        keys,
        np.array([number for _, number in ordered], dtype=np.int64),
        *_grams_of_keys(keys),
        vectors=_unit_vectors(lon, lat),
        kind_rank=np.array([rank.get(kind, len(rank)) for kind in places["kind"]], dtype=np.int64),
    )


def find(
    index: GazetteerIndex, query: str, *, limit: int = 10, near: tuple[float, float] | None = None
) -> gpd.GeoDataFrame:
    """Return the places that a text may mean, the likeliest first.

    Parameters
    ----------
    index
        From :func:`build_index`.
    query
        A name or an address; only the first 200 characters count.
    limit
        How many places at most.
    near
        Longitude and latitude (WGS 84 degrees); of equally good matches the nearer comes first.

    Returns
    -------
    geopandas.GeoDataFrame
        Rows of ``index.places`` (their index kept) with ``match`` (``exact``, ``prefix``, ``substring``, ``street``,
        ``fuzzy``), ``score`` (0–100) and ``distance_m`` from ``near`` (NaN without it). Empty where nothing is alike.

    Raises
    ------
    BadCoordinatesError
        Where ``near`` is no place on Earth.
    """
    folded = fold_name(query[:_LONGEST_QUERY])
    centre = None if near is None else _centre(*near)
    found: dict[int, tuple[str, float]] = {}
    if not folded or limit < 1:
        return _answer(index, found, near)
    turned = _HOUSE_FIRST.fullmatch(folded)
    queries = [folded, f"{turned[2]} {turned[1]}"] if turned else [folded]
    for tier in TIERS:
        for text in queries:
            keys, scores = _TIER[tier](index, text)
            _take(index, found, tier, keys, scores, limit, centre)
        if len(found) >= limit:
            break
    return _answer(index, found, near)


def nearest(
    index: GazetteerIndex, lon: float, lat: float, *, limit: int = 10, kinds: Collection[str] | None = None
) -> gpd.GeoDataFrame:
    """Return the places nearest to a point, with ``distance_m``, the nearest first.

    Parameters
    ----------
    index
        From :func:`build_index`.
    lon, lat
        WGS 84 degrees.
    limit
        How many places at most.
    kinds
        Only places of these kinds, such as ``["address"]``.

    Raises
    ------
    BadCoordinatesError
        Where the point is not on Earth.
    """
    centre = _centre(lon, lat)
    chosen = np.arange(len(index.places))
    if kinds is not None:
        chosen = chosen[index.places["kind"].isin(list(kinds)).to_numpy()]
    # the order on the sphere differs from that on the ellipsoid by half a percent of the distance: take some more
    order = np.argsort(-(index.vectors[chosen] @ centre), kind="stable")[: 2 * max(limit, 0) + 8]
    rows = index.places.iloc[chosen[order]].copy()
    rows["distance_m"] = _distance_from((lon, lat), rows)
    return rows.sort_values("distance_m", kind="stable").head(max(limit, 0))


def _exact(index: GazetteerIndex, text: str) -> tuple[_Ints, _Floats]:
    first = bisect_left(index.keys, text)
    last = first
    while last < len(index.keys) and index.keys[last] == text:
        last += 1
    return np.arange(first, last), np.full(last - first, 100.0)


def _prefix(index: GazetteerIndex, text: str) -> tuple[_Ints, _Floats]:
    first = bisect_left(index.keys, text)
    last = bisect_left(index.keys, text + "\U0010ffff")
    found = np.arange(first, last)
    if text[-1].isdigit():  # house 12 is not the beginning of house 120
        whole = [not index.keys[key][len(text) : len(text) + 1].isdigit() for key in found]
        found = found[np.array(whole, dtype=bool)]
    return found, np.full(len(found), 90.0)


def _substring(index: GazetteerIndex, text: str) -> tuple[_Ints, _Floats]:
    grams = _grams_of(text, padded=False)
    if not grams:
        return np.zeros(0, dtype=np.int64), np.zeros(0)
    rarest = min((_holders(index, gram) for gram in grams), key=len)
    found = np.array([key for key in rarest if text in index.keys[key]], dtype=np.int64)
    return found, np.full(len(found), 80.0)


def _street(index: GazetteerIndex, text: str) -> tuple[_Ints, _Floats]:
    found = _HOUSE_LAST.fullmatch(text)
    if found is None or not found[1]:
        return np.zeros(0, dtype=np.int64), np.zeros(0)
    keys, _ = _exact(index, found[1])
    return keys, np.full(len(keys), 70.0)


def _fuzzy(index: GazetteerIndex, text: str) -> tuple[_Ints, _Floats]:
    weight = np.zeros(len(index.keys))
    for gram in _grams_of(text, padded=True):
        held = _holders(index, gram)
        if len(held):
            weight[held] += math.log1p(len(index.keys) / len(held))
    often = min(_FUZZY_CANDIDATES, int(np.count_nonzero(weight)))
    if not often:
        return np.zeros(0, dtype=np.int64), np.zeros(0)
    candidates = np.sort(np.argpartition(-weight, often - 1)[:often]).astype(np.int64)
    texts = [index.keys[key] for key in candidates]
    whole = _score(text, texts, fuzz.ratio)
    turned = _score(text, texts, fuzz.token_sort_ratio)
    part = _score(text, texts, fuzz.token_set_ratio) * 0.9  # words left out on one side count for less
    score = np.maximum(np.maximum(whole, turned), part)
    good = score >= _LEAST_SCORE
    return candidates[good], score[good] * 0.69  # below the surer tiers


_TIER = {"exact": _exact, "prefix": _prefix, "substring": _substring, "street": _street, "fuzzy": _fuzzy}


def _score(text: str, texts: Sequence[str], scorer: Callable[..., float]) -> _Floats:
    return np.asarray(process.cdist([text], texts, scorer=scorer, dtype=np.float64)[0], dtype=float)


def _take(
    index: GazetteerIndex,
    found: dict[int, tuple[str, float]],
    tier: str,
    keys: _Ints,
    scores: _Floats,
    limit: int,
    centre: _Floats | None,
) -> None:
    if not len(keys):
        return
    place = index.place[keys]
    length = np.array([len(index.keys[key]) for key in keys])
    if centre is None:
        order = np.lexsort((place, index.kind_rank[place], length, -scores))
    else:
        order = np.lexsort((place, index.kind_rank[place], -np.round(index.vectors[place] @ centre, 15), -scores))
    for position in order:
        if len(found) >= limit:
            return
        found.setdefault(int(place[position]), (tier, float(scores[position])))


def _answer(
    index: GazetteerIndex, found: dict[int, tuple[str, float]], near: tuple[float, float] | None
) -> gpd.GeoDataFrame:
    rows = index.places.iloc[list(found)].copy()
    rows["match"] = [tier for tier, _ in found.values()]
    rows["score"] = np.array([score for _, score in found.values()], dtype=float)
    rows["distance_m"] = np.nan if near is None else _distance_from(near, rows)
    return rows.astype({"distance_m": float})


def _distance_from(point: tuple[float, float], rows: gpd.GeoDataFrame) -> _Floats:
    lon, lat = shapely.get_x(rows.geometry.to_numpy()), shapely.get_y(rows.geometry.to_numpy())
    return np.asarray(distance_m(np.full(len(rows), point[0]), np.full(len(rows), point[1]), lon, lat), dtype=float)


def _centre(lon: float, lat: float) -> _Floats:
    if not (math.isfinite(lon) and math.isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90):
        msg = f"({lon}, {lat}) is not a longitude and latitude in degrees; give longitude first"
        raise BadCoordinatesError(msg)
    vector: _Floats = _unit_vectors(np.radians([lon]), np.radians([lat]))[0]
    return vector


def _unit_vectors(lon: _Floats, lat: _Floats) -> _Floats:
    return np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])


def _grams_of_keys(keys: Sequence[str]) -> tuple[_Ints, _Ints, _Ints]:
    """Return the character pairs of all keys at once: pair values, starts, keys (as a compressed sparse column)."""
    text = "\n" + "\n".join(keys) + "\n" if keys else "\n"
    code = np.frombuffer(text.encode("utf-32-le", errors="surrogatepass"), dtype="<u4").astype(np.int64)
    key = np.cumsum(code == ord("\n")) - 1
    # a pair that ends in the separator belongs to the key before it, one that begins with it to the key after
    pairs = (code[:-1] << 21) | code[1:]
    single = (code >= 0x3040) & (code < 0x10FFFF)
    gram = np.concatenate([pairs, code[single]])
    owner = np.concatenate([key[:-1], key[single]])
    real = owner < len(keys)
    gram, owner = gram[real], owner[real]
    order = np.lexsort((owner, gram))
    gram, owner = gram[order], owner[order]
    new = np.ones(len(gram), dtype=bool)
    new[1:] = (gram[1:] != gram[:-1]) | (owner[1:] != owner[:-1])
    gram, owner = gram[new], owner[new]
    values, starts = np.unique(gram, return_index=True)
    return values, np.append(starts, len(gram)).astype(np.int64), owner


def _grams_of(text: str, *, padded: bool) -> list[int]:
    long = f"\n{text}\n" if padded else text
    pairs = [(ord(a) << 21) | ord(b) for a, b in pairwise(long)]
    return list(dict.fromkeys(pairs + [ord(c) for c in text if ord(c) >= 0x3040]))


def _holders(index: GazetteerIndex, gram: int) -> _Ints:
    position = int(np.searchsorted(index.gram, gram))
    if position == len(index.gram) or index.gram[position] != gram:
        return index.gram_key[:0]
    return index.gram_key[index.gram_start[position] : index.gram_start[position + 1]]
