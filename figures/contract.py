"""What the browser is sent: the scene of the stage and everything in it, as types.

Figures are plain dicts with arrays in them, and these types say which keys they have. pyright checks whoever makes
them; `python -m tools.contract` writes the same types for the browser's JavaScript (`ui/stage/browser/contract.d.ts`),
where TypeScript checks whoever reads them.

A panel is a `Panel` with a `kind`: the name of the file in `ui/stage/browser/panels/` that draws it. The type of a new
kind may stand here or beside the function that makes it, anywhere in `figures/`.

Colours are names of the palette ("@grid"), places are in the data's units unless they are said to be pixels, and a
`step` is a step of the clock: of an optimizer, or an epoch.
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
    """What is played: steps from 0 to `last`, in `seconds`.

    `total` is the step that a training will reach, `first` what the clock's beginning is called (else 0), `at` the
    step at which the scene opens, `rest` the share of each step for which the picture stands still. `steps` are those
    whose values are sent, where not all are. `live` is a training that runs, `loop` begins anew at the end.
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
    """The look of a line: its colour, its dashes and gaps in pixels, and the marker at its end, if any."""

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
    """The table beside the panels: the first of `columns` heads the labels of the rows."""

    columns: list[str]
    rows: Sequence[TableRow]


class Panel(TypedDict):
    """What all panels have besides their `kind`: their share of the width; a `broad` one stands below the others."""

    grow: float
    broad: NotRequired[bool]


class Scene(TypedDict):
    """A picture: panels, a table and the clock they share; `id` names what goes on with new arrays.

    `palettes` are colours by name for "light" and "dark", `type` is the size of letters in pixels, `words` are the
    texts of the controls. `layout` places the table: "side" below the second panel, "under" below all, "over" as
    "under" with the first panel above the others.
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
    """What a saved picture says of itself: its file's name, the link that opens it, its page and settings in words."""

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
    """A scene as the browser gets it."""


# -- parts of panels


class Figure(TypedDict):
    """What stands still, as plotly.js draws it."""

    data: Sequence[Annotated[Plotly, "PlotlyTrace"]]
    layout: Annotated[Plotly, "PlotlyLayout"]


class Track(TypedDict):
    """A line that grows with the clock: a point for every step, or for each of the panel's `steps`.

    x is the step itself unless there is an `x`.

    `name` stands at its end, `title` in the tip, together with `values` (heights). A `faint` line is paler; of a
    `scatter` no line joins the points; `fill` paints down to that height. With `take`, every step has a line of its own
    with so many points; with `cloud`, so many points and faintly their last `trail` steps.
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
    """The places of a track's points on an axis that is not the clock's."""

    x: Row


class Shade(TypedDict):
    """The area between tracks number `a` and `b`."""

    a: int
    b: int
    color: str


class Upright(TypedDict):
    """A dotted line at `at` of the x-axis, seen once the clock is there.

    With a `label` beside it. `x` is its place where the axis is not the clock's; a `sign`, "kept" or "stop", stands at
    height `y` instead of the line.
    """

    at: float
    color: str
    label: NotRequired[str]
    sign: NotRequired[str]
    x: NotRequired[float]
    y: NotRequired[float]


class Card(TypedDict):
    """A note that comes up at step `at`; the button `act` (none if empty) picks this contender."""

    at: int
    style: Look
    title: str
    lines: list[str]
    act: str
    wish: PickContender


class Brush(TypedDict):
    """A surface that is drawn by hand: the radius of a touch, in its units."""

    radius: float


class Charted(Panel):
    """A panel of Plotly's with tracks above; `mark` names the still part, which is drawn again only when it changes.

    `along` says that the x-axis is the clock's, `crowd` that labels without room are left out, `dots` that steps are
    marked, `pan` that the picture can be moved. `start` is the ring that a reader moves, `stars` are minima.
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
    """A surface in space: Plotly's traces from number `first` on are the tracks, then their heads."""

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
    """A vector of every step."""

    x: Row
    y: Row


class Arrow(Vector):
    """A named arrow of every step; its `role` ("pull", "memory") is its colour."""

    label: str
    role: str


class Walker(TypedDict):
    """What is drawn round one contender's point; see `figures.step`."""

    reach: float
    scale: float
    arrows: Sequence[Arrow]
    step: Vector
    plain: NotRequired[Vector]
    rates: NotRequired[Vector]
    alike: NotRequired[bool]


class ArrowsPanel(Charted):
    """One step from above: the picture follows the point of a path; `says` are the lines of the legend."""

    kind: Literal["arrows"]
    walkers: Sequence[Walker]
    says: dict[str, str]


class Line(TypedDict):
    """A line of an equation as MathML: in symbols, and in numbers for x and for y; `most` is its largest size."""

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
    """Decision regions of networks, with the rows they learn from.

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
    """A network's weights: the shares in bars [moments, bars], and the share of those that are practically 0."""

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
    """A number that the tip names for a cell, [rows, columns]; nan and -1 are left out."""

    name: str
    values: Rows


class Trials(TypedDict):
    """Learning rates that were tried: their ends, whether they diverged, and the number of the best, or -1."""

    x: Row
    y: Row
    lost: Row
    best: int
    color: str


class Label(TypedDict):
    """A text below a place."""

    at: Place
    text: str


class HeatPanel(Charted):
    """A map of cells in the colours of what became of them, or curves over a learning rate.

    `cells` [rows, columns] are numbers of `colors`, of which `hatch` is hatched; `x` and `y` are the middles of columns
    and rows, `names` those of the axes, `told` what the tip says. `at` is the ring at the cell looked at. `whole`
    curves do not wait for the clock.
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
    """A curve of a small chart; it has no dashes."""

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
    """Where the axes of small charts have numbers."""

    x: list[float]
    y: list[float]


class MultiplesPanel(Panel):
    """Small charts with the same axes, `columns` side by side: x from 0 to `x`, y within `y`, a dotted line at `level`.

    `steps` are the epochs of the curves' points, where not all are sent.
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
    """A histogram for every layer (down) of every network (across), at the moment of the clock.

    `heights` and `told` have a row for each cell, column by column, with all its moments one after the other: `bins`
    heights, and four numbers (size, share lost, share below, share above). `ticks` are [share of the way, text].
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
    """Curves over the layers, one for each network, at the moment of the clock."""

    kind: Literal["profile"]
    moments: Row


class WholePanel(Charted):
    """Curves that stand there whole, with a line at the epoch of the clock."""

    kind: Literal["whole"]


class GridPanel(Charted):
    """The cells of a search: squares with sides of twice `half`, or dots (None), coloured by `values` [epochs, cells].

    `cells` are their numbers from 1, `stops` the colours from `low` to `high`; `best` is the place of the best cell or
    -1, `win` what stands in it, `chosen` the number of the cell looked at.
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
    """A strip for each fold: the role of every row (0 training, 1 validation, 2 test), and its score at the clock."""

    kind: Literal["folds"]
    roles: Rows
    targets: Row
    colors: list[str]
    words: dict[str, str]
    labels: list[str]
    values: Rows


# -- what the browser asks for


class Start(TypedDict):
    """Another starting point, clicked, or dragged and still in the hand."""

    at: Place
    dragging: bool


class PickContender(TypedDict):
    """The learning rate that a card offers for this contender."""

    contender: int


class PickStep(TypedDict):
    """The step at which the reader has stopped."""

    at: int


class PickPlace(TypedDict):
    """A place on a map."""

    at: Place


class PickCell(TypedDict):
    """A cell of a search."""

    cell: int


class Paint(TypedDict):
    """A stroke of the brush: where it touched the surface, and whether it paints up."""

    points: Sequence[Place]
    up: bool
