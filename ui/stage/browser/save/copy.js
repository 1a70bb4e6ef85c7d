/* A live copy is one self-contained HTML file of the current stage, which plays without a server. */

const FOLDER = "../"; // of the stage's modules, from here
const RELATIVE = /(\bfrom\s*|\bimport\s*\(?\s*)"(\.\.?\/[^"]+)"/g; // as an import statement or call names another module
const DESCRIPTION = /\/\*\*[\s\S]*?\*\//g; // JSDoc, whose types name files that only the type checker reads
const PLAIN = "text/javascript";

/** The present stage as a page of its own; `mode` fixes its paper, else it follows its reader's system. `base` is where the
    link below the picture leads; without one there is none. */
export async function copy(stage, { mode = null, title = true, base = document.baseURI } = {}) {
  const folder = new URL(FOLDER, import.meta.url).href;
  const { scene } = stage;
  const [modules, style, plotly, bytes] = await Promise.all([
    inlined(["stage.js", "bytes.js", ...scene.panels.map(({ kind }) => `panels/${kind}.js`)], folder), styled(folder), fetched(new URL(scene.plotly, document.baseURI).href), packed(stage.bytes),
  ]);
  const parts = { modules, style: colours(scene, mode) + style, plotly: await packed(plotly), bytes };
  return new Blob([page(scene, title, base, parts)], { type: "text/html" });
}

async function fetched(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`cannot load ${address}`);
  return answer.text();
}

/** Bytes or text, compressed, as base64. */
async function packed(content) {
  return base64(await new Response(new Blob([content]).stream().pipeThrough(new CompressionStream("gzip"))).blob());
}

function base64(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).split(",")[1]);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}

/** An import map of modules and of all that they import. They name each other as in "lab/draw.js" there, since what stands
    in an address of its own has no neighbours. A name that ends in a slash is a folder, of which a part is imported later. */
async function inlined(entries, folder) {
  const imports = {};
  async function take(path) {
    const name = `lab/${path}`;
    if (name in imports) return;
    imports[name] = null; // in progress: modules may import each other
    const next = [];
    const source = (await fetched(folder + path)).replace(DESCRIPTION, "").replace(RELATIVE, (_, before, other) => {
      const named = new URL(other, folder + path).href.slice(folder.length);
      if (!named.endsWith("/")) next.push(named);
      return `${before}"lab/${named}"`;
    });
    imports[name] = `data:${PLAIN};base64,${await base64(new Blob([source]))}`;
    await Promise.all(next.map(take));
  }
  await Promise.all(entries.map(take));
  const sorted = Object.fromEntries(Object.entries(imports).sort()); // sorted, because they arrive in any order
  return JSON.stringify({ imports: sorted }, null, 1);
}

/** The stage's style sheets, which the page has loaded. */
async function styled(folder) {
  const sheets = [...document.styleSheets].map((sheet) => sheet.href).filter((address) => address?.startsWith(folder));
  return (await Promise.all([...new Set(sheets)].map(fetched))).join("\n");
}

/** The variables that the app's theme sets on its pages. */
function colours({ palettes, font }, mode) {
  const set = ({ paper, text, c5 }) =>
    `:root { --st-background-color: ${paper}; --st-text-color: ${text}; --st-primary-color: ${c5}; --st-font: ${font} }\n`;
  if (mode) return `:root { color-scheme: ${mode} }\n${set(palettes[mode])}`;
  const dark = `@media (prefers-color-scheme: dark) { ${set(palettes.dark)} }\n`;
  return `:root { color-scheme: light dark }\n${set(palettes.light)}${dark}`;
}

const escaped = (text) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

function page({ about, alt, lang }, title, base, { modules, style, plotly, bytes }) {
  const head = (title && about.title) || "";
  const link = about.link && base ? new URL(about.link, base).href : "";
  const settings = (about.settings ?? []).join(" · ");
  return `<!doctype html>
<html lang="${lang}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(head || about.title || "Descent Lab")}</title>
<style>
${style}
${LOOK}
</style>
<script type="importmap">
${modules}
</script>
<body>
<header>${head && `<h1>${escaped(head)}</h1>`}<p>${escaped(about.question ?? "")}</p></header>
<p>${escaped(alt)}</p>
<main id="stage"></main>
<footer>${escaped(settings)} ${link && `<a href="${escaped(link)}">${escaped(link.replace(/^https?:\/\//, ""))}</a>`}</footer>
<script type="text/plain" id="plotly">${plotly}</script>
<script type="text/plain" id="scene">${bytes}</script>
<script type="module">
${START}
</script>
`;
}

/** The code that a copy runs: it draws the scene as the app's page does, without any request. */
const START = `
import { Stage } from "lab/stage.js";
import { unpack } from "lab/bytes.js";

async function content(id) {
  const bytes = Uint8Array.from(atob(document.getElementById(id).textContent), (letter) => letter.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
}

const library = document.createElement("script");
library.textContent = new TextDecoder().decode(await content("plotly"));
document.head.append(library);
const scene = unpack(new Uint8Array(await content("scene")));
scene.clock.live = scene.covered = false; // what was still growing stands as far as it had come
scene.about.link = document.querySelector("footer a")?.href;
new Stage(document.getElementById("stage")).update(scene);
`;

const LOOK = `
body { margin: 0 auto; padding: 16px 24px; max-width: 2200px; font: 16px/1.4 var(--st-font); color: var(--st-text-color); background: var(--st-background-color); word-break: keep-all; overflow-wrap: break-word; }
header { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 16px; }
h1 { margin: 0; font-size: 28px; line-height: 1.25; }
header p, footer { color: color-mix(in srgb, var(--st-text-color) 72%, transparent); }
body p { margin: 4px 0; }
footer { margin-top: 8px; font-size: 14px; overflow-wrap: anywhere; }
a { color: var(--st-primary-color); }
@media (min-width: 641px) {
  body { box-sizing: border-box; height: 100vh; min-height: 620px; display: flex; flex-direction: column; }
  main, .dl-stage { flex: 1; min-height: 0; display: flex; flex-direction: column; }
  .dl-stage .dl-panels { flex: 1; min-height: 0; height: auto !important; }
}`;
