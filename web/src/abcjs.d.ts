/** The little of abcjs that the page uses. */
declare module "abcjs/src/api/abc_tunebook_svg.js" {
  export interface VoiceElement {
    el_type: string;
    startChar: number;
    pitches?: unknown[];
    rest?: { type: string };
    abselem?: { elemset?: (SVGElement | null)[] };
  }
  export interface AudioNote {
    cmd: string;
    pitch?: number;
    start?: number;
    duration?: number;
    startChar?: number;
  }
  export interface Visual {
    lines: { staff?: { voices?: VoiceElement[][] }[] }[];
    warnings?: string[];
    setUpAudio(options: Record<string, unknown>): { tracks: AudioNote[][] };
  }
  export default function renderAbc(
    target: Element | "*",
    abc: string,
    options?: Record<string, unknown>,
  ): Visual[];
}
