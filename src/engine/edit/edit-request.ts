import type { EditJob } from "../../shared/jobs.js";

/** What an edit needs of its request; the document is already looked up. */
export type EditRequest = Omit<EditJob, "kind" | "documentId" | "modelId" | "startFrom">;
