"""Pictures for the course: one look, and every picture also says in words what it shows.

Fixed here for all notebooks:

* data go in (tensors on any device, numpy arrays or lists) and a `Picture` comes out; nothing
  is computed but the layout;
* categories use the Okabe-Ito colours together with line styles or markers, so that nothing
  rests on colour alone; quantities that cannot be negative use cividis; signed ones use a
  diverging scale centred on 0 (blue positive, red negative);
* the title states the finding, the axes name quantity and unit, ``alt`` says the same in words;
* the same data give the same bytes, and matplotlib's global settings stay as they were.
"""

from interp_course.figure_inputs import Panel
from interp_course.figures.amounts import bars
from interp_course.figures.clouds import complex_plane, scatter
from interp_course.figures.curves import lines
from interp_course.figures.distributions import histogram
from interp_course.figures.grids import heatmap, patterns
from interp_course.figures.paths import Stop, paths
from interp_course.figures.trees import tree
from interp_course.picture import Live, Picture

__all__ = [
    "Live",
    "Panel",
    "Picture",
    "Stop",
    "bars",
    "complex_plane",
    "heatmap",
    "histogram",
    "lines",
    "paths",
    "patterns",
    "scatter",
    "tree",
]
