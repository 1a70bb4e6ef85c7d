/* A picture as a page of PDF (ISO 32000): its pixels, compressed, on a page of the same proportions. */

const WIDE = 960; // points: as wide as a slide of PowerPoint's 13.33 inches

/** A canvas as a PDF file. What is transparent in it stays so. */
export async function pdf(canvas) {
  const { width, height } = canvas;
  const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
  const colors = new Uint8Array(3 * width * height);
  const alpha = new Uint8Array(width * height);
  for (let i = 0; i < alpha.length; i++) {
    colors.set(data.subarray(4 * i, 4 * i + 3), 3 * i);
    alpha[i] = data[4 * i + 3];
  }
  const page = [WIDE, (WIDE * height) / width].map((v) => v.toFixed(2));
  const clear = alpha.some((a) => a < 255);
  const image = (space, more = "") => `/Type /XObject /Subtype /Image /Width ${width} /Height ${height} /ColorSpace /${space} /BitsPerComponent 8 /Filter /FlateDecode${more}`;
  return file([
    ["/Type /Catalog /Pages 2 0 R"],
    ["/Type /Pages /Kids [3 0 R] /Count 1"],
    [`/Type /Page /Parent 2 0 R /MediaBox [0 0 ${page.join(" ")}] /Contents 4 0 R /Resources << /XObject << /I 5 0 R >> >>`],
    ["", new TextEncoder().encode(`${page[0]} 0 0 ${page[1]} 0 0 cm /I Do`)],
    [image("DeviceRGB", clear ? " /SMask 6 0 R" : ""), await deflated(colors)],
    ...(clear ? [[image("DeviceGray"), await deflated(alpha)]] : []),
  ]);
}

async function deflated(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Objects, each a dictionary's entries and perhaps a stream, as a file with the table of where they begin. */
function file(objects) {
  const parts = ["%PDF-1.5\n"];
  const starts = [];
  let size = parts[0].length;
  const put = (part) => {
    parts.push(part);
    size += part.length;
  };
  objects.forEach(([entries, stream], i) => {
    starts.push(size);
    put(`${i + 1} 0 obj\n<< ${entries}${stream ? ` /Length ${stream.length}` : ""} >>\n`);
    if (stream) ["stream\n", stream, "\nendstream\n"].forEach(put);
    put("endobj\n");
  });
  const table = starts.map((at) => `${String(at).padStart(10, "0")} 00000 n \n`).join("");
  const count = objects.length + 1;
  parts.push(`xref\n0 ${count}\n0000000000 65535 f \n${table}trailer\n<< /Size ${count} /Root 1 0 R >>\nstartxref\n${size}\n%%EOF\n`);
  return new Blob(parts, { type: "application/pdf" });
}
