import type { ProbeRequest } from "../shared/probe.js";

/** A running engine process, whatever started it. */
export interface EngineChild {
  /** The system's number for the process, where it is known; for logs and tests. */
  readonly pid: number | undefined;
  /** Sends a message; a message to a process that is gone is dropped, since its exit is reported. */
  send(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Called once when the process is gone, with the reason for people, such as `signal SIGKILL`. */
  onExit(listener: (reason: string) => void): void;
  /** Ends the process at once, without asking it: it may be deaf. */
  kill(): void;
}

/** Starts engine processes: `fork` in Node, `utilityProcess` in Electron. */
export interface EngineLauncher {
  launch(): EngineChild;
  /** Starts one that only tries a device, says what came of it and may die of it. */
  launchProbe(request: ProbeRequest): EngineChild;
}
