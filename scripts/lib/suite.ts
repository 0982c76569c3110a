import type { Tally } from "./tally";

/** One line of the summary: a group of tests that runs and is counted together. */
export interface Suite {
  readonly name: string;
  run(): Promise<SuiteResult>;
}

export interface SuiteResult {
  readonly tally: Tally;
  readonly seconds: number;
  /** Said in the summary when something other than a test failed, or why tests were left out. */
  readonly remark: string | null;
  /** The failed tests by name, each with the first line of its message. */
  readonly failures?: readonly string[];
  /** Tests that failed before their file ran once more; those that failed again are `failures` too. */
  readonly unsteady?: readonly string[];
}
