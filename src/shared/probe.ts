import { z } from "./zod.js";

/** A question that only a process which may die can answer: does this device compute this model? */
export const probeRequestSchema = z
  .object({
    /** Folder of the bundle whose recorded outputs decide; absolute. */
    bundleFolder: z.string().min(1),
    /** One of the runtime's provider names. */
    provider: z.string().min(1).max(64),
  })
  .readonly();
export type ProbeRequest = z.infer<typeof probeRequestSchema>;

/** What came of it; a process that dies or is silent for too long is an answer as well. */
export const probeOutcomeSchema = z.discriminatedUnion("ok", [
  z.object({
    ok: z.literal(true),
    /** The device's own name, where it tells one. */
    deviceName: z.string().max(200),
    /** Time of one pass over the recorded inputs once warm, in milliseconds. */
    passMs: z.number().min(0),
  }),
  z.object({
    ok: z.literal(false),
    /** Why, for people. */
    reason: z.string().max(2_000),
    /** True if the process died or hung: the device is not to be touched again. */
    isCrash: z.boolean(),
  }),
]);
export type ProbeOutcome = z.infer<typeof probeOutcomeSchema>;

/** Answers such questions in a throw-away process; never rejects. */
export type Prober = (request: ProbeRequest) => Promise<ProbeOutcome>;
