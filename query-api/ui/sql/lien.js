// A query in an address. A short one is a parameter, which is read without JavaScript too; a long one is compressed
// after the #, which no server is sent: addresses have a limit there.

const LONGEST = 1800;

async function through(bytes, stream) {
  return new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(stream)).arrayBuffer());
}

/** The address of the page with that query. */
export async function adresse(q) {
  const short = new URL("/sql", location.origin);
  short.searchParams.set("q", q);
  if (short.href.length <= LONGEST) return short.href;
  const packed = await through(new TextEncoder().encode(q), new CompressionStream("deflate-raw"));
  let binary = "";
  for (const byte of packed) binary += String.fromCharCode(byte);
  return `${location.origin}/sql#z=${btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}`;
}

/** The query that the address of this page has after its #, or null. A bomb is not unpacked whole. */
export async function lue(most) {
  const packed = /^#z=([A-Za-z0-9_-]+)$/.exec(location.hash)?.[1];
  if (!packed) return null;
  try {
    const bytes = Uint8Array.from(atob(packed.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
    const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
    const decoder = new TextDecoder();
    let text = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return text + decoder.decode();
      text += decoder.decode(value, { stream: true });
      if (text.length > most) {
        reader.cancel();
        return null;
      }
    }
  } catch {
    return null;
  }
}
