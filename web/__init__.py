"""What the browser gets: templates, styles, modules, translations."""

from pathlib import Path

FOLDER = Path(__file__).parent
