/** Plays tunes with a small synthesiser of plucked tones; nothing is fetched. */

import type { AudioNote, Visual } from "abcjs/src/api/abc_tunebook_svg.js";
import { button } from "./dom.ts";
import { type Drawn, elementsAt, parsed } from "./notation.ts";

/** Quarter notes a minute by dance type, at a session's pace; the first that the rhythm has in it counts. */
const TEMPI: [string, number][] = [
  ["slip jig", 174], ["jig", 174], ["slide", 198], ["reel", 200], ["hornpipe", 160], ["barndance", 168],
  ["strathspey", 128], ["polka", 124], ["mazurka", 150], ["waltz", 144], ["march", 168], ["three-two", 180], ["air", 80],
];
const TEMPO = 140;

/** Seconds that are handed to the sound card ahead of time. */
const AHEAD = 0.6;

interface Playing {
  context: AudioContext;
  timer: number;
  over: () => void;
}

let playing: Playing | null = null;

/** Ends whatever sounds. */
export function stop(): void {
  if (!playing) return;
  const { context, timer, over } = playing;
  playing = null;
  window.clearInterval(timer);
  void context.close();
  over();
}

/** Plays a tune from its beginning; what sounded before ends. `over` is called when it ends, however it does. */
export function play(tune: Drawn, over: () => void): void {
  stop();
  const notes = melody(tune.visual);
  const second = 240 / tempo(tune.rhythm);
  const context = new AudioContext();
  const out = context.createDynamicsCompressor();
  out.connect(context.destination);
  const start = context.currentTime + 0.08;
  let next = 0;
  let lit: Element[] = [];
  const light = (elements: Element[]) => {
    for (const element of lit) element.classList.remove("sounds");
    for (const element of elements) element.classList.add("sounds");
    lit = elements;
  };
  const tick = () => {
    const now = context.currentTime - start;
    for (; next < notes.length; next++) {
      const note = notes[next]!;
      const onset = note.start! * second;
      if (onset > now + AHEAD) break;
      pluck(context, out, [note.pitch!, start + onset, note.duration! * second]);
    }
    const sounding = notes.findLast((note) => note.start! * second <= now);
    if (sounding?.startChar !== undefined) light(elementsAt(tune, sounding.startChar));
    const last = notes.at(-1);
    if (!last || now > (last.start! + last.duration!) * second + 0.3) stop();
  };
  const end = () => {
    light([]);
    over();
  };
  playing = { context, timer: window.setInterval(tick, 60), over: end };
  tick();
}

function melody(tune: Visual): AudioNote[] {
  const { tracks } = tune.setUpAudio({ chordsOff: true });
  const notes = tracks.map((track) => track.filter((event) => event.cmd === "note" && event.duration! > 0));
  return notes.find((track) => track.length > 0) ?? [];
}

function tempo(rhythm: string): number {
  return TEMPI.find(([name]) => rhythm.toLowerCase().includes(name))?.[1] ?? TEMPO;
}

/** One tone: a triangle with a soft octave, struck and dying away. */
function pluck(context: AudioContext, out: AudioNode, [pitch, at, length]: [number, number, number]): void {
  const frequency = 440 * 2 ** ((pitch - 69) / 12);
  const end = at + Math.max(length, 0.1) + 0.08;
  const gain = context.createGain();
  gain.gain.setValueAtTime(0, at);
  gain.gain.linearRampToValueAtTime(0.32, at + 0.012);
  gain.gain.exponentialRampToValueAtTime(0.09, at + Math.max(length * 0.8, 0.08));
  gain.gain.linearRampToValueAtTime(0, end);
  gain.connect(out);
  for (const [type, times, level] of [["triangle", 1, 1], ["sine", 2, 0.25]] as const) {
    const tone = context.createOscillator();
    const share = context.createGain();
    tone.type = type;
    tone.frequency.value = frequency * times;
    share.gain.value = level;
    tone.connect(share).connect(gain);
    tone.start(at);
    tone.stop(end);
  }
}

/** A button that plays a tune and stops it; `tune` gives it when it is needed. */
export function playButton(title: string, tune: () => Promise<Drawn | string | null>): HTMLButtonElement {
  const idle = () => {
    knob.textContent = "Play";
    knob.setAttribute("aria-label", `Play ${title}`);
    knob.setAttribute("aria-pressed", "false");
  };
  const press = async () => {
    if (knob.getAttribute("aria-pressed") === "true") return stop();
    stop();
    const found = await tune();
    const music = typeof found === "string" ? parsed(found) : found;
    if (!music) return;
    knob.textContent = "Stop";
    knob.setAttribute("aria-label", `Stop ${title}`);
    knob.setAttribute("aria-pressed", "true");
    play(music, idle);
  };
  const knob = button("Play", () => void press(), { class: "play" });
  idle();
  return knob;
}
