import type { ReplyOf } from "../../shared/api.js";
import type { DeviceOption } from "../../shared/models.js";
import type { CommandContext } from "../command-context.js";
import { withEngine } from "../with-engine.js";

export interface DevicesOptions {
  /** Tries this device, or all with `auto`, and takes it from now on. */
  readonly choose?: string;
}

/** `spectral devices`: what the models can compute on, and what they do compute on. */
export async function devices({ choose }: DevicesOptions, context: CommandContext): Promise<void> {
  await withEngine(context, async ({ api }) => {
    const reply =
      choose === undefined ? await api.listDevices({}) : await api.chooseDevice({ device: choose });
    context.report({ command: "devices", ...reply }, describe(reply));
  });
}

function describe({ chosen, actual, devices: known }: ReplyOf<"listDevices">): string[] {
  return [`chosen: ${chosen}`, `in use: ${actual.name}`, ...known.map(describeDevice)];
}

function describeDevice({ provider, name, state, reason, passMs }: DeviceOption): string {
  const about =
    state === "ready" && passMs !== null
      ? `ready, ${Math.round(passMs)} ms a pass`
      : (reason ?? "not tried yet; --choose auto tries all");
  return `  ${provider}: ${name}: ${about}`;
}
