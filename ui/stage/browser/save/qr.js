/* QR codes. */
export function qr(text) { throw new Error("soon"); }
