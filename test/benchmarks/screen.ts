/**
 * Measures the built screen in headless Chromium, all of it in one run:
 *
 *     npm run build && npm run bench:screen            # some minutes
 *     npm run bench:screen -- --quick                  # a fraction of the movements
 *
 * Each figure stands beside its bar and, where time is meant, beside the same measure of a page
 * that does nothing, since a loaded machine or a slow browser slows both.
 */
import { readdir, readFile, rm, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import type { Browser, CDPSession, Page } from "playwright-core";
import sharp from "sharp";
import { startServer, type RunningServer } from "../../src/server/start-server.js";
import { launchChromium } from "../support/chromium.js";

const { values } = parseArgs({ options: { quick: { type: "boolean", default: false } } });
const root = resolve(import.meta.dirname, "../..");
const built = resolve(root, process.env["SPECTRAL_OUT"] ?? "out");
const moves = values.quick ? 60 : 400;
const edits = values.quick ? 100 : 1_000;
const MOVE_EVERY_MS = 12;

interface Figure {
  readonly what: string;
  readonly value: string;
  readonly bar: string;
  readonly baseline: string;
}
const figures: Figure[] = [];
const report = (what: string, value: string, bar: string, baseline = "") =>
  figures.push({ what, value, bar, baseline });

/** A picture of that size with enough in it to be compressed like a photo. */
async function photo(folder: string, width: number, height: number): Promise<string> {
  const path = join(folder, `${width}x${height}.jpg`);
  const sample = join(root, "assets/samples/city-at-dusk-2000x1500.jpg");
  await sharp(sample, { limitInputPixels: false })
    .resize(width, height, { fit: "fill", kernel: "linear" })
    .jpeg({ quality: 80 })
    .toFile(path);
  return path;
}

function serve(picturePath: string | null): Promise<RunningServer> {
  return startServer({
    port: 0,
    rendererDir: join(built, "renderer"),
    modelsDir: join(root, "models"),
    childPath: join(built, "engine/child.js"),
    picturePath,
    version: "benchmark",
    log: () => undefined,
  });
}

async function withPicture(
  browser: Browser,
  picturePath: string | null,
  measure: (page: Page, cdp: CDPSession, server: RunningServer) => Promise<void>,
): Promise<void> {
  const server = await serve(picturePath);
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  try {
    await page.goto(server.address);
    if (picturePath !== null) {
      await page.locator(".canvas > .frame").waitFor({ timeout: 180_000 });
      await page.getByRole("button", { name: "Skip the tour" }).press("Enter");
      await page.waitForLoadState("networkidle");
    }
    await measure(page, await page.context().newCDPSession(page), server);
  } finally {
    await page.close();
    await server.close();
  }
}

/** Starts to record, in the page, when frames come and how long each movement takes to be shown. */
async function record(page: Page): Promise<void> {
  // The runner of this file wraps named functions in a helper that the page does not have.
  await page.evaluate("globalThis.__name = (named) => named");
  await page.evaluate(() => {
    const frames: number[] = [];
    const shown: number[] = [];
    const onMove = () => {
      const began = performance.now();
      // After the frame's drawing, which was asked for before this.
      requestAnimationFrame(() => {
        const channel = new MessageChannel();
        channel.port1.onmessage = () => shown.push(performance.now() - began);
        channel.port2.postMessage(null);
      });
    };
    window.addEventListener("pointermove", onMove, { capture: true });
    let isOn = true;
    const frame = (now: number) => {
      frames.push(now);
      if (isOn) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
    Object.assign(window, {
      stopRecording: () => {
        isOn = false;
        window.removeEventListener("pointermove", onMove, { capture: true });
        return { frames, shown };
      },
    });
  });
}

async function stop(page: Page): Promise<{ frames: number[]; shown: number[] }> {
  // Put there by `record`.
  return page.evaluate(() =>
    (
      window as unknown as { stopRecording: () => { frames: number[]; shown: number[] } }
    ).stopRecording(),
  );
}

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** Sends events at an even pace, like a hand, whether the page keeps up or not. */
async function paced(count: number, send: (index: number) => Promise<unknown>): Promise<void> {
  const start = performance.now();
  const sent: Promise<unknown>[] = [];
  for (let i = 0; i < count; i++) {
    sent.push(send(i));
    await pause(Math.max(0, start + (i + 1) * MOVE_EVERY_MS - performance.now()));
  }
  await Promise.all(sent);
}

function sweep(cdp: CDPSession, count: number, at: (t: number) => { x: number; y: number }) {
  return paced(count, (i) => {
    const { x, y } = at(i / count);
    const type = "mouseMoved";
    return cdp.send("Input.dispatchMouseEvent", { type, x, y, button: "left", buttons: 1 });
  });
}

async function mouse(
  cdp: CDPSession,
  type: "mousePressed" | "mouseReleased",
  x: number,
  y: number,
) {
  const buttons = type === "mousePressed" ? 1 : 0;
  await cdp.send("Input.dispatchMouseEvent", {
    type,
    x,
    y,
    button: "left",
    buttons,
    clickCount: 1,
  });
}

const wave = (t: number) => ({
  x: 500 + 300 * Math.sin(7 * Math.PI * t),
  y: 370 + 180 * Math.sin(5 * Math.PI * t),
});

function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}
const ms = (value: number) => `${value.toFixed(1)} ms`;
const fpsOf = (frames: readonly number[]) =>
  (1000 * (frames.length - 1)) / ((frames.at(-1) ?? 0) - (frames[0] ?? 0));
const mb = (bytes: number) => `${(bytes / 1_048_576).toFixed(1)} MB`;

/** The same movements over a page that shows nothing: the machine's own pace. */
async function idle(browser: Browser): Promise<{ fps: number; latency: number }> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  await record(page);
  const cdp = await page.context().newCDPSession(page);
  await mouse(cdp, "mousePressed", 500, 370);
  await sweep(cdp, moves, wave);
  const { frames, shown } = await stop(page);
  await page.close();
  return { fps: fpsOf(frames), latency: quantile(shown, 0.95) };
}

async function measureStart(browser: Browser): Promise<void> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  const began = performance.now();
  const server = await serve(null);
  await page.goto(server.address);
  await page.getByRole("button", { name: /^Open/ }).first().click({ trial: true });
  report(
    "interactive after the host's start",
    `${Math.round(performance.now() - began)} ms`,
    "1000 ms",
  );
  await page.close();
  await server.close();
}

/**
 * Time on processors that all of Chromium takes for something, in milliseconds: unlike a latency it
 * says the same on a busy machine.
 */
async function processorMs(browser: Browser, act: () => Promise<void>): Promise<number> {
  const session = await browser.newBrowserCDPSession();
  const total = async () => {
    const { processInfo } = await session.send("SystemInfo.getProcessInfo");
    return processInfo.reduce((sum, { cpuTime }) => sum + 1000 * cpuTime, 0);
  };
  const before = await total();
  await act();
  const taken = (await total()) - before;
  await session.detach();
  return taken;
}

async function measureBrush(page: Page, cdp: CDPSession, idleLatency: number): Promise<void> {
  await page.getByRole("application", { name: "Picture" }).focus();
  for (const [name, keys] of [
    ["suggested size", []],
    ["largest size", Array<string>(20).fill("]")],
    ["largest, soft", Array<string>(10).fill("Shift+BracketLeft")],
    ["largest, soft, at 100 %", ["1"]],
  ] as const) {
    for (const key of keys) await page.keyboard.press(key);
    await page.waitForLoadState("networkidle");
    await mouse(cdp, "mousePressed", 500, 370);
    // Asking for processor times stalls the browser itself: frames are timed in another sweep.
    const taken = await processorMs(browser, () => sweep(cdp, moves, wave));
    await record(page);
    await sweep(cdp, moves, wave);
    const { shown } = await stop(page);
    await mouse(cdp, "mouseReleased", 500, 370);
    report(
      `brush at 24 MP, ${name}, p95`,
      `${ms(quantile(shown, 0.95))} (${ms(taken / moves)} of processor)`,
      "16 ms",
      ms(idleLatency),
    );
  }
}

async function measureHeap(page: Page, cdp: CDPSession): Promise<void> {
  const used = async () => {
    await cdp.send("HeapProfiler.collectGarbage");
    return (await cdp.send("Runtime.getHeapUsage")).usedSize;
  };
  await page.keyboard.press("0");
  await page.keyboard.press("Control+d");
  for (let i = 0; i < 14; i++) await page.keyboard.press("[");
  const sizes: number[] = [];
  for (let edit = 0; edit <= edits; edit++) {
    if (edit % Math.round(edits / 4) === 0) sizes.push(await used());
    const { x, y } = wave(edit / edits);
    await mouse(cdp, "mousePressed", x, y);
    await mouse(cdp, "mouseReleased", x, y);
    if (edit % 3 === 2) await page.keyboard.press("Control+z");
  }
  report(`heap over ${edits} edits of the mask`, sizes.map(mb).join(" → "), "flat");
}

async function measurePan(page: Page, cdp: CDPSession, idleFps: number): Promise<void> {
  await page.getByRole("application", { name: "Picture" }).focus();
  await page.keyboard.press("h");
  for (const [name, key] of [
    ["fitted", "0"],
    ["at 100 %", "1"],
  ] as const) {
    await page.keyboard.press(key);
    await page.waitForLoadState("networkidle");
    await mouse(cdp, "mousePressed", 500, 370);
    // Asking for processor times stalls the browser itself: frames are timed in another sweep.
    const taken = await processorMs(browser, () => sweep(cdp, moves, wave));
    await record(page);
    await sweep(cdp, moves, wave);
    const { frames } = await stop(page);
    await mouse(cdp, "mouseReleased", 500, 370);
    report(
      `pan at 100 MP, ${name}`,
      `${fpsOf(frames).toFixed(1)} fps (${ms(taken / moves)} of processor)`,
      "55 fps",
      `${idleFps.toFixed(1)} fps`,
    );
  }
  await page.keyboard.press("0");
  await record(page);
  await paced(moves, (i) => {
    const deltaY = i % (moves / 2) < moves / 4 ? -30 : 30;
    const at = { x: 500, y: 370, deltaX: 0, deltaY };
    return cdp.send("Input.dispatchMouseEvent", { type: "mouseWheel", ...at });
  });
  const { frames } = await stop(page);
  report(
    "zoom at 100 MP",
    `${fpsOf(frames).toFixed(1)} fps`,
    "55 fps",
    `${idleFps.toFixed(1)} fps`,
  );
}

/** Resident memory of a process, where the system tells it. */
async function residentBytes(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return 1024 * Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? NaN);
}

/** Code and styles of the page, and what each other language adds when it is chosen. */
async function reportCode(): Promise<void> {
  const assets = join(built, "renderer/assets");
  const isLanguage = (name: string) => /^(de|fr|es|ja|zh)-/.test(name);
  const sizes = { code: 0, languages: 0 };
  for (const name of (await readdir(assets)).filter((each) => /\.(js|css)$/.test(each))) {
    const { byteLength } = gzipSync(await readFile(join(assets, name)), { level: 9 });
    sizes[isLanguage(name) ? "languages" : "code"] += byteLength;
  }
  report("renderer code, gzip", `${Math.round(sizes.code / 1000)} kB`, "300 kB");
  report("five more languages, gzip", `${Math.round(sizes.languages / 1000)} kB`, "none");
}

const folder = await mkdtemp(join(tmpdir(), "spectral-screen-"));
const browser = await launchChromium();
try {
  await reportCode();
  await measureStart(browser);
  const { fps, latency } = await idle(browser);
  let empty = NaN;
  await withPicture(browser, null, async (page, _, server) => {
    await page.waitForLoadState("networkidle");
    empty = await residentBytes(server.enginePid());
  });
  await withPicture(browser, await photo(folder, 6000, 4000), async (page, cdp, server) => {
    const pixels = 6000 * 4000 * 3;
    const taken = (await residentBytes(server.enginePid())) - empty;
    const heap = await cdp.send("Runtime.getHeapUsage");
    const times = ((taken + heap.usedSize) / pixels).toFixed(2);
    report("memory for 24 MP, engine and page", `${times} x its ${mb(pixels)}`, "2.5 x");
    await measureBrush(page, cdp, latency);
    await measureHeap(page, cdp);
  });
  await withPicture(browser, await photo(folder, 10_000, 10_000), (page, cdp) =>
    measurePan(page, cdp, fps),
  );
} finally {
  await browser.close();
  await rm(folder, { recursive: true });
}
for (const { what, value, bar, baseline } of figures) {
  const aside = baseline === "" ? "" : `, doing nothing: ${baseline}`;
  process.stdout.write(`${what.padEnd(38)} ${value.padEnd(34)} bar ${bar}${aside}\n`);
}
