import { cpus, release, totalmem } from "node:os";
import { toErrorData } from "../core/errors.js";
import type { EngineApi, HostApi } from "../shared/api.js";
import type { Settings } from "../shared/settings.js";
import type { HostIdentity } from "./host-methods.js";
import type { Log } from "./log.js";
import { redact } from "./redact.js";
import type { SettingsStore } from "./settings-store.js";

export interface DiagnosticsParts {
  readonly identity: HostIdentity;
  readonly engine: Pick<EngineApi, "getEngineInfo" | "listDevices">;
  readonly store: SettingsStore;
  readonly log: Log;
}

const LOG_LINES = 200;
const MEGABYTE = 1024 * 1024;

/** Answers what a person may want to tell others about a problem. */
export function createDiagnosticsMethods(
  parts: DiagnosticsParts,
): Pick<HostApi, "readLog" | "getDiagnostics"> {
  return {
    readLog: async () => ({ lines: parts.log.lines }),
    getDiagnostics: async () => ({ text: await diagnosticsText(parts) }),
  };
}

async function diagnosticsText({
  identity,
  engine,
  store,
  log,
}: DiagnosticsParts): Promise<string> {
  const sections: readonly (readonly [title: string, lines: readonly string[]])[] = [
    ["Spectral Studio", [`version ${identity.version}`, `host ${identity.host}`]],
    ["System", systemLines()],
    ["Engine", await orCode(() => engineLines(engine))],
    ["Devices", await orCode(() => deviceLines(engine))],
    ["Settings", settingLines(await store.read())],
    ["Log", log.lines.slice(-LOG_LINES).map(redact)],
  ];
  return sections.map(([title, lines]) => `## ${title}\n${lines.join("\n")}\n`).join("\n");
}

function systemLines(): string[] {
  return [
    `${process.platform} ${process.arch} ${release()}`,
    `node ${process.versions.node}, electron ${process.versions["electron"] ?? "none"}, v8 ${process.versions.v8}`,
    `${cpus()[0]?.model ?? "unknown processor"}, ${cpus().length} threads`,
    `${Math.round(totalmem() / MEGABYTE)} MB memory, host uses ${Math.round(process.memoryUsage().rss / MEGABYTE)} MB`,
  ];
}

async function engineLines(engine: DiagnosticsParts["engine"]): Promise<string[]> {
  const { device, models, modelProblems } = await engine.getEngineInfo({});
  return [
    `runs on ${device.name} (${device.provider})`,
    // An imported bundle's name is the person's own; its id and licence say enough.
    ...models.map(({ modelId, licence, isShipped }) =>
      isShipped === false ? `model imported, ${licence}` : `model ${modelId}, ${licence}`,
    ),
    ...modelProblems.map(({ code }) => `model problem ${code}`),
  ].map(redact);
}

async function deviceLines(engine: DiagnosticsParts["engine"]): Promise<string[]> {
  const { chosen, devices } = await engine.listDevices({});
  return [
    `chosen ${chosen}`,
    ...devices.map(({ provider, name, state, reason }) =>
      [provider, name, state, reason ?? ""].filter((part) => part !== "").join(", "),
    ),
  ].map(redact);
}

/** Prompts are the person's own words: only their number is told. */
function settingLines(settings: Settings): string[] {
  const { promptHistory, promptPresets, shortcuts, modelId, ...plain } = settings;
  return [
    ...Object.entries(plain).map(([name, value]) => `${name} ${JSON.stringify(value)}`),
    `modelId ${modelId === null ? "default" : "chosen"}`,
    `shortcuts ${JSON.stringify(shortcuts)}`,
    `prompts kept ${promptHistory.length}, presets ${promptPresets.length}`,
  ];
}

async function orCode(lines: () => Promise<string[]>): Promise<string[]> {
  try {
    return await lines();
  } catch (error) {
    return [`not known: ${toErrorData(error).code}`];
  }
}
