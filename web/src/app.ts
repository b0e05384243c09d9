/** The page: four views, one at a time, by the part of the address after the hash. */

import { h, say } from "./dom.ts";
import { findView } from "./find.ts";
import { mapView } from "./map.ts";
import { nameView } from "./name.ts";
import { stop } from "./player.ts";
import { runsView } from "./runs.ts";

/** Builds a view; `rest` is what follows its name in the address. What it returns is called when it goes. */
export type View = (main: HTMLElement, rest: URLSearchParams) => (() => void) | void;

const VIEWS: Record<string, [string, View]> = {
  name: ["Name a tune", nameView],
  find: ["Find tunes", findView],
  map: ["Map", mapView],
  runs: ["Runs", runsView],
};

let leave: (() => void) | void;
let shown = "";

function show(): void {
  const [path = "", rest = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const name = path in VIEWS ? path : "name";
  const main = document.getElementById("main");
  if (!main || location.hash === shown) return;
  shown = location.hash;
  stop();
  leave?.();
  say("");
  const [title, view] = VIEWS[name]!;
  document.title = `${title} · Gan Ainm`;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.getAttribute("href") === `#/${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const place = h("div", { class: `view ${name}` });
  main.replaceChildren(place);
  leave = view(place, new URLSearchParams(rest));
}

/** Keeps what a view shows in the address, without building the view again. */
export function remember(name: string, parameters: Record<string, string>): void {
  const given = Object.entries(parameters).filter(([, value]) => value !== "");
  const rest = given.length ? "?" + new URLSearchParams(given).toString() : "";
  history.replaceState(null, "", `#/${name}${rest}`);
  shown = location.hash;
}

window.addEventListener("hashchange", show);
window.addEventListener("DOMContentLoaded", () => {
  document.querySelector(".skip")?.addEventListener("click", (event) => {
    event.preventDefault();
    document.getElementById("main")?.focus();
  });
  show();
});
