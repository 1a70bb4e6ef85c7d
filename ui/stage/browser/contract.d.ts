/* Written by `python -m tools.contract` from the TypedDicts of figures/: change those instead. */

export type Numbers = Float32Array | Int32Array | Uint16Array | Uint8Array;

/** What is played: steps from 0 to `last`, in `seconds`.

    `total` is the step that a training will reach, `first` what the clock's beginning is called (else 0), `at` the
    step at which the scene opens, `rest` the share of each step for which the picture stands still. `steps` are those
    whose values are sent, where not all are. `live` is a training that runs, `loop` begins anew at the end. */
export interface Clock {
  name: string;
  last: number;
  seconds: number;
  play: boolean;
  live: boolean;
  total?: number;
  first?: number;
  at?: number;
  rest?: number;
  steps?: Numbers;
  loop?: boolean;
}

/** The look of a line: its colour, its dashes and gaps in pixels, and the marker at its end, if any. */
export interface Look {
  color: string;
  dash: number[];
  marker: string | null;
}

/** A cell of a table whose number follows the clock. */
export interface Values {
  values: Numbers;
}

export interface Event {
  from: number;
  before: string;
  text: string;
}

/** A row of a table; its line is drawn beside its label if it has a `style`. */
export interface TableRow {
  label: string;
  cells: (string | Values | Event)[];
  style?: Look;
}

/** The table beside the panels: the first of `columns` heads the labels of the rows. */
export interface Table {
  columns: string[];
  rows: TableRow[];
}

/** What all panels have besides their `kind`: their share of the width; a `broad` one stands below the others. */
export interface Panel {
  grow: number;
  broad?: boolean;
}

/** A picture: panels, a table and the clock they share; `id` names what goes on with new arrays.

    `palettes` are colours by name for "light" and "dark", `type` is the size of letters in pixels, `words` are the
    texts of the controls. `layout` places the table: "side" below the second panel, "under" below all, "over" as
    "under" with the first panel above the others. */
export interface Scene {
  id: string;
  alt: string;
  words: Record<string, string>;
  palettes: Record<string, Record<string, string>>;
  type: number;
  font: string;
  layout: string;
  clock: Clock;
  panels: AnyPanel[];
  table: Table | null;
}

/** What a saved picture says of itself: its file's name, the link that opens it, its page and settings in words. */
export interface About {
  file?: string;
  link?: string;
  settings?: string[];
  title?: string;
  question?: string;
}

/** What the stage adds to a scene: its language, the address of plotly.js, and whether the picture is hidden. */
export interface More {
  lang: string;
  plotly: string;
  about: About;
  covered: boolean;
}

/** A scene as the browser gets it. */
export interface Sent {
  id: string;
  alt: string;
  words: Record<string, string>;
  palettes: Record<string, Record<string, string>>;
  type: number;
  font: string;
  layout: string;
  clock: Clock;
  panels: AnyPanel[];
  table: Table | null;
  lang: string;
  plotly: string;
  about: About;
  covered: boolean;
}

/** What stands still, as plotly.js draws it. */
export interface Figure {
  data: PlotlyTrace[];
  layout: PlotlyLayout;
}

/** A line that grows with the clock: a point for every step, or for each of the panel's `steps`.

    x is the step itself unless there is an `x`.

    `name` stands at its end, `title` in the tip, together with `values` (heights). A `faint` line is paler; of a
    `scatter` no line joins the points; `fill` paints down to that height. With `take`, every step has a line of its own
    with so many points; with `cloud`, so many points and faintly their last `trail` steps. */
export interface Track {
  y: Numbers;
  color: string;
  x?: Numbers;
  z?: Numbers;
  values?: Numbers;
  name?: string;
  title?: string;
  width?: number;
  dash?: number[];
  marker?: string | null;
  faint?: boolean;
  scatter?: boolean;
  fill?: number;
  take?: number;
  cloud?: number;
  trail?: number;
}

/** The places of a track's points on an axis that is not the clock's. */
export interface Across {
  x?: Numbers;
}

/** The area between tracks number `a` and `b`. */
export interface Shade {
  a: number;
  b: number;
  color: string;
}

/** A dotted line at `at` of the x-axis, seen once the clock is there.

    With a `label` beside it. `x` is its place where the axis is not the clock's; a `sign`, "kept" or "stop", stands at
    height `y` instead of the line. */
export interface Upright {
  at: number;
  color: string;
  label?: string;
  sign?: string;
  x?: number;
  y?: number;
}

/** A note that comes up at step `at`; the button `act` (none if empty) picks this contender. */
export interface Card {
  at: number;
  style: Look;
  title: string;
  lines: string[];
  act: string;
  wish: PickContender;
}

/** A surface that is drawn by hand: the radius of a touch, in its units. */
export interface Brush {
  radius: number;
}

/** A panel of Plotly's with tracks above; `mark` names the still part, which is drawn again only when it changes.

    `along` says that the x-axis is the clock's, `crowd` that labels without room are left out, `dots` that steps are
    marked, `pan` that the picture can be moved. `start` is the ring that a reader moves, `stars` are minima. */
export interface Charted {
  grow: number;
  broad?: boolean;
  mark: string;
  figure: Figure;
  tracks: Track[];
  steps?: Numbers;
  shades?: Shade[];
  marks?: Upright[];
  cards?: Card[];
  start?: [number, number] | null;
  stars?: [number, number][];
  along?: boolean;
  crowd?: boolean;
  dots?: boolean;
  pan?: boolean;
}

/** Curves under the clock. */
export interface CurvesPanel {
  grow: number;
  broad?: boolean;
  mark: string;
  figure: Figure;
  tracks: Track[];
  steps?: Numbers;
  shades?: Shade[];
  marks?: Upright[];
  cards?: Card[];
  start?: [number, number] | null;
  stars?: [number, number][];
  along?: boolean;
  crowd?: boolean;
  dots?: boolean;
  pan?: boolean;
  kind: "curves";
}

/** A surface from above, with buttons to zoom. */
export interface PlanePanel {
  grow: number;
  broad?: boolean;
  mark: string;
  figure: Figure;
  tracks: Track[];
  steps?: Numbers;
  shades?: Shade[];
  marks?: Upright[];
  cards?: Card[];
  start?: [number, number] | null;
  stars?: [number, number][];
  along?: boolean;
  crowd?: boolean;
  dots?: boolean;
  pan?: boolean;
  kind: "plane";
  paint?: Brush | null;
}

/** A surface in space: Plotly's traces from number `first` on are the tracks, then their heads. */
export interface SpacePanel {
  grow: number;
  broad?: boolean;
  mark: string;
  figure: Figure;
  tracks: Track[];
  steps?: Numbers;
  shades?: Shade[];
  marks?: Upright[];
  cards?: Card[];
  start?: [number, number] | null;
  stars?: [number, number][];
  along?: boolean;
  crowd?: boolean;
  dots?: boolean;
  pan?: boolean;
  kind: "space";
  first: number;
}

/** Early stopping of the network whose curves are `tracks`: training and validation.

    `best` is the best epoch so far at every point, `stop` the epoch of the stop or -1, `of` the patience in epochs; the
    texts have a place for {count}. */
export interface Patience {
  best: Numbers;
  stop: number;
  of: number;
  color: string;
  tracks: number[];
  bar: string;
  waiting: string;
  stopped: string;
}

/** Curves with patience as a countdown. */
export interface PatiencePanel {
  grow: number;
  broad?: boolean;
  mark: string;
  figure: Figure;
  tracks: Track[];
  steps?: Numbers;
  shades?: Shade[];
  marks?: Upright[];
  cards?: Card[];
  start?: [number, number] | null;
  stars?: [number, number][];
  along?: boolean;
  crowd?: boolean;
  dots?: boolean;
  pan?: boolean;
  kind: "patience";
  patience: Patience | null;
}

/** A vector of every step. */
export interface Vector {
  x: Numbers;
  y: Numbers;
}

/** A named arrow of every step; its `role` ("pull", "memory") is its colour. */
export interface Arrow {
  x: Numbers;
  y: Numbers;
  label: string;
  role: string;
}

/** What is drawn round one contender's point; see `figures.step`. */
export interface Walker {
  reach: number;
  scale: number;
  arrows: Arrow[];
  step: Vector;
  plain?: Vector;
  rates?: Vector;
  alike?: boolean;
}

/** One step from above: the picture follows the point of a path; `says` are the lines of the legend. */
export interface ArrowsPanel {
  grow: number;
  broad?: boolean;
  mark: string;
  figure: Figure;
  tracks: Track[];
  steps?: Numbers;
  shades?: Shade[];
  marks?: Upright[];
  cards?: Card[];
  start?: [number, number] | null;
  stars?: [number, number][];
  along?: boolean;
  crowd?: boolean;
  dots?: boolean;
  pan?: boolean;
  kind: "arrows";
  walkers: Walker[];
  says: Record<string, string>;
}

/** A line of an equation as MathML: in symbols, and in numbers for x and for y; `most` is its largest size. */
export interface Line {
  role: string;
  sentence: string;
  symbols: string;
  numbers: string[];
  x: Numbers;
  y: Numbers;
  most: number;
  wide: boolean;
}

/** The lines of an optimizer; elements of class q<i> in them hold `numbers[i]`, one value per step. */
export interface Lines {
  lines: Line[];
  numbers: Numbers[];
}

/** The equation of one contender. */
export interface Equation {
  lines: Line[];
  numbers: Numbers[];
  title: string;
  color: string;
}

/** The equation of a step, for the contender that is chosen; `axes` are the names of the two coordinates. */
export interface EquationPanel {
  grow: number;
  broad?: boolean;
  kind: "equation";
  contenders: Equation[];
  axes: string[];
}

/** The output of a network over the grid [side · side], or one such row for each of the panel's moments. */
export interface Field {
  label: string;
  values: Numbers | Numbers[];
}

/** Decision regions of networks, with the rows they learn from.

    `points` are [x, y, x, y, ...] within `extent`, `labels` their classes, `held` whether they are validation. With
    `moments` there is a picture for each of these epochs, and `title` has a place for {epoch}. */
export interface FieldsPanel {
  grow: number;
  broad?: boolean;
  kind: "fields";
  side: number;
  extent: [[number, number], [number, number]];
  classes: number;
  points: Numbers;
  labels: Numbers;
  held: Numbers;
  fields: Field[];
  moments?: Numbers;
  title?: string;
}

/** A network's weights: the shares in bars [moments, bars], and the share of those that are practically 0. */
export interface Histogram {
  label: string;
  color: string;
  values: Numbers[];
  zeros: Numbers;
}

/** Histograms of weights; `width` is that of a bar. */
export interface HistogramsPanel {
  grow: number;
  broad?: boolean;
  kind: "histograms";
  moments: Numbers;
  width: number;
  title: string;
  fields: Histogram[];
}

/** An entry of the key above a map. */
export interface Key {
  text: string;
  color?: [string, string, number];
  hatch?: boolean;
}

/** A number that the tip names for a cell, [rows, columns]; nan and -1 are left out. */
export interface Told {
  name: string;
  values: Numbers[];
}

/** Learning rates that were tried: their ends, whether they diverged, and the number of the best, or -1. */
export interface Trials {
  x: Numbers;
  y: Numbers;
  lost: Numbers;
  best: number;
  color: string;
}

/** A text below a place. */
export interface Label {
  at: [number, number];
  text: string;
}

/** A map of cells in the colours of what became of them, or curves over a learning rate.

    `cells` [rows, columns] are numbers of `colors`, of which `hatch` is hatched; `x` and `y` are the middles of columns
    and rows, `names` those of the axes, `told` what the tip says. `at` is the ring at the cell looked at. `whole`
    curves do not wait for the clock. */
export interface HeatPanel {
  grow: number;
  broad?: boolean;
  mark: string;
  figure: Figure;
  tracks: Track[];
  steps?: Numbers;
  shades?: Shade[];
  marks?: Upright[];
  cards?: Card[];
  start?: [number, number] | null;
  stars?: [number, number][];
  along?: boolean;
  crowd?: boolean;
  dots?: boolean;
  pan?: boolean;
  kind: "heat";
  key: Key[];
  names: string[];
  cells?: Numbers[];
  colors?: [string, string, number][];
  hatch?: number;
  x?: Numbers;
  y?: Numbers;
  told?: Told[];
  at?: [number, number];
  labels?: Label[];
  trials?: Trials[];
  caption?: string;
  whole?: boolean;
}

/** A curve of a small chart; it has no dashes. */
export interface Curve {
  color: string;
  dash: number[];
  marker: string | null;
  y: Numbers;
  width: number;
}

/** A small chart, with a shorter label for where there is little room. */
export interface Chart {
  label: string;
  brief: string;
  tracks: Curve[];
}

/** A line of a key, or a column of ridges. */
export interface Named {
  label: string;
  style: Look;
}

/** Where the axes of small charts have numbers. */
export interface Ticks {
  x: number[];
  y: number[];
}

/** Small charts with the same axes, `columns` side by side: x from 0 to `x`, y within `y`, a dotted line at `level`.

    `steps` are the epochs of the curves' points, where not all are sent. */
export interface MultiplesPanel {
  grow: number;
  broad?: boolean;
  kind: "multiples";
  columns: number;
  cells: Chart[];
  lines: Named[];
  x: number;
  y: [number, number];
  ticks: Ticks;
  level: number;
  note: string;
  titles: string[];
  steps?: Numbers;
}

/** A histogram for every layer (down) of every network (across), at the moment of the clock.

    `heights` and `told` have a row for each cell, column by column, with all its moments one after the other: `bins`
    heights, and four numbers (size, share lost, share below, share above). `ticks` are [share of the way, text]. */
export interface RidgesPanel {
  grow: number;
  broad?: boolean;
  kind: "ridges";
  title: string;
  bins: number;
  moments: Numbers;
  ticks: [number, string][];
  columns: Named[];
  rows: string[];
  heights: Numbers[];
  told: Numbers[];
  words: Record<string, string>;
}

/** Curves over the layers, one for each network, at the moment of the clock. */
export interface ProfilePanel {
  grow: number;
  broad?: boolean;
  mark: string;
  figure: Figure;
  tracks: Track[];
  steps?: Numbers;
  shades?: Shade[];
  marks?: Upright[];
  cards?: Card[];
  start?: [number, number] | null;
  stars?: [number, number][];
  along?: boolean;
  crowd?: boolean;
  dots?: boolean;
  pan?: boolean;
  kind: "profile";
  moments: Numbers;
}

/** Curves that stand there whole, with a line at the epoch of the clock. */
export interface WholePanel {
  grow: number;
  broad?: boolean;
  mark: string;
  figure: Figure;
  tracks: Track[];
  steps?: Numbers;
  shades?: Shade[];
  marks?: Upright[];
  cards?: Card[];
  start?: [number, number] | null;
  stars?: [number, number][];
  along?: boolean;
  crowd?: boolean;
  dots?: boolean;
  pan?: boolean;
  kind: "whole";
}

/** The cells of a search: squares with sides of twice `half`, or dots (None), coloured by `values` [epochs, cells].

    `cells` are their numbers from 1, `stops` the colours from `low` to `high`; `best` is the place of the best cell or
    -1, `win` what stands in it, `chosen` the number of the cell looked at. */
export interface GridPanel {
  grow: number;
  broad?: boolean;
  mark: string;
  figure: Figure;
  tracks: Track[];
  steps?: Numbers;
  shades?: Shade[];
  marks?: Upright[];
  cards?: Card[];
  start?: [number, number] | null;
  stars?: [number, number][];
  along?: boolean;
  crowd?: boolean;
  dots?: boolean;
  pan?: boolean;
  kind: "grid";
  x: Numbers;
  y: Numbers;
  half: [number, number] | null;
  values: Numbers[];
  sd: Numbers[];
  names: string[];
  cells: Numbers;
  stops: string[];
  low: number;
  high: number;
  best: number;
  win: string;
  chosen: number;
  title: string;
}

/** A strip for each fold: the role of every row (0 training, 1 validation, 2 test), and its score at the clock. */
export interface FoldsPanel {
  grow: number;
  broad?: boolean;
  kind: "folds";
  roles: Numbers[];
  targets: Numbers;
  colors: string[];
  words: Record<string, string>;
  labels: string[];
  values: Numbers[];
}

/** Another starting point, clicked, or dragged and still in the hand. */
export interface Start {
  at: [number, number];
  dragging: boolean;
}

/** The learning rate that a card offers for this contender. */
export interface PickContender {
  contender: number;
}

/** The step at which the reader has stopped. */
export interface PickStep {
  at: number;
}

/** A place on a map. */
export interface PickPlace {
  at: [number, number];
}

/** A cell of a search. */
export interface PickCell {
  cell: number;
}

/** A stroke of the brush: where it touched the surface, and whether it paints up. */
export interface Paint {
  points: [number, number][];
  up: boolean;
}

export type AnyPanel =
  | ArrowsPanel
  | CurvesPanel
  | EquationPanel
  | FieldsPanel
  | FoldsPanel
  | GridPanel
  | HeatPanel
  | HistogramsPanel
  | MultiplesPanel
  | PatiencePanel
  | PlanePanel
  | ProfilePanel
  | RidgesPanel
  | SpacePanel
  | WholePanel;
