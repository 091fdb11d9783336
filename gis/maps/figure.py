"""A Folium figure that needs no network: every script and style sheet is inlined, or served by us.

Folium's elements link to content delivery networks. Here they may ask for what they like while they render;
afterwards every link is replaced from a table, and a link that is not in the table is an error, so a new
plugin cannot leak. Scripts are allowed by the hash of their text (or by the server's nonce), never by
patching tags, which would bless an injected one too.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import folium
from branca.element import CssLink, Element, Figure, JavascriptLink
from folium.template import Template

from gis.maps.text import Text

_OWN_LINKS = ("leaflet", "leaflet_css")
_CSS_URL = re.compile(r"url\(\s*['\"]?(?!data:|#)[^)]*\)")


class Verbatim(Element):  # type: ignore[misc]
    """Finished text. Branca's own `Element` would compile it as a template, and with it what people typed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._name = "Verbatim"
        self.text = text

    def render(self, **kwargs: Any) -> str:
        """Return the text as it is."""
        return self.text


class OfflineMap(folium.Map):  # type: ignore[misc]
    """Folium's map with Leaflet alone: no jQuery, Bootstrap or icon fonts, and no script of its own in the head.

    Folium's ``Popup``, ``Tooltip`` and ``Icon`` need what is left out here; use the layers of
    :mod:`gis.maps.layers` and ``GeoJsonTooltip``.
    """

    _template = Template(
        """
        {% macro header(this, kwargs) %}{% endmacro %}
        {% macro html(this, kwargs) %}<div class="folium-map" id={{ this.get_name()|tojson }}></div>{% endmacro %}
        {% macro script(this, kwargs) %}
            const {{ this.get_name() }} = L.map({{ this.get_name()|tojson }}, {
                center: {{ this.location|tojson }}, crs: L.CRS.{{ this.crs }}, ...{{ this.options|tojavascript }}
            });
            {% if this.control_scale %}L.control.scale({imperial: false, position: "bottomright"}).addTo({{ this.get_name() }});{% endif %}
        {% endmacro %}
        """
    )
    default_js = [link for link in folium.Map.default_js if link[0] in _OWN_LINKS]  # noqa: RUF012 (Folium's own form)
    default_css = [link for link in folium.Map.default_css if link[0] in _OWN_LINKS]  # noqa: RUF012


ASSETS: Mapping[str, str] = {
    url: f"leaflet/{url.rpartition('/')[2]}" for _, url in (*OfflineMap.default_js, *OfflineMap.default_css)
}
"""What Folium links to → our file, by its path under ``web/static/vendor``."""


class OfflineFigure(Figure):  # type: ignore[misc]
    """The root of a Folium page that asks nobody for anything.

    Parameters
    ----------
    assets
        Text of our files by their path under ``web/static/vendor``; inlined.
    served_at
        Where those files are served instead of inlined, such as ``/static/vendor``; then ``nonce`` is needed.
    nonce
        The nonce of the response's ``Content-Security-Policy`` for a page that links to served files.
    title
        Of the page.
    language
        The page's language when it opens, ``zh`` or ``en``.
    style
        The page's own style sheet.
    images
        What else images may come from: origins of a tile server.
    """

    def __init__(
        self,
        assets: Mapping[str, str],
        *,
        served_at: str | None = None,
        nonce: str | None = None,
        title: Text | str = "",
        language: str = "zh",
        style: str = "",
        images: tuple[str, ...] = (),
    ) -> None:
        if served_at is not None and not nonce:
            raise ValueError("a page that links to served files needs the nonce of its response")
        if nonce and not re.fullmatch(r"[A-Za-z0-9+/=_-]+", nonce):
            raise ValueError("a nonce is base64")
        super().__init__()
        self.assets = assets
        self.served_at = served_at
        self.nonce = nonce
        self.page_title = Text.of(title)
        self.language = language
        self.style = style
        self.images = images
        self.scripts: list[str] = []

    def add_script(self, text: str) -> None:
        """Add a script that runs after the libraries and before the map is made."""
        self.scripts.append(text)

    def render(self, **kwargs: Any) -> str:
        """Return the page.

        Raises
        ------
        KeyError
            If an element links to something that is not in `ASSETS`, or the file is not in ``assets``.
        """
        for child in list(self._children.values()):
            child.render(**kwargs)
        links, styles, head = self._split_header(**kwargs)
        body = "".join(child.render(**kwargs) for child in self.html._children.values())
        made = "\n".join(child.render(**kwargs) for child in self.script._children.values())
        inline = [*([] if self.served_at else [self._inlined_script(name) for name in links]), *self.scripts, made]
        inline = [_closed(text) for text in inline]
        policy = self._policy(inline)
        zh = self.language != "en"
        parts = [
            f'<!doctype html>\n<html lang="{"zh-CN" if zh else "en"}">\n<head>\n<meta charset="utf-8">\n',
            f'<meta http-equiv="Content-Security-Policy" content="{html.escape(policy)}">\n',
            '<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">\n',
            '<meta name="referrer" content="no-referrer">\n<meta name="robots" content="noindex">\n',
            f"<title>{html.escape(self.page_title[self.language])}</title>\n",
            *self._style_elements(styles),
            f"<style>{_closed_style(self.style)}</style>\n",
            *head,
            "</head>\n<body>\n",
            body,
        ]
        mark = f' nonce="{html.escape(self.nonce)}"' if self.nonce else ""
        if self.served_at is not None:
            parts += [f'\n<script{mark} src="{html.escape(self._served(name))}"></script>' for name in links]
        parts += [f"\n<script{mark}>{text}</script>" for text in inline]
        return "".join([*parts, "\n</body>\n</html>\n"])

    def _split_header(self, **kwargs: Any) -> tuple[list[str], list[str], list[str]]:
        scripts, styles, head = [], [], []
        for name, child in self.header._children.items():
            if isinstance(child, JavascriptLink):
                scripts.append(ASSETS[child.url])
            elif isinstance(child, CssLink):
                styles.append(ASSETS[child.url])
            elif name != "meta_http":
                head.append(child.render(**kwargs))
        return list(dict.fromkeys(scripts)), list(dict.fromkeys(styles)), head

    def _served(self, name: str) -> str:
        return f"{(self.served_at or '').rstrip('/')}/{name}"

    def _inlined_script(self, name: str) -> str:
        return re.sub(r"(?m)^//# sourceMappingURL=.*$", "", self.assets[name])

    def _style_elements(self, names: list[str]) -> list[str]:
        if self.served_at is not None:
            return [f'<link rel="stylesheet" href="{html.escape(self._served(name))}">\n' for name in names]
        return [f"<style>{_closed_style(_CSS_URL.sub('none', self.assets[name]))}</style>\n" for name in names]

    def _policy(self, scripts: list[str]) -> str:
        if self.nonce:
            allowed = f"'nonce-{self.nonce}'"
        else:
            digests = (hashlib.sha256(text.encode()).digest() for text in scripts)
            allowed = " ".join(f"'sha256-{base64.b64encode(digest).decode('ascii')}'" for digest in digests)
        styles = "'unsafe-inline' 'self'" if self.served_at else "'unsafe-inline'"
        return (
            f"default-src 'none'; script-src {allowed}; style-src {styles}; "
            f"img-src {' '.join(('data:', *self.images))}; base-uri 'none'; form-action 'none'"
        )


def policy_of(page: str) -> str:
    """Return the content security policy that a page carries, for the server to send as a header as well."""
    found = re.search(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', page)
    return html.unescape(found[1]) if found else "default-src 'none'"


def tile_origin(template: str) -> str:
    """Return the image source that a tile URL template needs in the policy.

    Examples
    --------
    >>> tile_origin("https://{s}.tiles.example.org/{z}/{x}/{y}.png"), tile_origin("/tiles/{z}/{x}/{y}.png")
    ('https://*.tiles.example.org', "'self'")
    """
    parts = urlsplit(template)
    if not parts.netloc:
        return "'self'"
    host = re.sub(r"^\{[a-z]\}\.", "*.", parts.netloc)
    if parts.scheme not in ("http", "https") or not re.fullmatch(r"(\*\.)?[A-Za-z0-9.-]+(:\d+)?", host):
        raise ValueError(f"{template!r} is not a tile address such as https://tiles.example.org/{{z}}/{{x}}/{{y}}.png")
    return f"{parts.scheme}://{host}"


def _closed(script: str) -> str:
    """Return a script that cannot end its element early; line ends as the browser hashes them."""
    text = script.replace("\r\n", "\n").replace("\r", "\n")
    if re.search(r"</script|<!--", text, re.IGNORECASE):
        raise ValueError("a script of the page contains </script or <!--: put data in through script_json")
    return text


def _closed_style(style: str) -> str:
    if "</style" in style.lower():
        raise ValueError("a style sheet of the page contains </style")
    return style
