import { describe, expect, it } from "vitest";
import { finished, jobId, smallModel } from "../../../test/fixtures/screen-data.js";
import { LoudTransport } from "../../../test/fixtures/loud-transport.js";
import { createApiClient } from "../../shared/client.js";
import type { GenerateJob } from "../../shared/jobs.js";
import { JobController } from "../job/job-controller.svelte.js";
import { allJobs, jobName, jobStateText } from "./queue.js";

const request: GenerateJob = {
  kind: "generate",
  modelId: smallModel.modelId,
  prompt: "",
  negativePrompt: "",
  seed: 1,
  ...smallModel.sampling,
};

const pictureWithJobs = () => {
  const transport = new LoudTransport({ startJob: () => ({ jobId }) });
  return { id: 1, job: new JobController(createApiClient(transport), () => 0) };
};

describe("list of jobs", () => {
  it("holds the jobs of all pictures: running, waiting, then done", async () => {
    const [a, b] = [pictureWithJobs(), pictureWithJobs()];
    await a.job.start(request);
    a.job.handle({ topic: "job-finished", payload: finished() });
    await b.job.start(request);
    await b.job.start(request);
    const jobs = allJobs([a, b]);
    expect(jobs.map(({ entry }) => jobStateText(entry))).toEqual([
      "Running",
      "Waiting",
      "Result waits",
    ]);
    expect(jobs.map(({ workspace }) => workspace)).toEqual([b, b, a]);
    expect(jobs.map(({ entry }) => jobName(entry))).toEqual(Array(3).fill("New picture"));
  });
});
