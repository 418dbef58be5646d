// Instants are microseconds since the epoch, as in records; a world shows them in its own time zone.

const formats = new Map();
function format(zone, options) {
  const key = `${zone} ${JSON.stringify(options)}`;
  if (!formats.has(key)) {
    const make = (timeZone) => new Intl.DateTimeFormat("en-GB", { ...options, timeZone, hourCycle: "h23" });
    try {
      formats.set(key, make(zone));
    } catch {
      // A zone that this browser does not know.
      formats.set(key, make("UTC"));
    }
  }
  return formats.get(key);
}

const CLOCK = { hour: "2-digit", minute: "2-digit", second: "2-digit" };

/** 14:01:08 */
export const clockTime = (us, zone) => format(zone, CLOCK).format(us / 1000);
/** 14:01:08.250 */
export const exactTime = (us, zone) => `${clockTime(us, zone)}.${String(Math.floor(us / 1000) % 1000).padStart(3, "0")}`;
/** Mon 2 Mar 2009 */
export const date = (us, zone) => format(zone, { weekday: "short", day: "numeric", month: "short", year: "numeric" }).format(us / 1000).replace(",", "");
/** PST, or GMT-8 where the browser knows no letters. */
export function zoneName(us, zone) {
  const parts = format(zone, { ...CLOCK, timeZoneName: "short" }).formatToParts(us / 1000);
  return US_ZONES[zone]?.[isSummer(us, zone) ? 1 : 0] ?? parts.find((part) => part.type === "timeZoneName")?.value ?? "";
}
const US_ZONES = {
  "America/Los_Angeles": ["PST", "PDT"], "America/Denver": ["MST", "MDT"],
  "America/Chicago": ["CST", "CDT"], "America/New_York": ["EST", "EDT"],
};
const isSummer = (us, zone) => offsetMinutes(us, zone) > offsetMinutes(Date.UTC(2009, 0, 1) * 1000, zone);
function offsetMinutes(us, zone) {
  const parts = Object.fromEntries(format(zone, { ...CLOCK, year: "numeric", month: "numeric", day: "numeric" }).formatToParts(us / 1000).map((part) => [part.type, Number(part.value)]));
  return Math.round((Date.UTC(parts.year, parts.month - 1, parts.day, parts.hour, parts.minute, parts.second) - us / 1000) / 60000);
}

/** 2009-03-02 14:00:00, as a world's start is written. */
export function civil(us, zone) {
  const parts = Object.fromEntries(format(zone, { ...CLOCK, year: "numeric", month: "2-digit", day: "2-digit" }).formatToParts(us / 1000).map((part) => [part.type, part.value]));
  return `${parts.year}-${parts.month}-${parts.day} ${parts.hour}:${parts.minute}:${parts.second}`;
}

/** A length of time in two units at most: 350 ms, 2.0 s, 1 m 04 s, 10 h 01 m, 4 d 22 h. */
export function length(us) {
  const ms = Math.max(0, us) / 1000;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const s = Math.floor(ms / 1000);
  if (s < 60) return `${(ms / 1000).toFixed(1)} s`;
  if (s < 3600) return `${Math.floor(s / 60)} m ${String(s % 60).padStart(2, "0")} s`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ${String(Math.floor(s / 60) % 60).padStart(2, "0")} m`;
  return `${Math.floor(s / 86400)} d ${String(Math.floor(s / 3600) % 24).padStart(2, "0")} h`;
}

/** How long after the beginning: +1.0s, +1m01.4s, +2h03m04.5s. */
export function offset(us) {
  const tenths = Math.floor(Math.max(0, us) / 100000);
  const [d, h, m, s] = [Math.floor(tenths / 864000), Math.floor(tenths / 36000) % 24, Math.floor(tenths / 600) % 60, tenths % 600];
  const two = (n) => String(n).padStart(2, "0");
  const seconds = `${Math.floor(s / 10)}.${s % 10}s`;
  if (!d && !h && !m) return `+${seconds}`;
  if (!d && !h) return `+${m}m${seconds.padStart(5, "0")}`;
  return `+${d ? `${d}d${two(h)}` : h}h${two(m)}m${seconds.padStart(5, "0")}`;
}
