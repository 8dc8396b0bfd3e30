"""How Sphinx makes the site. Nothing is run, and no page asks for anything from elsewhere."""

from pathlib import Path

project = "Interp course"
author = "the authors of the Interp course"
extensions = ["myst_nb", "website.mathml"]
html_theme = "furo"
html_title = project
html_static_path = [str(Path(__file__).parent / "static")]
html_css_files = ["site.css"]
html_math_renderer = "mathml"
html_copy_source = False
html_show_search_summary = False  # would fetch pages, which browsers refuse for files
html_show_sourcelink = False
html_show_sphinx = False
html_show_copyright = False
html_theme_options = {"top_of_page_buttons": []}
highlight_language = "text"
nb_execution_mode = "off"
nb_output_stderr = "remove"
myst_enable_extensions = ["amsmath", "dollarmath"]
myst_heading_anchors = 4
suppress_warnings = [
    "misc.highlighting_failure",  # a cell may hold a magic command
    "myst.header",  # a notebook may go from `#` to `###`
    "mystnb.unknown_mime_type",
]
