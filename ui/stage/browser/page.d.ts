/* What the page has besides the stage's own modules: plotly.js, as far as the stage uses it, and what the stage adds. */

type Point = [number, number];

/** An axis as plotly.js keeps it: `d2p` and `p2d` convert between its data and pixels from its start. */
interface PlotlyAxis {
  _id: string;
  _offset: number;
  _length: number;
  type: string;
  range: [number, number];
  d2p(value: number): number;
  p2d(pixels: number): number;
}

/** The element that plotly.js draws in. */
interface PlotlyPlot extends HTMLDivElement {
  _fullLayout: {
    width: number;
    height: number;
    xaxis: PlotlyAxis;
    yaxis: PlotlyAxis;
    scene: { _scene: { glplot: { canvas: HTMLCanvasElement; redraw(): void }; getCamera(): object } };
  };
  on(event: string, act: () => void): void;
}

interface PlotlyLibrary {
  react(plot: HTMLElement, data: object[], layout: object, config: object): Promise<unknown>;
  relayout(plot: HTMLElement, change: object): Promise<unknown>;
  restyle(plot: HTMLElement, change: object, traces: number[]): Promise<unknown>;
  purge(plot: HTMLElement): void;
}

interface Window {
  Plotly?: PlotlyLibrary;
  descentLab: object;
}

interface HTMLCanvasElement {
  /** How a canvas of the stage is drawn anew at another size; see `Stage.onto`. */
  picture?: { width: number; height: number; draw(ctx: CanvasRenderingContext2D): void };
}

interface Uint8Array<TArrayBuffer extends ArrayBufferLike> {
  toBase64(): string;
}

/** A trace of a figure that Python has made; the stage hands it to plotly.js. */
interface PlotlyTrace {
  type: string;
  [key: string]: unknown;
}

interface PlotlyFont {
  size: number;
  family?: string;
}

/** A layout that Python has made, as far as the stage reads it. */
interface PlotlyLayout {
  margin: Record<"l" | "r" | "t" | "b", number>;
  font: { size: number; family: string };
  xaxis: { range: Point };
  yaxis: { range: Point };
  annotations?: { font: PlotlyFont }[];
  scene?: Record<"xaxis" | "yaxis" | "zaxis", { tickfont?: PlotlyFont }>;
  [key: string]: unknown;
}
