"""The page that a mailed link to a person's data opens. It needs no script: then the person types the code."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from services.common.translations import Language, Translations
from services.mail.site import Site

_FOLDER = Path(__file__).parent
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'self'"
)
# With no-referrer, browsers would send the Origin null with the page's own form. The fragment is in no referrer.
_HEADERS = {"Content-Security-Policy": _POLICY, "Referrer-Policy": "same-origin", "Vary": "Accept, Accept-Language"}
_MEDIA_TYPES = {"page.css": "text/css", "page.js": "text/javascript"}
_TEMPLATES = Environment(
    loader=FileSystemLoader(_FOLDER / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


class ExportPage:
    def __init__(self, translations: Translations, site: Site) -> None:
        self._translations = translations
        self._site = site
        self._files = {name: (_FOLDER / "static" / name).read_bytes() for name in _MEDIA_TYPES}

    def render(self, language: Language, problem: str | None = None) -> Response:
        """`problem` is shown instead of the form."""
        html = _TEMPLATES.get_template("export.html").render(
            language=language.value,
            site=self._site,
            text=lambda key: self._translations.format(language, f"page.export.{key}"),
            problem=problem,
        )
        return HTMLResponse(html, headers={**_HEADERS, "Content-Language": language.value})

    def file(self, name: str) -> Response | None:
        """Returns the page's script or style."""
        content = self._files.get(name)
        return None if content is None else Response(content, media_type=_MEDIA_TYPES[name])
