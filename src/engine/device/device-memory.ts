import { mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { ProbeOutcome } from "../../shared/probe.js";
import { probeOutcomeSchema } from "../../shared/probe.js";
import { deviceChoiceSchema } from "../../shared/models.js";
import { z } from "../../shared/zod.js";
import { writeFileAtomically } from "../process/atomic-write.js";
import { PROVIDERS, type Provider } from "./device.js";

const recordSchema = z.object({
  provider: z.enum(PROVIDERS),
  /** Hash of the bundle's manifest, which names the hashes of all its files. */
  bundle: z.string().max(64),
  /** Runtime and driver that it is true for. */
  version: z.string().max(200),
  outcome: probeOutcomeSchema,
});
type DeviceRecord = z.infer<typeof recordSchema>;

const fileSchema = z.object({
  format: z.literal("spectral-devices"),
  chosen: deviceChoiceSchema.nullable(),
  records: z.array(recordSchema).max(1_000),
  /** Keys of what was found right without being measured. */
  verified: z.array(z.string().max(400)).max(1_000),
});

/** Outcomes of bundles that were removed long ago are forgotten. */
const MAX_RECORDS = 200;

/**
 * What is known of the devices: outcomes of probes by provider, bundle and version of runtime and
 * driver, and the person's choice. Kept in a file that may be deleted at any time.
 */
export class DeviceMemory {
  #chosen: string | null = null;
  #records: DeviceRecord[] = [];
  #verified: string[] = [];
  #reading: Promise<void> | undefined;
  #writing: Promise<void> = Promise.resolve();

  /**
   * @param path where it is kept, or null for memory only
   * @param version of runtime and driver; outcomes under another one do not count
   */
  constructor(
    private readonly path: string | null,
    private readonly version: string,
  ) {}

  /** What was chosen for good, or null. */
  async chosen(): Promise<string | null> {
    await (this.#reading ??= this.#read());
    return this.#chosen;
  }

  async choose(device: string): Promise<void> {
    await (this.#reading ??= this.#read());
    this.#chosen = device;
    await this.#write();
  }

  /**
   * What came of a device with a bundle, or null if it was never tried. A crash counts for every
   * bundle: what is broken is the driver, and the next attempt might take the screen along.
   */
  async find(provider: Provider, bundle: string): Promise<ProbeOutcome | null> {
    await (this.#reading ??= this.#read());
    const known = this.#records.filter(
      (record) => record.provider === provider && record.version === this.version,
    );
    const crash = known.find(({ outcome }) => !outcome.ok && outcome.isCrash);
    return (crash ?? known.find((record) => record.bundle === bundle))?.outcome ?? null;
  }

  async record(provider: Provider, bundle: string, outcome: ProbeOutcome): Promise<void> {
    await (this.#reading ??= this.#read());
    const others = this.#records.filter(
      (record) => record.provider !== provider || record.bundle !== bundle,
    );
    const record = { provider, bundle, version: this.version, outcome };
    this.#records = [...others, record].slice(-MAX_RECORDS);
    await this.#write();
  }

  /** Lets a device be tried again with every bundle that it crashed with. */
  async forgetCrashes(provider: Provider): Promise<void> {
    await (this.#reading ??= this.#read());
    const others = this.#records.filter(
      ({ provider: its, outcome }) => its !== provider || outcome.ok || !outcome.isCrash,
    );
    if (others.length === this.#records.length) return;
    this.#records = others;
    await this.#write();
  }

  /** True if a bundle's outputs were found right on a device, in this or an earlier run. */
  async isVerified(provider: Provider, bundle: string): Promise<boolean> {
    const outcome = await this.find(provider, bundle);
    return outcome?.ok ?? this.#verified.includes(this.#keyOf(provider, bundle));
  }

  /** Notes that they were. */
  async noteVerified(provider: Provider, bundle: string): Promise<void> {
    await (this.#reading ??= this.#read());
    const key = this.#keyOf(provider, bundle);
    this.#verified = [...this.#verified.filter((other) => other !== key), key].slice(-MAX_RECORDS);
    await this.#write();
  }

  #keyOf(provider: Provider, bundle: string): string {
    return `${provider}/${bundle}/${this.version}`;
  }

  async #read(): Promise<void> {
    if (this.path === null) return;
    const text = await readFile(this.path, "utf8").catch(() => "");
    if (text === "") return;
    // A damaged file only means that devices are tried again.
    const parsed = fileSchema.safeParse(parseJson(text));
    if (!parsed.success) return;
    this.#chosen = parsed.data.chosen;
    this.#records = parsed.data.records;
    this.#verified = parsed.data.verified;
  }

  /** A folder that cannot be written costs a probe at the next start, and is no reason to fail. */
  async #write(): Promise<void> {
    const { path } = this;
    if (path === null) return;
    const content: z.infer<typeof fileSchema> = {
      format: "spectral-devices",
      chosen: this.#chosen,
      records: this.#records,
      verified: this.#verified,
    };
    const bytes = Buffer.from(JSON.stringify(content, null, 2), "utf8");
    this.#writing = this.#writing
      .then(async () => {
        await mkdir(dirname(path), { recursive: true });
        await writeFileAtomically(path, bytes);
      })
      .catch(() => undefined);
    await this.#writing;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
