"""The types of what the browser is sent: the scene of the stage and everything in it.

Figures are plain dicts with arrays in them, and these types define their keys. pyright checks the Python code that
makes them; `python -m tools.contract` writes the same types for the browser (`ui/stage/browser/contract.d.ts`), where
TypeScript checks the JavaScript code that reads them.

A panel is a `Panel` with a `kind`: the name of the file in `ui/stage/browser/panels/` that draws it. The type of a new
kind may be defined here or beside the function that makes it, anywhere in `figures/`.

Colours are names of the palette ("@grid"), positions are in data units unless pixels are mentioned, and a `step` is a
step of the clock: a step of an optimizer, or an epoch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, NotRequired, TypeAlias, TypedDict

import numpy as np

Row: TypeAlias = Annotated[np.ndarray, "Numbers"]
"""An array [n]; in the browser a typed array."""
Rows: TypeAlias = Annotated[np.ndarray, "Numbers[]"]
"""An array [k, n]; in the browser a list of typed arrays."""
Plotly: TypeAlias = dict[str, Any]
"""A part of a Plotly figure, whose keys are those of plotly.js."""
Blend: TypeAlias = Annotated[list[Any], "[string, string, number]"]
"""A colour: [colour a, colour b, share of b]."""
Place: TypeAlias = Annotated[list[float], "[number, number]"]
"""A point [x, y]."""


# -- the scene


class Clock(TypedDict):
    """The clock of a scene: it plays the steps from 0 to `last` in `seconds`.

    `total` is the last step that a training will reach, `first` the displayed number of the first step (default 0),
    `at` the step at which the scene opens, `rest` the share of each step for which the picture pauses. `steps` are the
    steps whose values are sent, if not all are. `live` means that a training is running, `loop` that the clock starts
    again at its end.
    """

    name: str
    last: int
    seconds: float
    play: bool
    live: bool
    total: NotRequired[int]
    first: NotRequired[int]
    at: NotRequired[int]
    rest: NotRequired[float]
    steps: NotRequired[Row]
    loop: NotRequired[bool]


class Look(TypedDict):
    """The style of a line: its colour, its dashes and gaps in pixels, and the marker at its end, if any."""

    color: str
    dash: list[int]
    marker: str | None


class Values(TypedDict):
    """A cell of a table whose number follows the clock."""

    values: Row


Event = TypedDict("Event", {"from": int, "before": str, "text": str})
"""A cell of a table that says `before` until the step `from`, and `text` then."""


class TableRow(TypedDict):
    """A row of a table; its line is drawn beside its label if it has a `style`."""

    label: str
    cells: Sequence[str | Values | Event]
    style: NotRequired[Look]


class Table(TypedDict):
    """The table beside the panels: the first of `columns` is the heading of the rows' labels."""

    columns: list[str]
    rows: Sequence[TableRow]


class Panel(TypedDict):
    """What all panels have besides their `kind`: their share of the width; a `broad` one is below the others."""

    grow: float
    broad: NotRequired[bool]


class Scene(TypedDict):
    """A picture: panels, a table and the clock they share; a scene with the same `id` continues with new arrays.

    `palettes` are colours by name for "light" and "dark", `type` is the font size in pixels, `words` are the texts of
    the controls. `layout` places the table: "side" below the second panel, "under" below all panels, "over" like
    "under", with the first panel above the others.
    """

    id: str
    alt: str
    words: dict[str, str]
    palettes: dict[str, dict[str, str]]
    type: int
    font: str
    layout: str
    clock: Clock
    panels: Sequence[Panel]
    table: Table | None


class About(TypedDict, total=False):
    """The caption of a saved picture: its file's name, the link that opens it, its page and settings in words."""

    file: str
    link: str
    settings: list[str]
    title: str
    question: str


class More(TypedDict):
    """What the stage adds to a scene: its language, the address of plotly.js, and whether the picture is hidden."""

    lang: str
    plotly: str
    about: About
    covered: bool


class Sent(Scene, More):
    """A scene as it is sent to the browser."""


# -- parts of panels


class Figure(TypedDict):
    """The static part of a panel, which plotly.js draws."""

    data: Sequence[Annotated[Plotly, "PlotlyTrace"]]
    layout: Annotated[Plotly, "PlotlyLayout"]


class Track(TypedDict):
    """A line that grows with the clock: a point for every step, or for each of the panel's `steps`.

    x is the step unless there is an `x`.

    `name` is the label at its end, `title` the label in the tooltip, together with `values` (heights). A `faint` line
    is paler; the points of a `scatter` are not joined; `fill` fills the area down to that height. With `take`, every
    step has its own line of so many points; with `cloud`, so many points, and pale lines over their last `trail` steps.
    """

    y: Row
    color: str
    x: NotRequired[Row]
    z: NotRequired[Row]
    values: NotRequired[Row]
    name: NotRequired[str]
    title: NotRequired[str]
    width: NotRequired[float]
    dash: NotRequired[list[int]]
    marker: NotRequired[str | None]
    faint: NotRequired[bool]
    scatter: NotRequired[bool]
    fill: NotRequired[float]
    take: NotRequired[int]
    cloud: NotRequired[int]
    trail: NotRequired[int]


class Across(TypedDict, total=False):
    """The positions of a track's points on an axis that does not show the clock."""

    x: Row


class Shade(TypedDict):
    """The area between the tracks with index `a` and `b`."""

    a: int
    b: int
    color: str


class Upright(TypedDict):
    """A vertical dotted line at step `at`, with a `label`, visible once the clock is there.

    `x` is its position if the x-axis does not show the clock. With a `sign`, "kept" or "stop", that sign is drawn at
    height `y` instead of the line.
    """

    at: float
    color: str
    label: NotRequired[str]
    sign: NotRequired[str]
    x: NotRequired[float]
    y: NotRequired[float]


class Card(TypedDict):
    """A note that appears at step `at`; the button `act` (none if empty) picks this contender."""

    at: int
    style: Look
    title: str
    lines: list[str]
    act: str
    wish: PickContender


class Brush(TypedDict):
    """The brush for a surface that is drawn by hand: its radius, in the surface's units."""

    radius: float


class Charted(Panel):
    """A Plotly figure with tracks above it; the figure is drawn again only if its identifier `mark` changes.

    `along` means that the x-axis shows the clock, `crowd` that labels without room are left out, `dots` that steps are
    marked, `pan` that the picture can be moved. `start` is the ring that a reader drags, `stars` are minima.
    """

    mark: str
    figure: Figure
    tracks: Sequence[Track]
    steps: NotRequired[Row]
    shades: NotRequired[Sequence[Shade]]
    marks: NotRequired[Sequence[Upright]]
    cards: NotRequired[Sequence[Card]]
    start: NotRequired[Place | None]
    stars: NotRequired[Sequence[Place]]
    along: NotRequired[bool]
    crowd: NotRequired[bool]
    dots: NotRequired[bool]
    pan: NotRequired[bool]


# -- kinds of panels


class CurvesPanel(Charted):
    """Curves under the clock."""

    kind: Literal["curves"]


class PlanePanel(Charted):
    """A surface from above, with buttons to zoom."""

    kind: Literal["plane"]
    paint: NotRequired[Brush | None]


class SpacePanel(Charted):
    """A surface in 3-D: Plotly's traces from index `first` on are the tracks, then their current points."""

    kind: Literal["space"]
    first: int


class Patience(TypedDict):
    """Early stopping of the network whose curves are `tracks`: training and validation.

    `best` is the best epoch so far at every point, `stop` the epoch of the stop or -1, `of` the patience in epochs; the
    texts have a place for {count}.
    """

    best: Row
    stop: int
    of: int
    color: str
    tracks: list[int]
    bar: str
    waiting: str
    stopped: str


class PatiencePanel(Charted):
    """Curves with patience as a countdown."""

    kind: Literal["patience"]
    patience: Patience | None


class Vector(TypedDict):
    """A vector for every step."""

    x: Row
    y: Row


class Arrow(Vector):
    """A named arrow for every step; its `role` ("pull", "memory") determines its colour."""

    label: str
    role: str


class Walker(TypedDict):
    """What is drawn around one contender's point; see `figures.step`."""

    reach: float
    scale: float
    arrows: Sequence[Arrow]
    step: Vector
    plain: NotRequired[Vector]
    rates: NotRequired[Vector]
    alike: NotRequired[bool]


class ArrowsPanel(Charted):
    """One step on a surface seen from above: the view follows the point of a path; `says` is the legend's lines."""

    kind: Literal["arrows"]
    walkers: Sequence[Walker]
    says: dict[str, str]


class Line(TypedDict):
    """A line of an equation as MathML: in symbols, and in numbers for x and for y; `most` is its largest font size."""

    role: str
    sentence: str
    symbols: str
    numbers: list[str]
    x: Row
    y: Row
    most: float
    wide: bool


class Lines(TypedDict):
    """The lines of an optimizer; elements of class q<i> in them hold `numbers[i]`, one value per step."""

    lines: Sequence[Line]
    numbers: Sequence[Row]


class Equation(Lines):
    """The equation of one contender."""

    title: str
    color: str


class EquationPanel(Panel):
    """The equation of a step, for the contender that is chosen; `axes` are the names of the two coordinates."""

    kind: Literal["equation"]
    contenders: Sequence[Equation]
    axes: Sequence[str]


class Field(TypedDict):
    """The output of a network over the grid [side · side], or one such row for each of the panel's moments."""

    label: str
    values: Annotated[np.ndarray, "Numbers | Numbers[]"]


class FieldsPanel(Panel):
    """Decision boundaries of networks, with the rows they learn from.

    `points` are [x, y, x, y, ...] within `extent`, `labels` their classes, `held` whether they are validation. With
    `moments` there is a picture for each of these epochs, and `title` has a place for {epoch}.
    """

    kind: Literal["fields"]
    side: int
    extent: Annotated[Any, "[[number, number], [number, number]]"]
    classes: int
    points: Row
    labels: Row
    held: Row
    fields: Sequence[Field]
    moments: NotRequired[Row]
    title: NotRequired[str]


class Histogram(TypedDict):
    """A network's weights: the shares in each bar [moments, bars], and the share that is practically 0."""

    label: str
    color: str
    values: Rows
    zeros: Row


class HistogramsPanel(Panel):
    """Histograms of weights; `width` is that of a bar."""

    kind: Literal["histograms"]
    moments: Row
    width: float
    title: str
    fields: Sequence[Histogram]


class Key(TypedDict):
    """An entry of the key above a map."""

    text: str
    color: NotRequired[Blend]
    hatch: NotRequired[bool]


class Told(TypedDict):
    """A number that the tooltip shows for a cell, [rows, columns]; nan and -1 are left out."""

    name: str
    values: Rows


class Trials(TypedDict):
    """Learning rates that were tried: their final losses, whether they diverged, and the index of the best, or -1."""

    x: Row
    y: Row
    lost: Row
    best: int
    color: str


class Label(TypedDict):
    """A text below a position."""

    at: Place
    text: str


class HeatPanel(Charted):
    """A map whose cells have the colours of their results, or curves over a learning rate.

    `cells` [rows, columns] are indices of `colors`, of which `hatch` is hatched; `x` and `y` are the middles of columns
    and rows, `names` the labels of the axes, `told` the lines of the tooltip. `at` is the ring at the selected cell.
    `whole` curves are drawn completely at every step of the clock.
    """

    kind: Literal["heat"]
    key: Sequence[Key]
    names: list[str]
    cells: NotRequired[Rows]
    colors: NotRequired[list[Blend]]
    hatch: NotRequired[int]
    x: NotRequired[Row]
    y: NotRequired[Row]
    told: NotRequired[Sequence[Told]]
    at: NotRequired[Place]
    labels: NotRequired[Sequence[Label]]
    trials: NotRequired[Sequence[Trials]]
    caption: NotRequired[str]
    whole: NotRequired[bool]


class Curve(Look):
    """A curve of a small chart, always solid."""

    y: Row
    width: float


class Chart(TypedDict):
    """A small chart, with a shorter label for where there is little room."""

    label: str
    brief: str
    tracks: Sequence[Curve]


class Named(TypedDict):
    """A line of a key, or a column of ridges."""

    label: str
    style: Look


class Ticks(TypedDict):
    """The ticks on the axes of small charts."""

    x: list[float]
    y: list[float]


class MultiplesPanel(Panel):
    """Small charts with the same axes, `columns` side by side: x from 0 to `x`, y within `y`, a dotted line at `level`.

    `steps` are the epochs of the curves' points, if not all are sent.
    """

    kind: Literal["multiples"]
    columns: int
    cells: Sequence[Chart]
    lines: Sequence[Named]
    x: int
    y: Place
    ticks: Ticks
    level: float
    note: str
    titles: list[str]
    steps: NotRequired[Row]


class RidgesPanel(Panel):
    """A histogram for every layer (a row) of every network (a column), at the clock's epoch.

    `heights` and `told` have a row for each cell, column by column, with all its moments one after the other: `bins`
    heights, and four numbers (spread, share of saturated or dead units, share below, share above the histogram).
    `ticks` are [share of the width, text].
    """

    kind: Literal["ridges"]
    title: str
    bins: int
    moments: Row
    ticks: Annotated[Sequence[list[Any]], "[number, string][]"]
    columns: Sequence[Named]
    rows: list[str]
    heights: Rows
    told: Rows
    words: dict[str, str]


class ProfilePanel(Charted):
    """Curves over the layers, one for each network, at the clock's epoch."""

    kind: Literal["profile"]
    moments: Row


class WholePanel(Charted):
    """Curves that are drawn completely, with a vertical line at the clock's epoch."""

    kind: Literal["whole"]


class GridPanel(Charted):
    """The cells of a search: squares with sides of twice `half`, or dots (None), coloured by `values` [epochs, cells].

    `cells` are their numbers from 1, `stops` the colours from `low` to `high`; `best` is the index of the best cell or
    -1, `win` the text in it, `chosen` the number of the selected cell.
    """

    kind: Literal["grid"]
    x: Row
    y: Row
    half: Place | None
    values: Rows
    sd: Rows
    names: list[str]
    cells: Row
    stops: list[str]
    low: float
    high: float
    best: int
    win: str
    chosen: int
    title: str


class FoldsPanel(Panel):
    """A strip for each fold: the role of every row (0 training, 1 validation, 2 test), and the fold's current score."""

    kind: Literal["folds"]
    roles: Rows
    targets: Row
    colors: list[str]
    words: dict[str, str]
    labels: list[str]
    values: Rows


# -- the events of the browser


class Start(TypedDict):
    """Another starting point, from a click, or from a drag that may still go on."""

    at: Place
    dragging: bool


class PickContender(TypedDict):
    """A click on the learning rate that a card suggests for this contender."""

    contender: int


class PickStep(TypedDict):
    """The step at which the reader has stopped the clock."""

    at: int


class PickPlace(TypedDict):
    """A clicked position on a map."""

    at: Place


class PickCell(TypedDict):
    """A clicked cell of a search."""

    cell: int


class Paint(TypedDict):
    """A stroke of the brush: its points on the surface, and whether it raises or lowers the surface."""

    points: Sequence[Place]
    up: bool
