// Standard MIDI files of simple tunes, for the test of the page.

const STEPS = { c: 0, d: 2, e: 4, f: 5, g: 7, a: 9, b: 11 };

/** A file of quavers: ABC letters, small ones an octave higher, `=` before a natural; `sharps` are those of the key. */
export function midi(letters, sharps) {
  const events = [];
  for (const [, natural, letter] of letters.matchAll(/(=?)([A-Ga-g])/g)) {
    const name = letter.toLowerCase();
    const key = 60 + STEPS[name] + (letter === name ? 12 : 0) + (!natural && sharps.includes(name) ? 1 : 0);
    events.push(0, 0x90, key, 80, ...quaver(), 0x80, key, 0);
  }
  events.push(0, 0xff, 0x2f, 0);
  const [head, track] = [Buffer.alloc(14), Buffer.alloc(8)];
  head.write("MThd");
  head.writeUInt32BE(6, 4);
  head.writeUInt16BE(1, 10);
  head.writeUInt16BE(480, 12);
  track.write("MTrk");
  track.writeUInt32BE(events.length, 4);
  return Buffer.concat([head, track, Buffer.from(events)]);
}

/** 240 ticks of 480 to the crotchet, in groups of seven bits. */
function quaver() {
  return [0x80 | (240 >> 7), 240 & 0x7f];
}
