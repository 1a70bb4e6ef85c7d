/* Written by `python -m tools.contract` from the TypedDicts of figures/: change those instead. */

export type Numbers = Float32Array | Int32Array | Uint16Array | Uint8Array;

/** The clock of a scene: it plays the steps from 0 to `last` in `seconds`.

    `total` is the last step that a training will reach, `first` the displayed number of the first step (default 0),
    `at` the step at which the scene opens, `rest` the share of each step for which the picture pauses. `steps` are the
    steps whose values are sent, if not all are. `live` means that a training is running, `loop` that the clock starts
    again at its end. */
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

/** The style of a line: its colour, its dashes and gaps in pixels, and the marker at its end, if any. */
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

/** The table beside the panels: the first of `columns` is the heading of the rows' labels. */
export interface Table {
  columns: string[];
  rows: TableRow[];
}

/** What all panels have besides their `kind`: their share of the width; a `broad` one is below the others. */
export interface Panel {
  grow: number;
  broad?: boolean;
}

/** A picture: panels, a table and the clock they share; a scene with the same `id` continues with new arrays.

    `palettes` are colours by name for "light" and "dark", `type` is the font size in pixels, `words` are the texts of
    the controls. `layout` places the table: "side" below the second panel, "under" below all panels, "over" like
    "under", with the first panel above the others. */
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

/** The caption of a saved picture: its file's name, the link that opens it, its page and settings in words. */
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

/** A scene as it is sent to the browser. */
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

/** The static part of a panel, which plotly.js draws. */
export interface Figure {
  data: PlotlyTrace[];
  layout: PlotlyLayout;
}

/** A line that grows with the clock: a point for every step, or for each of the panel's `steps`.

    x is the step unless there is an `x`.

    `name` is the label at its end, `title` the label in the tooltip, together with `values` (heights). A `faint` line
    is paler; the points of a `scatter` are not joined; `fill` fills the area down to that height. With `take`, every
    step has its own line of so many points; with `cloud`, so many points, and pale lines over their last `trail` steps. */
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

/** The positions of a track's points on an axis that does not show the clock. */
export interface Across {
  x?: Numbers;
}

/** The area between the tracks with index `a` and `b`. */
export interface Shade {
  a: number;
  b: number;
  color: string;
}

/** A vertical dotted line at step `at`, with a `label`, visible once the clock is there.

    `x` is its position if the x-axis does not show the clock. With a `sign`, "kept" or "stop", that sign is drawn at
    height `y` instead of the line. */
export interface Upright {
  at: number;
  color: string;
  label?: string;
  sign?: string;
  x?: number;
  y?: number;
}

/** A note that appears at step `at`; the button `act` (none if empty) picks this contender. */
export interface Card {
  at: number;
  style: Look;
  title: string;
  lines: string[];
  act: string;
  wish: PickContender;
}

/** The brush for a surface that is drawn by hand: its radius, in the surface's units. */
export interface Brush {
  radius: number;
}

/** A Plotly figure with tracks above it; the figure is drawn again only if its identifier `mark` changes.

    `along` means that the x-axis shows the clock, `crowd` that labels without room are left out, `dots` that steps are
    marked, `pan` that the picture can be moved. `start` is the ring that a reader drags, `stars` are minima. */
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

/** A surface in 3-D: Plotly's traces from index `first` on are the tracks, then their current points. */
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

/** A vector for every step. */
export interface Vector {
  x: Numbers;
  y: Numbers;
}

/** A named arrow for every step; its `role` ("pull", "memory") determines its colour. */
export interface Arrow {
  x: Numbers;
  y: Numbers;
  label: string;
  role: string;
}

/** What is drawn around one contender's point; see `figures.step`. */
export interface Walker {
  reach: number;
  scale: number;
  arrows: Arrow[];
  step: Vector;
  plain?: Vector;
  rates?: Vector;
  alike?: boolean;
}

/** One step on a surface seen from above: the view follows the point of a path; `says` is the legend's lines. */
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

/** A line of an equation as MathML: in symbols, and in numbers for x and for y; `most` is its largest font size. */
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

/** Decision boundaries of networks, with the rows they learn from.

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

/** A network's weights: the shares in each bar [moments, bars], and the share that is practically 0. */
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

/** A number that the tooltip shows for a cell, [rows, columns]; nan and -1 are left out. */
export interface Told {
  name: string;
  values: Numbers[];
}

/** Learning rates that were tried: their final losses, whether they diverged, and the index of the best, or -1. */
export interface Trials {
  x: Numbers;
  y: Numbers;
  lost: Numbers;
  best: number;
  color: string;
}

/** A text below a position. */
export interface Label {
  at: [number, number];
  text: string;
}

/** A map whose cells have the colours of their results, or curves over a learning rate.

    `cells` [rows, columns] are indices of `colors`, of which `hatch` is hatched; `x` and `y` are the middles of columns
    and rows, `names` the labels of the axes, `told` the lines of the tooltip. `at` is the ring at the selected cell.
    `whole` curves are drawn completely at every step of the clock. */
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

/** A curve of a small chart, always solid. */
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

/** The ticks on the axes of small charts. */
export interface Ticks {
  x: number[];
  y: number[];
}

/** Small charts with the same axes, `columns` side by side: x from 0 to `x`, y within `y`, a dotted line at `level`.

    `steps` are the epochs of the curves' points, if not all are sent. */
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

/** A histogram for every layer (a row) of every network (a column), at the clock's epoch.

    `heights` and `told` have a row for each cell, column by column, with all its moments one after the other: `bins`
    heights, and four numbers (spread, share of saturated or dead units, share below, share above the histogram).
    `ticks` are [share of the width, text]. */
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

/** Curves over the layers, one for each network, at the clock's epoch. */
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

/** Curves that are drawn completely, with a vertical line at the clock's epoch. */
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

    `cells` are their numbers from 1, `stops` the colours from `low` to `high`; `best` is the index of the best cell or
    -1, `win` the text in it, `chosen` the number of the selected cell. */
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

/** A strip for each fold: the role of every row (0 training, 1 validation, 2 test), and the fold's current score. */
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

/** Another starting point, from a click, or from a drag that may still go on. */
export interface Start {
  at: [number, number];
  dragging: boolean;
}

/** A click on the learning rate that a card suggests for this contender. */
export interface PickContender {
  contender: number;
}

/** The step at which the reader has stopped the clock. */
export interface PickStep {
  at: number;
}

/** A clicked position on a map. */
export interface PickPlace {
  at: [number, number];
}

/** A clicked cell of a search. */
export interface PickCell {
  cell: number;
}

/** A stroke of the brush: its points on the surface, and whether it raises or lowers the surface. */
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
