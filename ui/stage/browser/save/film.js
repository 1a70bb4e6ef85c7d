/* Films: the slide's clock from its first to its last step, and a pause at the end, as MP4, WebM or GIF. */

import { Colours, Gif } from "./gif.js";
import { mp4 } from "./mp4.js";
import { webm } from "./webm.js";

const REST = 2; // seconds at the end, or a quarter of a short film
const SAMPLES = 12; // pictures from which a GIF's palette is computed
const KEY = 2; // seconds between key frames, to which players can jump
const QUEUE = 4; // pictures that may wait for the encoder

// What an encoder may be asked for, the best first for its players: H.264's profiles High, Main and Baseline, at level 4.0
// for 1920 x 1080 pixels at 30 pictures a second and 5.1 for more, then VP9 and VP8.
const CODECS = {
  mp4: ["avc1.640028", "avc1.4d0028", "avc1.420028", "avc1.640033", "avc1.4d0033", "avc1.420033"],
  webm: ["vp09.00.40.08", "vp09.00.51.08", "vp8"],
};

// ITU-R BT.709 with 16 for black and 235 for white: what players take HD film to be in, whatever a file says.
/** @type {VideoColorSpaceInit} */
const COLORS = { primaries: "bt709", transfer: "bt709", matrix: "bt709", fullRange: false };

/** The default options of a film; it lasts as long as the page plays, plus the pause. */
function filled(clock, options) {
  return { fps: options.format === "gif" ? 15 : 30, loop: true, seconds: clock.seconds + REST, ...options };
}

/** The clock's times of a film's pictures, in steps: evenly spaced, then a pause; without a clock all are equal. */
export function times(clock, options) {
  const { seconds, fps } = filled(clock, options);
  const n = Math.max(1, Math.round(seconds * fps));
  const runs = Math.max(1, n - 1 - Math.round(Math.min(REST, seconds / 4) * fps));
  return Array.from({ length: n }, (_, i) => clock.last * Math.min(1, i / runs));
}

/** Paint a film's pictures one after the other: `each(canvas, i, n)`, which may take its time, for every one. */
export async function frames(slide, options, each) {
  const canvas = new OffscreenCanvas(slide.width, slide.height);
  const ctx = canvas.getContext("2d", { willReadFrequently: true });
  const all = times(slide.scene.clock, options);
  for (const [i, time] of all.entries()) {
    if (!i || time !== all[i - 1]) {
      slide.at(time);
      ctx.clearRect(0, 0, canvas.width, canvas.height);
      slide.paint(ctx);
    }
    await each(canvas, i, all.length);
    await pause(options.signal);
  }
}

/** Let the page handle events, without a timer, because timers are slow in hidden tabs. */
function pause(signal) {
  signal?.throwIfAborted();
  return new Promise((done) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = done;
    port2.postMessage(null);
  });
}

/** A canvas's RGBA. */
function pixels(canvas) {
  return canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
}

/** A film of a slide as a file, `seconds` long with `fps` pictures in each.

    `format` is "mp4", "webm" or "gif"; `loop` is GIF's: for ever, else once. `progress(share)` is told how far it has come,
    and the `signal` of an AbortController ends it. */
export async function film(slide, options) {
  const settings = filled(slide.scene.clock, options);
  return settings.format === "gif" ? animated(slide, settings) : encoded(slide, settings);
}

async function animated(slide, options) {
  const { width, height } = slide;
  const { progress = () => {}, fps, loop } = options;
  const words = (canvas) => new Uint32Array(pixels(canvas).buffer);
  const seen = new Colours();
  const few = { ...options, fps: SAMPLES / options.seconds };
  await frames(slide, few, (canvas, i, n) => {
    seen.add(words(canvas));
    progress((0.15 * (i + 1)) / n);
  });
  const gif = new Gif(width, height, seen.palette(), { loop });
  const until = (i) => Math.round((100 * i) / fps); // hundredths of a second, in which a GIF counts
  await frames(slide, options, (canvas, i, n) => {
    gif.add(words(canvas), until(i + 1) - until(i));
    progress(0.15 + (0.85 * (i + 1)) / n);
  });
  return gif.blob();
}

/** RGBA as video has it: lightness of every pixel, then the blue and the red of every four, as COLORS says. */
function planes(rgba, width, height) {
  const out = new Uint8Array((width * height * 3) / 2);
  for (let i = 0, at = 0; i < width * height; i++, at += 4)
    out[i] = 16.5 + 0.182586 * rgba[at] + 0.614231 * rgba[at + 1] + 0.062007 * rgba[at + 2];
  let [blue, red] = [width * height, (width * height * 5) / 4];
  for (let y = 0; y < height; y += 2)
    for (let x = 0; x < width; x += 2) {
      const above = 4 * (y * width + x);
      const below = above + 4 * width;
      const mean = (c) => (rgba[above + c] + rgba[above + 4 + c] + rgba[below + c] + rgba[below + 4 + c]) / 4;
      const [r, g, b] = [mean(0), mean(1), mean(2)];
      out[blue++] = 128.5 - 0.100644 * r - 0.338572 * g + 0.439216 * b;
      out[red++] = 128.5 + 0.439216 * r - 0.398942 * g - 0.040274 * b;
    }
  return out;
}

/** The encoder settings that this browser supports for a format and size; null if there are none. */
export async function encoder(format, { width, height, fps = 30 }) {
  if (!window.VideoEncoder) return null; // browsers offer it only over a secure connection
  const bitrate = Math.round(width * height * Math.max(fps, 30) * 0.16); // bits a second at most: sharp type costs many
  for (const codec of CODECS[format]) {
    /** @type {VideoEncoderConfig} */
    const config = { codec, width, height, framerate: fps, bitrate, latencyMode: "quality", ...(format === "mp4" && { avc: { format: "avc" } }) };
    if ((await VideoEncoder.isConfigSupported(config)).supported) return config;
  }
  return null;
}

async function encoded(slide, options) {
  const { width, height } = slide;
  const { format, fps, progress = () => {} } = options;
  const config = await encoder(format, { ...slide, fps });
  if (!config) throw new Error(`no encoder for ${format}`);
  const time = (i) => Math.round((1e6 * i) / fps); // microseconds
  const chunks = [];
  let description; // how a decoder is set up, told with the first chunk
  let wrong = null;
  let wake = () => {};
  const video = new VideoEncoder({
    output(chunk, metadata) {
      description ??= metadata.decoderConfig?.description;
      const data = new Uint8Array(chunk.byteLength);
      chunk.copyTo(data);
      if (chunk.timestamp !== time(chunks.length)) wrong ??= new Error("the encoder has left a picture out");
      chunks.push({ data, key: chunk.type === "key" });
    },
    error(error) {
      wrong = error;
      wake();
    },
  });
  video.addEventListener("dequeue", () => wake());
  video.configure(config);
  try {
    await frames(slide, options, async (canvas, i, n) => {
      /** @type {Omit<VideoFrameBufferInit, "timestamp">} */
      const layout = { format: "I420", codedWidth: width, codedHeight: height, colorSpace: COLORS };
      const picture = new VideoFrame(planes(pixels(canvas), width, height), { ...layout, timestamp: time(i), duration: time(1) });
      video.encode(picture, { keyFrame: i % Math.round(KEY * fps) === 0 });
      picture.close();
      progress(i / n);
      while (video.encodeQueueSize > QUEUE && !wrong) await new Promise((done) => (wake = () => done(null)));
      if (wrong) throw wrong;
    });
    await video.flush();
  } finally {
    if (video.state !== "closed") video.close();
  }
  if (wrong) throw wrong;
  const parts = { chunks, codec: config.codec, width, height, seconds: 1 / fps, description };
  return new Blob(format === "mp4" ? mp4(parts) : webm(parts), { type: `video/${format}` });
}
