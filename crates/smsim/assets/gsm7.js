// How many SMS a text takes, as crates/sms counts it: the GSM 7 bit default alphabet with its extension table, or UCS-2.
// A test of smsim holds these tables and counts to those of crates/sms.

const BASIC = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const EXTENSION = "\f^{}\\[~]|€";

const SEPTETS = new Map([...[...BASIC].map((c) => [c, 1]), ...[...EXTENSION].map((c) => [c, 2])]);

/** The septets that a character takes: 1, 2 in the extension table, undefined when the alphabet lacks it. */
export const septets = (character) => SEPTETS.get(character);

/** What a text takes: its encoding, units of it, the units that fit, its SMS, and the first character that GSM-7 lacks. */
export function measure(text) {
  const characters = [...text];
  const at = characters.findIndex((c) => septets(c) === undefined);
  const gsm = at < 0;
  const size = (c) => (gsm ? septets(c) : c.length);
  const [single, part] = gsm ? [160, 153] : [70, 67];
  const units = characters.reduce((sum, c) => sum + size(c), 0);
  const parts = units <= single ? 1 : partsOf(characters, size, part);
  return {
    encoding: gsm ? "GSM-7" : "UCS-2",
    units,
    room: parts === 1 ? single : parts * part,
    parts,
    offender: gsm ? null : { character: characters[at], at: characters.slice(0, at).join("").length },
  };
}

/** No cut falls within an escape pair or a surrogate pair. */
function partsOf(characters, size, part) {
  let [parts, filled] = [1, 0];
  for (const character of characters) {
    if (filled + size(character) > part) {
      parts += 1;
      filled = 0;
    }
    filled += size(character);
  }
  return parts;
}

const CODES = [...BASIC.slice(0, 27), "\u001b", ...BASIC.slice(27)];
const EXTENDED = { 10: "\f", 20: "^", 40: "{", 41: "}", 47: "\\", 60: "[", 61: "~", 62: "]", 64: "|", 101: "€" };

/** The text of unpacked septets. */
export function decodeGsm7(octets) {
  let text = "";
  for (let i = 0; i < octets.length; i += 1) {
    if (octets[i] === 0x1b) {
      i += 1;
      text += i < octets.length ? (EXTENDED[octets[i]] ?? CODES[octets[i]] ?? " ") : " ";
    } else {
      text += CODES[octets[i]] ?? "\ufffd";
    }
  }
  return text;
}
