/**
 * `npm start [-- picture]`: the app in Electron, or, where Electron cannot run, the same app in a
 * browser tab. Opens the given picture or a sample.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { chooseHost, hasDisplay, type HostFacts } from "./lib/choose-host";
import { openBrowser } from "./lib/open-browser";
import { projectRoot } from "./lib/project";
import { runCommand } from "./lib/run-command";
import { buildChecks } from "./lib/static-checks";

const defaultPicture = "assets/samples/tea-garden-1280x853.jpg";

/** `npm ci` has built the app already; a clone installed with `--ignore-scripts` has not. */
async function buildWhenMissing(): Promise<boolean> {
  const entries = ["out/main/index.js", "out/cli/spectral.js", "out/renderer/index.html"];
  if (entries.every((entry) => existsSync(join(projectRoot, entry)))) return true;
  for (const { command } of buildChecks) {
    const { code } = await runCommand(command);
    if (code !== 0) return false;
  }
  return true;
}

/** Ends with the app, and ends the app when told to. */
function followChild(child: ChildProcess): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => child.kill(signal));
  }
  child.once("error", (error) => {
    console.error(`Expected the app to start but got: ${error.message}`);
    process.exitCode = 1;
  });
  child.once("exit", (code, signal) => {
    process.exitCode = code ?? (signal === "SIGINT" ? 130 : 1);
  });
}

function startElectron(executable: string, picture: string): void {
  followChild(spawn(executable, [projectRoot, picture], { stdio: "inherit" }));
}

/** Passes the server's output on, and opens the first address that it prints. */
function startInBrowser(picture: string, canOpen: boolean): void {
  const cli = join(projectRoot, "out/cli/spectral.js");
  const child = spawn(process.execPath, [cli, "serve", picture], {
    stdio: ["inherit", "pipe", "inherit"],
  });
  followChild(child);
  let isOpened = !canOpen;
  createInterface({ input: child.stdout }).on("line", (line) => {
    console.log(line);
    const address = /http:\/\/(127\.0\.0\.1|localhost):\d+\/\S*/.exec(line)?.[0];
    if (isOpened || address === undefined) return;
    isOpened = true;
    openBrowser(address);
  });
}

const named = process.argv[2];
// npm runs scripts in the project's root; INIT_CWD is where the person stands.
const picture =
  named === undefined
    ? join(projectRoot, defaultPicture)
    : resolve(process.env["INIT_CWD"] ?? process.cwd(), named);
const facts: HostFacts = {
  platform: process.platform,
  env: process.env,
  electronFolder: join(projectRoot, "node_modules/electron"),
};

if (await buildWhenMissing()) {
  const choice = chooseHost(facts);
  if (choice.kind === "electron") {
    startElectron(choice.executable, picture);
  } else {
    console.log(`Opening the app in a browser tab, since ${choice.reason}.`);
    startInBrowser(picture, hasDisplay(facts));
  }
} else {
  console.error("Expected the build to succeed but it failed; see above, then run `npm ci` again.");
  process.exitCode = 1;
}
