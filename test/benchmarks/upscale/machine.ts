import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InferenceSession } from "onnxruntime-node";
import { floatTensor } from "../../../src/engine/bundle/graph.js";
import { sessionOptions } from "../../../src/engine/device/device.js";
import { z } from "../../../src/shared/zod.js";
import { median } from "./median.js";
import { matMulModel } from "./matmul-model.js";

const SIDE = 1024;
const ROUNDS = 5;

/** Floating point operations a second of a large fp32 matrix product in the same runtime. */
export async function createMatMulMeter(): Promise<() => Promise<number>> {
  const session = await InferenceSession.create(matMulModel(SIDE), sessionOptions("cpu"));
  const factor = () =>
    floatTensor(
      Float32Array.from({ length: SIDE * SIDE }, (_, i) => Math.sin(i)),
      [SIDE, SIDE],
    );
  const feeds = { a: factor(), b: factor() };
  await session.run(feeds);
  return async () => {
    const seconds: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const start = performance.now();
      await session.run(feeds);
      seconds.push((performance.now() - start) / 1_000);
    }
    return (2 * SIDE ** 3) / median(seconds);
  };
}

const shapeSchema = z.array(z.record(z.string(), z.array(z.number())));
const eventSchema = z.object({
  args: z.object({
    op_name: z.literal(["Conv", "MatMul", "Gemm"]),
    input_type_shape: shapeSchema,
    output_type_shape: shapeSchema,
  }),
});

const TRIAL_SIDE = 64;

/**
 * Floating point operations that a network's convolutions and products take for a pixel that goes in
 * (a multiplication and an addition count as two). Counted from the shapes that the runtime reports
 * for a run of the graph as it is in its file.
 */
export async function operationsPerInputPixel(file: string): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "spectral-profile-"));
  try {
    const session = await InferenceSession.create(file, {
      ...sessionOptions("cpu"),
      graphOptimizationLevel: "disabled",
      enableProfiling: true,
      profileFilePrefix: join(folder, "profile"),
    });
    const side = TRIAL_SIDE;
    await session.run({
      image: floatTensor(new Float32Array(3 * side * side), [1, 3, side, side]),
    });
    session.endProfiling();
    await session.release();
    const [profile] = await readdir(folder);
    if (profile === undefined) throw new Error(`Expected a profile of ${file}.`);
    const events: unknown = JSON.parse(await readFile(join(folder, profile), "utf8"));
    return countOperations(z.array(z.unknown()).parse(events)) / side ** 2;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Each output value takes as many products as a filter (or a row) has weights. */
function countOperations(events: readonly unknown[]): number {
  let operations = 0;
  for (const event of events) {
    const parsed = eventSchema.safeParse(event);
    if (!parsed.success) continue;
    const { op_name, input_type_shape, output_type_shape } = parsed.data.args;
    const dimensions = (shapes: z.infer<typeof shapeSchema>, index: number) =>
      Object.values(shapes[index] ?? {})[0] ?? [];
    const weights =
      op_name === "Conv"
        ? dimensions(input_type_shape, 1).slice(1)
        : dimensions(input_type_shape, 0).slice(-1);
    operations += 2 * product(dimensions(output_type_shape, 0)) * product(weights);
  }
  return operations;
}

function product(values: readonly number[]): number {
  return values.reduce((total, value) => total * value, 1);
}
