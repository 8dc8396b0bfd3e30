"""A picture with its words, and the place in a notebook where it is replaced live."""

import base64
import html
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any


@dataclass(frozen=True)
class Picture:
    """A finished picture that a notebook can show and a screen reader can read."""

    png: bytes = field(repr=False)
    alt: str
    """What the picture shows, in words, for somebody who cannot see it."""
    title: str
    """The finding, as drawn above the picture."""

    def __post_init__(self) -> None:
        """Refuse a picture without words."""
        need_words(alt=self.alt, title=self.title)

    def __repr__(self) -> str:
        return f"Picture: {self.alt}"

    def _repr_html_(self) -> str:
        # An <img> in a <figure> keeps its alt text in JupyterLab; image/png output loses it.
        data = base64.b64encode(self.png).decode("ascii")
        return (
            f'<figure style="margin:0"><img alt="{html.escape(self.alt)}" '
            f'src="data:image/png;base64,{data}" '
            'style="max-width:100%;height:auto;background:#fff"></figure>'
        )

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/html": self._repr_html_(), "text/plain": repr(self)}


class Live:
    """Shows one picture that is replaced in place while something runs.

    >>> with Live() as live:  # doctest: +SKIP
    ...     for step in training:
    ...         live.show(lines({"loss": losses}, ...))

    The last picture stays in the notebook. Drawing takes about 0.2 seconds, so show one every
    50 steps or so, not one at each step.
    """

    def __init__(self) -> None:
        self._handle: Any = None
        self._open = False

    def __enter__(self) -> "Live":
        self._open = True
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open = False

    def show(self, picture: Picture) -> None:
        """Put ``picture`` where the previous one was.

        Raises:
            RuntimeError: Outside of ``with Live() as live:``.
        """
        if not self._open:
            raise RuntimeError("show works inside 'with Live() as live:' only")
        if self._handle is None:
            from IPython.display import display

            self._handle = display(picture, display_id=True)
        else:
            self._handle.update(picture)


def need_words(**texts: str) -> None:
    """Raise ValueError for the first text that is empty, by its name."""
    for name, text in texts.items():
        if not text.strip():
            raise ValueError(f"{name} is empty; say in words what the reader should know")
