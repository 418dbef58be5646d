// MD5 (RFC 1321), to check the signatures of callbacks where they are shown.

const SHIFTS = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];
const SINES = Array.from({ length: 64 }, (_, i) => Math.floor(Math.abs(Math.sin(i + 1)) * 2 ** 32));

/** The digest of a text's UTF-8 octets, in hex. */
export function md5(text) {
  const octets = new TextEncoder().encode(text);
  const blocks = new Uint8Array((((octets.length + 8) >> 6) + 1) * 64);
  blocks.set(octets);
  blocks[octets.length] = 0x80;
  const view = new DataView(blocks.buffer);
  view.setUint32(blocks.length - 8, (octets.length << 3) >>> 0, true);
  view.setUint32(blocks.length - 4, Math.floor(octets.length / 2 ** 29), true);
  let state = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476];
  for (let block = 0; block < blocks.length; block += 64) {
    let [a, b, c, d] = state;
    for (let i = 0; i < 64; i += 1) {
      const round = i >> 4;
      const f = [(b & c) | (~b & d), (d & b) | (~d & c), b ^ c ^ d, c ^ (b | ~d)][round];
      const word = [i, 5 * i + 1, 3 * i + 5, 7 * i][round] % 16;
      const sum = (a + f + SINES[i] + view.getUint32(block + word * 4, true)) | 0;
      const shift = SHIFTS[round][i % 4];
      [a, d, c, b] = [d, c, b, (b + ((sum << shift) | (sum >>> (32 - shift)))) | 0];
    }
    state = [state[0] + a, state[1] + b, state[2] + c, state[3] + d].map((n) => n | 0);
  }
  const out = new DataView(new ArrayBuffer(16));
  state.forEach((n, i) => out.setInt32(i * 4, n, true));
  return [...new Uint8Array(out.buffer)].map((octet) => octet.toString(16).padStart(2, "0")).join("");
}
