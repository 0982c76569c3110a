import { InferenceSession, Tensor } from "onnxruntime-node";
import { AppError } from "../../core/errors.js";
import { sessionOptions, type Provider } from "../device/device.js";
import type { GraphFile } from "../../shared/bundle-manifest.js";
import { readBundleFile, type Bundle } from "./bundle.js";
import { scanOnnx } from "./onnx-scan.js";

/** Inputs of a run by name. */
export type Feeds = Readonly<Record<string, Tensor>>;

/** One graph of a bundle with a session of its own, made when it is first needed. */
export class Graph {
  #session: Promise<InferenceSession> | undefined;
  /** Runs under way, which a release waits for. */
  readonly #runs = new Set<Promise<unknown>>();

  constructor(
    private readonly bundle: Bundle,
    /** For messages. */
    readonly name: string,
    private readonly file: GraphFile,
    private readonly provider: Provider,
  ) {}

  /**
   * Runs the graph. It blocks this thread until it is done, whatever its promise suggests: check for
   * cancellation and let the event loop turn between runs.
   * @param outputs names of those that are wanted, since each costs a copy; all by default
   * @throws AppError BUNDLE_DAMAGED if the graph does not load, ENGINE_OUTPUT_INVALID if it fails
   */
  async run(feeds: Feeds, outputs?: readonly string[]): Promise<InferenceSession.OnnxValueMapType> {
    const session = await (this.#session ??= this.#create());
    const run = outputs === undefined ? session.run(feeds) : session.run(feeds, outputs);
    this.#runs.add(run);
    try {
      return await run;
    } catch (error) {
      throw runFailed(this.bundle, this.name, error);
    } finally {
      this.#runs.delete(run);
    }
  }

  /** Frees the session; a later run makes a new one. */
  async release(): Promise<void> {
    const session = await this.#session?.catch(() => undefined);
    this.#session = undefined;
    await Promise.allSettled(this.#runs);
    await session?.release();
  }

  async #create(): Promise<InferenceSession> {
    const { file } = this.file;
    const bytes = await readBundleFile(this.bundle, file);
    scanOnnx(bytes, file);
    try {
      const session = await InferenceSession.create(bytes, sessionOptions(this.provider));
      requireNames(this.bundle, this.file, session);
      return session;
    } catch (error) {
      if (error instanceof AppError) throw error;
      if (isMemoryFailure(reasonOf(error))) throw runFailed(this.bundle, this.name, error);
      throw new AppError(
        "BUNDLE_DAMAGED",
        `Expected ${file} of the model ${this.bundle.manifest.id} to load on ${this.provider} but the runtime refused (${reasonOf(error)}); install the model again.`,
        { model: this.bundle.manifest.id, file, provider: this.provider },
        { cause: error },
      );
    }
  }
}

export function floatTensor(data: Float32Array, shape: readonly number[]): Tensor {
  return new Tensor("float32", data, shape);
}

export function int64Tensor(data: BigInt64Array, shape: readonly number[]): Tensor {
  return new Tensor("int64", data, shape);
}

/** A float output with as many values as expected. @throws AppError ENGINE_OUTPUT_INVALID */
export function floatOutput(
  outputs: InferenceSession.OnnxValueMapType,
  name: string,
  length: number,
): Float32Array {
  const data = outputs[name]?.data;
  if (data instanceof Float32Array && data.length === length) return data;
  throw wrongOutput(name, length);
}

/** An int64 output with as many values as expected. @throws AppError ENGINE_OUTPUT_INVALID */
export function int64Output(
  outputs: InferenceSession.OnnxValueMapType,
  name: string,
  length: number,
): BigInt64Array {
  const data = outputs[name]?.data;
  if (data instanceof BigInt64Array && data.length === length) return data;
  throw wrongOutput(name, length);
}

/** The manifest's word on names is checked against the file's own. */
function requireNames(
  bundle: Bundle,
  { file, inputs, outputs }: GraphFile,
  session: InferenceSession,
): void {
  const isSame = (said: readonly { name: string }[], found: readonly string[]) =>
    said.length === found.length && said.every((port) => found.includes(port.name));
  if (isSame(inputs, session.inputNames) && isSame(outputs, session.outputNames)) return;
  throw new AppError(
    "BUNDLE_DAMAGED",
    `Expected ${file} to take ${inputs.map((port) => port.name).join(", ")} and give ${outputs.map((port) => port.name).join(", ")} but it takes ${session.inputNames.join(", ")} and gives ${session.outputNames.join(", ")}; install the model again.`,
    { model: bundle.manifest.id, file },
  );
}

function wrongOutput(name: string, length: number): AppError {
  return new AppError(
    "ENGINE_OUTPUT_INVALID",
    `Expected ${length} values of ${name} from the model but got something else; install the model again.`,
    { output: name },
  );
}

function runFailed(bundle: Bundle, name: string, error: unknown): AppError {
  const reason = reasonOf(error);
  const isMemory = isMemoryFailure(reason);
  return new AppError(
    isMemory ? "OUT_OF_MEMORY" : "ENGINE_OUTPUT_INVALID",
    `Expected the graph ${name} of the model ${bundle.manifest.id} to run but it failed (${reason}); ${
      isMemory ? "close other programs or choose a smaller picture" : "install the model again"
    }.`,
    { model: bundle.manifest.id, graph: name },
    { cause: error },
  );
}

/** True for the runtime's and its providers' many words for too little memory. */
export function isMemoryFailure(reason: string): boolean {
  return /bad.?alloc|alloc\w* (?:memory|failed)|failed to alloc|out of memory|ALLOC_FAILED|not enough memory/i.test(
    reason,
  );
}

function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return (message.split("\n")[0] ?? "").slice(0, 300);
}
