import { expect, test } from "vitest";
import { Emitter } from "../../src/host/emitter";
import { OpenJobs } from "../../src/host/open-jobs";
import type { Events, Topic } from "../../src/shared/events";
import type { PreviewPlace } from "../../src/shared/kept-previews";
import { generateRequest } from "../fixtures/open-jobs";

function setUp(answers: Record<string, (request: unknown) => unknown> = {}) {
  const fail = (error: unknown) => {
    throw error;
  };
  const engineEvents = new Emitter(fail);
  const events = new Emitter(fail);
  let now = 0;
  let count = 0;
  const engine = {
    invoke: async (method: string, request: unknown) =>
      (answers[method] ?? (() => (method === "startJob" ? { jobId: `j-${++count}` } : {})))(
        request,
      ),
    subscribe: (topic: Topic, listener: (payload: unknown) => void) =>
      engineEvents.subscribe(topic, listener),
  };
  const jobs = new OpenJobs(engine, events, () => now);
  const finish = (jobId: string) => engineEvents.emit("job-finished", finishedEvent(jobId));
  return { jobs, engineEvents, events, finish, pass: (ms: number) => (now += ms) };
}

function finishedEvent(jobId: string): Events["job-finished"] {
  return {
    jobId: jobId as Events["job-finished"]["jobId"],
    kind: "generate",
    documentId: null,
    rect: { x: 0, y: 0, width: 1, height: 1 },
    changedPixels: 1,
    width: 1,
    height: 1,
    rgba: new Uint8Array(4),
  };
}

const ids = async (jobs: OpenJobs) => (await jobs.list({})).jobs.map(({ jobId }) => jobId);

test("a job is listed from its start to the decision about its result", async () => {
  const { jobs, events, finish, pass } = setUp();
  const settled: unknown[] = [];
  events.subscribe("job-settled", (payload) => settled.push(payload));
  await jobs.invoke("startJob", generateRequest);
  pass(300);
  expect((await jobs.list({})).jobs).toMatchObject([
    { jobId: "j-1", request: generateRequest, revision: null, finished: null, elapsedMs: 300 },
  ]);
  finish("j-1");
  pass(500);
  expect((await jobs.list({})).jobs).toMatchObject([
    { finished: { changedPixels: 1 }, elapsedMs: 300 },
  ]);
  await jobs.invoke("discardResult", { jobId: "j-1" });
  expect(await ids(jobs)).toEqual([]);
  expect(settled).toEqual([{ jobId: "j-1" }]);
});

test("a job of which one variation is taken and the others are kept stays listed", async () => {
  const { jobs, events, finish } = setUp();
  const settled: unknown[] = [];
  events.subscribe("job-settled", (payload) => settled.push(payload));
  await jobs.invoke("startJob", generateRequest);
  finish("j-1");
  await jobs.invoke("acceptResult", { jobId: "j-1", variation: 0, isKept: true });
  expect([await ids(jobs), settled]).toEqual([["j-1"], []]);
  await jobs.invoke("acceptResult", { jobId: "j-1", variation: 1 });
  expect([await ids(jobs), settled]).toEqual([[], [{ jobId: "j-1" }]]);
});

test("failed and cancelled jobs are not listed, nor those of a closed document", async () => {
  const { jobs, events, engineEvents } = setUp();
  const closed: unknown[] = [];
  events.subscribe("document-closed", (payload) => closed.push(payload));
  const edit = { ...generateRequest, kind: "upscale", documentId: "d-1", factor: 2, creativity: 0 };
  await jobs.invoke("startJob", generateRequest);
  await jobs.invoke("startJob", edit);
  await jobs.invoke("startJob", generateRequest);
  const [first] = (await jobs.list({})).jobs;
  engineEvents.emit("job-cancelled", { jobId: first!.jobId });
  await jobs.invoke("closeDocument", { documentId: "d-1" });
  expect(await ids(jobs)).toEqual(["j-3"]);
  expect(closed).toEqual([{ documentId: "d-1" }]);
});

test("an end that is heard before the reply to the start counts", async () => {
  let finishEarly = () => undefined as void;
  const { jobs, finish } = setUp({
    startJob: () => {
      finishEarly();
      return { jobId: "j-9" };
    },
  });
  finishEarly = () => finish("j-9");
  await jobs.invoke("startJob", generateRequest);
  expect((await jobs.list({})).jobs[0]?.finished).not.toBeNull();
});

test("the pictures of variations are read one at a time, also before the job's end", async () => {
  const { jobs, engineEvents, finish } = setUp();
  await jobs.invoke("startJob", { ...generateRequest, variations: 3 });
  const [job] = (await jobs.list({})).jobs;
  const { jobId } = job!;
  const tell = (variation: number) =>
    engineEvents.emit("job-variation", {
      ...{ jobId, variation, width: 1, height: 1 },
      rgba: new Uint8Array(4).fill(variation),
    });
  tell(1);
  expect((await jobs.list({})).jobs).toMatchObject([{ finished: null, pictures: [1] }]);
  tell(2);
  finish(jobId);
  const [ended] = (await jobs.list({})).jobs;
  expect(ended?.pictures.toSorted()).toEqual([0, 1, 2]);
  expect(ended?.finished).not.toHaveProperty("rgba");
  expect(await jobs.readPicture({ jobId, variation: 2 })).toEqual({
    ...{ width: 1, height: 1 },
    rgba: new Uint8Array(4).fill(2),
  });
  await jobs.invoke("discardResult", { jobId });
  await expect(jobs.readPicture({ jobId, variation: 2 })).rejects.toMatchObject({
    code: "JOB_UNKNOWN",
  });
});

test("the previews of a job are read one at a time, those that gave way to others left out", async () => {
  const { jobs, engineEvents, finish } = setUp();
  await jobs.invoke("startJob", { ...generateRequest, variations: 2 });
  const [job] = (await jobs.list({})).jobs;
  const { jobId } = job!;
  const rect = { x: 0, y: 0, width: 4, height: 4 };
  const next = { x: 4, y: 0, width: 4, height: 4 };
  const tell = (place: PreviewPlace, level: number) =>
    engineEvents.emit("job-preview", {
      ...{ jobId, width: 1, height: 1, ...place },
      rgba: new Uint8Array(4).fill(level),
    });
  tell({ scale: 0, rect }, 1);
  tell({ scale: 1, rect }, 2);
  tell({ scale: 0, variation: 1, rect }, 3);
  tell({ scale: 0, rect }, 4);
  const places = async () => (await jobs.list({})).jobs[0]?.previews;
  expect(await places()).toEqual([
    { scale: 1, rect },
    { scale: 0, variation: 1, rect },
    { scale: 0, rect },
  ]);
  const level = async (preview: PreviewPlace) =>
    (await jobs.readPreview({ jobId, preview })).rgba[0];
  expect(await level({ scale: 0, variation: 0, rect })).toBe(4);
  expect(await level({ scale: 0, variation: 1, rect })).toBe(3);
  // Of a region that is done the last picture stays.
  tell({ scale: 0, rect: next }, 5);
  await expect(level({ scale: 1, rect })).rejects.toMatchObject({ code: "JOB_UNKNOWN" });
  finish(jobId);
  expect(await level({ scale: 0, rect })).toBe(4);
  expect(await level({ scale: 0, rect: next })).toBe(5);
  await jobs.invoke("discardResult", { jobId });
  await expect(level({ scale: 0, rect })).rejects.toThrow(/decided about or let go/);
});

test("only the newest results are held", async () => {
  const { jobs, finish } = setUp();
  for (let count = 1; count <= 15; count++) {
    await jobs.invoke("startJob", generateRequest);
    finish(`j-${count}`);
  }
  const listed = await ids(jobs);
  expect(listed).toHaveLength(12);
  expect(listed.at(-1)).toBe("j-15");
});
