// Walks through the page in headless Chromium: node test/page.mjs GANAINM [FOLDER FOR SCREENSHOTS]
// Nothing may be said on the console, nothing fetched from elsewhere, and everything that can be used has a name.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { midi } from "./midi.mjs";
import { fakeRuns, realRun } from "./runs.mjs";

const [program, shots] = process.argv.slice(2);
assert(program, "name the program: node test/page.mjs target/release/ganainm");
const folder = await mkdtemp(join(tmpdir(), "ganainm-page-"));
const book = new URL("tunes.abc", import.meta.url).pathname;
execFileSync(program, ["corpus", "add", book, "--db", join(folder, "corpus.db")], { stdio: "ignore" });
await fakeRuns(join(folder, "runs"), 20_000);
await realRun(program, join(folder, "runs"));
execFileSync(program, ["corpus", "add", join(folder, "made-up.abc"), "--db", join(folder, "corpus.db")], { stdio: "ignore" });
if (shots) await mkdir(shots, { recursive: true });

/** Starts the server; where it is, and what stops it. */
function serve() {
  const args = ["serve", "--db", join(folder, "corpus.db"), "--runs", join(folder, "runs"), "--port", "0"];
  const server = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  return new Promise((found, failed) => {
    server.on("exit", (code) => failed(new Error(`the server ended with ${code}`)));
    server.stderr.on("data", (text) => {
      // A line may come in pieces.
      said += text;
      const [, address] = /(http:\/\/[^/\s]+)\/ /.exec(said) ?? [];
      if (address) found({ address, server });
    });
  });
}

/** Nothing here takes minutes: whatever hangs ends the test. */
const LONGEST = 150_000;
let server;
setTimeout(() => {
  console.error("the walk through the page hangs");
  server?.kill("SIGKILL");
  process.exit(1);
}, LONGEST).unref();
const served = await serve();
server = served.server;
const { address } = served;
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
const complaints = [];

async function open(options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => {
    if (!request.url().startsWith(address) && !request.url().startsWith("data:")) complaints.push(`fetched ${request.url()}`);
  });
  page.go = async (hash) => {
    await page.goto(`${address}/${hash}`);
    await page.locator("main h2").waitFor();
  };
  page.shot = async (name) => shots && page.screenshot({ path: join(shots, `${name}.png`) });
  return page;
}

/** Every control and picture on the page has a name for those who do not see it. */
async function named(page) {
  const tree = await (await page.context().newCDPSession(page)).send("Accessibility.getFullAXTree");
  const roles = ["button", "link", "textbox", "searchbox", "combobox", "checkbox", "slider", "image", "application", "table", "region"];
  const nameless = tree.nodes.filter((node) => !node.ignored && roles.includes(node.role?.value) && !node.name?.value?.trim());
  assert.deepEqual(nameless.map((node) => node.role.value), [], `without a name at ${page.url()}`);
}

async function names(page, label) {
  await page.go("#/name");
  await page.getByRole("button", { name: "An example" }).click();
  await page.locator(".verdict").waitFor();
  assert(await page.getByRole("img", { name: "Notation: your tune" }).isVisible());
  assert.match(await page.locator(".verdict").innerText(), /The Swallow's Tail/);
  await page.locator(".matches .notation").first().scrollIntoViewIfNeeded();
  await page.getByRole("img", { name: "Notation: The Swallow's Tail" }).waitFor();
  await page.getByRole("button", { name: "Play your tune" }).click();
  await page.locator(".paper .sounds").first().waitFor();
  await page.getByRole("button", { name: "Stop your tune" }).click();
  await named(page);
  await page.shot(`${label}-name`);
}

async function finds(page, label) {
  await page.go("#/find");
  await page.getByRole("searchbox", { name: "Words" }).fill("swalows tale");
  const first = page.locator(".found > li:first-child .title");
  await first.filter({ hasText: "The Swallow's Tail" }).waitFor();
  await page.locator(".found summary").first().click();
  await page.getByRole("img", { name: "Notation: The Swallow's Tail, setting 1" }).waitFor();
  await named(page);
  await page.shot(`${label}-find`);
  await page.getByRole("searchbox", { name: "Words" }).fill("");
  await page.getByRole("combobox", { name: "Type" }).selectOption("reel");
  await page.getByText("2 tunes, the best known first.").waitFor();
}

/** Drops a file on the editor, as a hand would. */
async function drop(page, name, bytes) {
  const data = await page.evaluateHandle(([name, bytes]) => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(bytes)], name));
    return data;
  }, [name, [...bytes]]);
  await page.locator(".desk").dispatchEvent("dragenter", { dataTransfer: data });
  await page.locator(".desk.over").waitFor();
  await page.locator(".desk").dispatchEvent("drop", { dataTransfer: data });
  assert.equal(await page.locator(".desk.over").count(), 0);
}

/** The first bars of The Swallow's Tail, in quavers. */
const HEARD = "EAcBAeAcA|cdefgedB|=G=GB=Gd=GB=G|cdef=g=gf=g|EAcBAeAcA|cdef=g=gf=g|af=gedBGB|AcBGAA|";

async function drops(page, label) {
  await page.go("#/name");
  const editor = page.getByRole("textbox", { name: "A tune in ABC" });
  await drop(page, "heard.abc", Buffer.from("X:1\nM:C|\nL:1/8\nK:A\ncAA eAA|cBc eAA|cAA eAA|dBG Bcd|cAA eAA|cBc efg|agf gfe|dBG Bcd|\n"));
  await page.locator(".verdict", { hasText: "Saddle the Pony" }).waitFor();
  assert.match(await editor.inputValue(), /^X:1\nM:C\|\n/, "the file is in the editor");
  await drop(page, "heard.mid", midi(HEARD, "fcg"));
  await page.locator(".verdict", { hasText: "The Swallow's Tail" }).waitFor();
  assert.match(await editor.inputValue(), /^X:/, "what was read of the file is in the editor");
  assert(await page.getByRole("img", { name: "Notation: your tune" }).isVisible());
  await drop(page, "cut.mid", Buffer.from("MThd and no more"));
  await page.locator(".answers .problem", { hasText: "MIDI" }).waitFor();
  assert.equal(complaints.pop(), "Failed to load resource: the server responded with a status of 422 (Unprocessable Entity)");
  await page.shot(`${label}-drop`);
}

/** Notes that differ have a mark that needs no colour: a wedge above each, and none when another match is looked at. */
async function marks(page, label) {
  await page.go("#/name");
  await page.getByRole("textbox").fill(WRONG);
  await page.locator(".verdict").waitFor();
  await page.locator(".matches .notation").first().scrollIntoViewIfNeeded();
  await page.locator(".matches .wedge").first().waitFor();
  for (const place of [".paper", ".matches"]) {
    const [notes, wedges] = [`${place} .abcjs-note.differs`, `${place} .wedge`].map((found) => page.locator(found));
    assert(await notes.count() > 0, `${place}: no note differs`);
    assert.equal(await wedges.count(), await notes.count());
    const [note, wedge] = [await notes.first().boundingBox(), await wedges.first().boundingBox()];
    assert(wedge.y + wedge.height <= note.y + 2 && wedge.x >= note.x - 12 && wedge.x <= note.x + note.width, `${place}: the wedge is above its note: ${JSON.stringify([note, wedge])}`);
    const { y } = await page.locator(`${place} svg`).first().boundingBox();
    assert(wedge.y >= y, `${place}: the wedge is inside the picture`);
  }
  await page.shot(`${label}-marks`);
}

/** A part of The Swallow's Tail in another key, with a wrong note. */
const WRONG = "M:C|\nL:1/8\nK:G\ndG (3BAG dGBG|Bcde fdcA|=F2AF cFAF|Bcde =f2ef|\ndG (3BAG dGBG|Bcde =f2ef|ge=fd cAFA|GBAF G2||\n";

/** A picture for the README: a tune that was heard a little wrong, and what it is. */
async function picture() {
  const page = await open({ viewport: { width: 900, height: 600 }, colorScheme: "light" });
  await page.go("#/name");
  await page.getByRole("textbox").fill(WRONG);
  await page.locator(".verdict").waitFor();
  await page.locator(".matches .notation").first().scrollIntoViewIfNeeded();
  await page.locator(".matches .differs").first().waitFor({ state: "attached" });
  await page.evaluate(() => (document.activeElement?.blur(), window.scrollTo(0, 0)));
  const { y } = await page.locator(".matches > li").nth(1).boundingBox();
  await page.screenshot({ path: join(shots, "picture.png"), fullPage: true, clip: { x: 0, y: 0, width: 900, height: y } });
  await page.context().close();
}

/** All of a search without a pointer. */
async function keys(page) {
  await page.go("#/find");
  await page.keyboard.type("munster");
  await page.locator(".found > li:first-child .title", { hasText: "The Star of Munster" }).waitFor();
  const until = async (name) => {
    for (let presses = 0; presses < 30; presses++) {
      await page.keyboard.press("Tab");
      const own = await page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent ?? "");
      if (own.includes(name)) return;
    }
    throw new Error(`no way to ${name} by the Tab key`);
  };
  await until("Play The Star of Munster");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Stop The Star of Munster" }).waitFor();
  await page.keyboard.press("Enter");
  await until("The Star of Munster");
  await page.keyboard.press("Enter");
  await page.getByRole("img", { name: /Notation: The Star of Munster/ }).waitFor();
}

/** How long as many discs take on a canvas of this size when the browser draws them: the median of nine frames, in ms. */
function plainFrame(canvas) {
  return canvas.evaluate(({ width, height }) => {
    const context = Object.assign(document.createElement("canvas"), { width, height }).getContext("2d", { willReadFrequently: true });
    const frame = () => {
      const begin = performance.now();
      context.clearRect(0, 0, width, height);
      for (let point = 0; point < 20_000; point++) {
        context.fillStyle = `hsl(${(point % 12) * 30} 60% 50%)`;
        context.beginPath();
        context.arc((point * 7919) % width, (point * 104729) % height, 1.2 * devicePixelRatio, 0, 7);
        context.fill();
      }
      context.getImageData(0, 0, 1, 1);
      return performance.now() - begin;
    };
    const frames = Array.from({ length: 9 }, frame).sort((a, b) => a - b);
    return Number(frames[4].toFixed(1));
  });
}

/** Brings the map into sight: where its middle is on the screen, and how far from there a ring may go. */
async function middle(canvas) {
  await canvas.evaluate((element) => element.scrollIntoView({ block: "center" }));
  const { x, y, width, height } = await canvas.boundingBox();
  return { cx: x + width / 2, cy: y + height / 2, reach: 0.4 * Math.min(width, height) };
}

async function maps(page, label) {
  await page.go("#/map");
  const canvas = page.locator("canvas[data-frame]");
  await canvas.waitFor();
  const { cx, cy } = await middle(canvas);
  const frames = [];
  await page.mouse.move(cx, cy);
  await page.mouse.down();
  for (let step = 0; step < 60; step++) {
    await page.mouse.move(cx + 40 * Math.sin(step / 5), cy + step);
    frames.push(Number(await canvas.getAttribute("data-frame")));
  }
  await page.mouse.up();
  frames.sort((a, b) => a - b);
  const [median, late] = [frames[30], frames[57]];
  const plain = await plainFrame(canvas);
  console.log(`${label}: 20,000 points drawn in ${median} ms (median), ${late} ms (95 %), by the canvas's own arcs in ${plain} ms`);
  assert(median < plain / 2, `a frame takes ${median} ms, and ${plain} ms by the canvas's own arcs`);
  await page.getByRole("button", { name: "Show all" }).click();
  await page.getByRole("button", { name: "Draw a ring" }).click();
  const ring = await middle(canvas);
  const corner = (x, y) => page.mouse.move(ring.cx + x * ring.reach, ring.cy + y * ring.reach, { steps: 4 });
  await corner(-1, -1);
  await page.mouse.down();
  for (const [x, y] of [[1, -1], [1, 1], [-1, 1], [-1, -0.9]]) await corner(x, y);
  await page.mouse.up();
  await page.getByRole("heading", { name: /tunes chosen/ }).waitFor();
  await page.getByRole("searchbox", { name: "Titles with" }).fill("tune 1234");
  await page.getByRole("heading", { name: /11 tunes chosen/ }).waitFor();
  const slider = page.getByRole("slider", { name: "Training" });
  await slider.fill("0");
  await page.getByText("100 steps, early").waitFor();
  await canvas.focus();
  for (const key of ["+", "ArrowLeft", "0"]) await page.keyboard.press(key);
  await named(page);
  await page.waitForTimeout(600);
  await page.shot(`${label}-map`);
}

/** What the canvas shows. */
const drawn = (page) => page.locator("canvas").evaluate((canvas) => canvas.toDataURL());

/** One run over its training: the slider goes over its steps, points move, and what is chosen stays chosen. */
async function trainings(page, label) {
  await page.getByRole("combobox", { name: "Map" }).selectOption("trained, over its training");
  const slider = page.getByRole("slider", { name: "Training" });
  const stepped = page.locator(".slider output", { hasText: /^step \d+ of \d+$/ });
  await stepped.waitFor();
  const last = Number(await slider.getAttribute("max"));
  assert(last > 1 && (await slider.inputValue()) === String(last), `the last of ${last + 1} steps is shown first`);
  const options = (name) => page.getByRole("combobox", { name }).locator("option").allInnerTexts();
  assert.deepEqual(await options("Layer"), ["melody", "title"].flatMap((vectors) => ["PCA", "t-SNE", "UMAP"].map((method) => `${vectors}, ${method}`)));
  assert.deepEqual(await options("Colours"), ["dance type", "mode", "metre"]);
  await page.getByRole("searchbox", { name: "Titles with" }).fill("bog");
  await page.getByRole("heading", { name: /tunes chosen/ }).waitFor();
  await page.waitForTimeout(700);
  const [end, said] = [await drawn(page), await stepped.innerText()];
  await slider.focus();
  await page.keyboard.press("Home");
  assert.notEqual(await stepped.innerText(), said);
  assert.equal(await slider.getAttribute("aria-valuetext"), await stepped.innerText());
  await page.waitForTimeout(200);
  const onTheWay = await drawn(page);
  await page.waitForTimeout(500);
  const start = await drawn(page);
  assert(new Set([start, onTheWay, end]).size === 3, "points move from one step to another");
  await page.getByRole("heading", { name: /tunes chosen/ }).waitFor();
  assert.match(page.url(), /#\/map\?training=trained&step=\d+$/);
  await page.reload();
  await page.locator("canvas[data-frame]").waitFor();
  assert.equal(await slider.inputValue(), "0", "the address keeps the step");
  await slider.focus();
  await page.keyboard.press("End");
  await page.getByRole("combobox", { name: "Layer" }).selectOption("title, t-SNE");
  await page.locator("canvas").focus();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "One tune" }).waitFor();
  await page.getByRole("button", { name: /^Stop The / }).or(page.locator("#status", { hasText: /^The / })).first().waitFor();
  await named(page);
  await page.waitForTimeout(600);
  await page.evaluate(() => window.scrollTo(0, 0));
  await page.shot(`${label}-training`);
}

async function looksAtRuns(page, label) {
  await page.go("#/runs");
  await page.getByRole("button", { name: /^late/ }).click();
  await page.getByRole("img", { name: "Loss by step" }).waitFor();
  await named(page);
  await page.shot(`${label}-runs`);
  await page.getByRole("button", { name: /^trained/ }).click();
  for (const way of ["melody → title", "title → melody"]) {
    const [groups, works] = [`Median rank, ${way}`, `Rank of the truth, ${way}`].map((name) => page.getByRole("img", { name }));
    await groups.waitFor();
    const lines = await works.locator("polyline").count();
    assert(lines > 1 && lines <= 8, `${way}: ${lines} works rose or fell`);
    assert(await groups.locator("polyline").count() > 0);
    assert.equal(await groups.locator(".kept").count(), 1, "the kept look is marked");
    const points = await groups.locator("polyline").first().getAttribute("points");
    assert(points.split(" ").length > 2 && !points.includes("NaN"), `a line over the looks: ${points}`);
  }
  const legend = page.locator("figure", { hasText: "Rank of the truth, melody → title" }).locator(".legend li");
  const title = (await legend.first().innerText()).replace(/ [\d.,]+$/, "");
  await page.getByRole("searchbox", { name: "A validation work, by its title" }).fill(title);
  await legend.nth(1).waitFor({ state: "detached" });
  assert.match(await legend.first().innerText(), new RegExp(`^${title}`));
  await named(page);
  await page.shot(`${label}-tracks`);
  await page.getByRole("button", { name: "study" }).click();
  await page.getByRole("table", { name: "melody → title, mrr" }).waitFor();
}

try {
  const wide = { viewport: { width: 1100, height: 900 } };
  const devices = {
    light: { ...wide, colorScheme: "light" },
    dark: { ...wide, colorScheme: "dark" },
    phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true },
  };
  for (const [label, options] of Object.entries(devices)) {
    const page = await open(options);
    for (const view of [names, drops, marks, finds, maps, trainings, looksAtRuns]) {
      await view(page, label);
      const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      assert(over <= 0, `${label}: ${view.name} is ${over} pixels too wide`);
    }
    if (label === "light") await keys(page);
    await page.context().close();
  }
  if (shots) await picture();
  assert.deepEqual(complaints, []);
  console.log("the page does what it should");
} finally {
  await browser.close();
  server.kill("SIGTERM");
  await rm(folder, { recursive: true, force: true });
}
