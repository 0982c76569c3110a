import { AppError, toErrorData, type AppErrorData } from "../../core/errors.js";
import type { DeviceInfo, DeviceOption } from "../../shared/models.js";
import type { ProbeOutcome, Prober } from "../../shared/probe.js";
import type { DeviceMemory } from "./device-memory.js";
import { describeProvider, isProvider, type Provider } from "./device.js";

/** Takes the fastest device that passes the model's golden check. */
export const AUTO = "auto";

type FailedProbe = Extract<ProbeOutcome, { ok: false }>;

/** A bundle as far as devices are concerned. */
export interface ProbeSubject {
  readonly folder: string;
  /** Hash of its manifest. */
  readonly sha256: string;
}

export interface DevicesOptions {
  /** Wanted at the start; null for what was chosen before. */
  readonly wanted: string | null;
  /** What the runtime offers on this system. */
  readonly offered: readonly Provider[];
  readonly memory: DeviceMemory;
  /** Tries a device in a process that may die; null where there is none to be had. */
  readonly prober: Prober | null;
  /** Why a provider cannot work here, seen without trying; null if only a probe can tell. */
  readonly whyAbsent: (provider: Provider) => string | null;
  /** Told when models are to compute elsewhere, and why if that was nobody's wish. */
  readonly onChange: (device: DeviceInfo, reason: string | null) => void;
}

/** Which device the models compute on: probed, chosen, remembered, and replaced if it fails. */
export class Devices {
  readonly #options: DevicesOptions;
  /** Probes under way: nobody tries the same twice. */
  readonly #probes = new Map<string, Promise<ProbeOutcome>>();
  /** The last: devices are tried one after another, so that none is measured beside another. */
  #lastProbe: Promise<unknown> = Promise.resolve();
  #choice: string | null;
  #actual: DeviceInfo = { name: describeProvider("cpu"), provider: "cpu" };
  #problem: AppErrorData | null = null;
  /** The reason that was told last. */
  #toldReason: string | null = null;

  constructor(options: DevicesOptions) {
    this.#options = options;
    this.#choice = options.wanted?.toLowerCase() ?? null;
  }

  /** What the models compute on at the moment. */
  get actual(): DeviceInfo {
    return this.#actual;
  }

  /** Why that is not what was wanted, or null. */
  get problem(): AppErrorData | null {
    return this.#problem;
  }

  /** A provider's name, or `auto`. */
  async chosen(): Promise<string> {
    return (this.#choice ??= (await this.#options.memory.chosen()) ?? AUTO);
  }

  /** What is known of every device, without trying any. */
  async list(subject: ProbeSubject | null): Promise<DeviceOption[]> {
    return Promise.all(
      this.#options.offered.map(async (provider) => ({
        ...describeOption(provider, await this.#known(provider, subject)),
        isAbsent: this.#options.whyAbsent(provider) !== null,
      })),
    );
  }

  /**
   * Takes a device from the next job on, after trying it; `auto` tries all. One that fails leaves
   * the CPU in use, and {@link problem} says why.
   *
   * A person who names a device that crashed wants it tried again, whatever it crashed with.
   * @param isRestored true if it is what was chosen before: then one that crashed is left alone
   * @throws AppError REQUEST_INVALID for a device that this system does not offer
   */
  async choose(device: string, subject: ProbeSubject | null, isRestored = false): Promise<void> {
    const wanted = device.toLowerCase();
    const { offered, memory } = this.#options;
    if (wanted !== AUTO && !isOffered(wanted, offered)) throw notOffered(device, offered);
    this.#choice = wanted;
    this.#problem = null;
    await memory.choose(wanted);
    const isNamed = wanted !== AUTO && !isRestored;
    if (subject === null) {
      if (isNamed) await memory.forgetCrashes(wanted);
      return;
    }
    for (const provider of wanted === AUTO ? offered : [wanted]) {
      const known = await this.#known(provider, subject);
      // The CPU alone needs no measuring: there is nothing to compare it with.
      const isNeeded = provider !== "cpu" || (wanted === AUTO && offered.length > 1);
      // What failed may have been mended since; what crashed is only touched if that is the wish.
      if (isNeeded && (known === null || (!known.ok && (isNamed || !known.isCrash)))) {
        const outcome = await this.#probe(provider, subject);
        // Not before: should the attempt take the whole machine along, the crash is still known.
        if (isNamed && (outcome.ok || !outcome.isCrash)) await memory.forgetCrashes(provider);
      }
    }
    await this.providerFor(subject);
  }

  /** Tries what `auto` does not know yet and moves over if something is faster. */
  async explore(subject: ProbeSubject): Promise<void> {
    const { offered, prober } = this.#options;
    if (prober === null || (await this.chosen()) !== AUTO) return;
    const untried: Provider[] = [];
    for (const provider of offered) {
      if ((await this.#known(provider, subject)) === null) untried.push(provider);
    }
    // A CPU without a rival needs no measuring.
    if (untried.every((provider) => provider === "cpu")) return;
    for (const provider of untried) await this.#probe(provider, subject);
    await this.providerFor(subject);
  }

  /** What a bundle is to be computed on; the CPU where the wanted device fails its check. */
  async providerFor(subject: ProbeSubject): Promise<Provider> {
    const chosen = await this.chosen();
    const provider =
      chosen === AUTO ? await this.#fastest(subject) : await this.#wanted(chosen, subject);
    const outcome = provider === "cpu" ? null : await this.#known(provider, subject);
    this.#use(provider, outcome);
    return provider;
  }

  /** Notes that a device failed in the middle of a job, so that it is not taken again. */
  async distrust(
    provider: Provider,
    subject: ProbeSubject,
    reason: string,
    isCrash: boolean,
  ): Promise<void> {
    await this.#options.memory.record(provider, subject.sha256, { ok: false, reason, isCrash });
    this.#problem = toErrorData(fallback(provider, { reason, isCrash }));
    await this.providerFor(subject);
  }

  async #wanted(chosen: string, subject: ProbeSubject): Promise<Provider> {
    const { offered } = this.#options;
    if (chosen === "cpu") return "cpu";
    if (!isOffered(chosen, offered)) {
      this.#problem = toErrorData(notOffered(chosen, offered));
      return "cpu";
    }
    const outcome = (await this.#known(chosen, subject)) ?? (await this.#probe(chosen, subject));
    if (outcome.ok) {
      this.#problem = null;
      return chosen;
    }
    this.#problem = toErrorData(fallback(chosen, outcome));
    return "cpu";
  }

  async #fastest(subject: ProbeSubject): Promise<Provider> {
    let best: Provider = "cpu";
    let bestMs = Infinity;
    for (const provider of this.#options.offered) {
      const outcome = await this.#known(provider, subject);
      if (!outcome?.ok || outcome.passMs >= bestMs) continue;
      best = provider;
      bestMs = outcome.passMs;
    }
    return best;
  }

  async #known(provider: Provider, subject: ProbeSubject | null): Promise<ProbeOutcome | null> {
    const absent = this.#options.whyAbsent(provider);
    if (absent !== null) return { ok: false, reason: absent, isCrash: false };
    return subject && this.#options.memory.find(provider, subject.sha256);
  }

  #probe(provider: Provider, subject: ProbeSubject): Promise<ProbeOutcome> {
    const key = `${provider}/${subject.sha256}`;
    const known = this.#probes.get(key);
    if (known) return known;
    const probe = this.#lastProbe.then(() => this.#try(provider, subject));
    this.#lastProbe = probe;
    this.#probes.set(key, probe);
    void probe.finally(() => this.#probes.delete(key));
    return probe;
  }

  async #try(provider: Provider, { folder, sha256 }: ProbeSubject): Promise<ProbeOutcome> {
    const { prober, memory, whyAbsent } = this.#options;
    const absent = whyAbsent(provider);
    if (absent !== null) return { ok: false, reason: absent, isCrash: false };
    if (prober === null) {
      const reason =
        "Expected a process of its own to try the device in but there is none; the CPU is used.";
      return { ok: false, reason, isCrash: false };
    }
    const outcome = await prober({ bundleFolder: folder, provider });
    await memory.record(provider, sha256, outcome);
    return outcome;
  }

  #use(provider: Provider, outcome: ProbeOutcome | null): void {
    const name = outcome?.ok === true ? outcome.deviceName : describeProvider(provider);
    const reason = this.#problem?.message ?? null;
    const isSame = provider === this.#actual.provider && name === this.#actual.name;
    // That a wish could not be met is news, even if everything stays as it was.
    const isNewReason = reason !== null && reason !== this.#toldReason;
    this.#toldReason = reason;
    if (isSame && !isNewReason) return;
    this.#actual = { name, provider };
    this.#options.onChange(this.#actual, reason);
  }
}

function isOffered(value: string, offered: readonly Provider[]): value is Provider {
  return isProvider(value) && offered.includes(value);
}

function describeOption(provider: Provider, outcome: ProbeOutcome | null): DeviceOption {
  const name = outcome?.ok === true ? outcome.deviceName : describeProvider(provider);
  if (outcome === null) return { provider, name, state: "untested", reason: null, passMs: null };
  return outcome.ok
    ? { provider, name, state: "ready", reason: null, passMs: outcome.passMs }
    : { provider, name, state: "failed", reason: outcome.reason, passMs: null };
}

function notOffered(device: string, offered: readonly Provider[]): AppError {
  return new AppError(
    "REQUEST_INVALID",
    `Expected one of the devices ${[AUTO, ...offered].join(", ")} of this system but got ${device}; the CPU is used.`,
    { device },
  );
}

function fallback(
  provider: Provider,
  { reason, isCrash }: Pick<FailedProbe, "reason" | "isCrash">,
): AppError {
  const name = describeProvider(provider);
  const what = isCrash
    ? `its process died or hung (${firstSentence(reason)}); the CPU is used. Choose ${name} again to have it checked anew.`
    : `it failed its check (${reason}); the CPU is used.`;
  return new AppError("NOT_AVAILABLE", `Expected to compute on ${name} but ${what}`, { provider });
}

/** What happened, without the advice that a failure ends with. */
function firstSentence(message: string): string {
  return message.split(/[.;] /)[0] ?? message;
}
