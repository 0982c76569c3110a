import { fromErrorData, toErrorData, type AppError } from "../core/errors.js";
import type { EngineMethod } from "../shared/api.js";
import {
  parseEngineMessage,
  type EngineEvent,
  type EngineReply,
  type EngineRequest,
  type EngineToHostMessage,
  type ProbeAnswer,
  type ProbeCall,
} from "../shared/engine-messages.js";
import type { ProbeOutcome, ProbeRequest } from "../shared/probe.js";
import { countMemoryKills, engineDied, isMemoryDeath } from "./death-cause.js";
import type { EngineChild } from "./engine-launcher.js";
import { Heartbeat, type HeartbeatTiming } from "./heartbeat.js";

/** A request that waits for its reply. */
interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: AppError) => void;
}

/** What a session reports; after `onEnd` it reports nothing any more. */
export interface SessionListener {
  onEvent(event: EngineEvent): void;
  /**
   * The process is gone or was given up, and its requests are rejected.
   * @param isDeliberate true if that was the host's own wish, and nothing went wrong
   */
  onEnd(reason: string, error: AppError, isDeliberate: boolean): void;
  /** Tries a device in a process of its own; never rejects. */
  onProbe(request: ProbeRequest): Promise<ProbeOutcome>;
  hasJobs(): boolean;
}

/** One life of an engine process: its requests, its heartbeat, its end. */
export class EngineSession {
  readonly #child: EngineChild;
  readonly #listener: SessionListener;
  readonly #heartbeat: Heartbeat;
  readonly #pending = new Map<number, Pending>();
  readonly #countMemoryKills: () => number;
  readonly #memoryKills: number;
  #nextId = 0;
  #isEnded = false;
  #wasReplaced = false;

  /** @param memoryCounters as in {@link countMemoryKills} */
  constructor(
    child: EngineChild,
    timing: HeartbeatTiming,
    listener: SessionListener,
    memoryCounters?: readonly string[],
  ) {
    this.#countMemoryKills = () => countMemoryKills(memoryCounters);
    this.#memoryKills = this.#countMemoryKills();
    this.#child = child;
    this.#listener = listener;
    child.onMessage((message) => this.#receive(message));
    child.onExit((reason) => this.#end(reason, false));
    this.#heartbeat = new Heartbeat(timing, {
      ask: () => this.#ping(),
      isBusy: () => this.#pending.size > 0 || listener.hasJobs(),
      onHang: (silentMs) => this.#giveUp(`no sign of life for ${Math.round(silentMs / 1000)} s`),
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** True once the host has ended the process for reasons of its own. */
  get wasReplaced(): boolean {
    return this.#wasReplaced;
  }

  /** Sends a request. @throws AppError the engine's, or ENGINE_DIED if the process ends first */
  invoke(method: EngineMethod, params: unknown): Promise<unknown> {
    return new Promise((resolve, reject: (error: AppError) => void) => {
      if (this.#isEnded) {
        reject(engineDied("it has just ended"));
        return;
      }
      const id = this.#nextId++;
      this.#pending.set(id, { resolve, reject });
      this.#send({ id, method, params });
    });
  }

  /** Ends the process because the host wants it gone: no failure of the process, nor of its jobs. */
  replace(reason: string): void {
    this.#child.kill();
    this.#end(reason, true);
  }

  /** Gives a process up that failed: kills it and rejects what it still owes. */
  #giveUp(reason: string): void {
    this.#child.kill();
    this.#end(reason, false);
  }

  /** A ping's reply is dropped: that something came is all that matters, so it is not pending. */
  #ping(): void {
    this.#send({ id: this.#nextId++, method: "ping", params: {} });
  }

  #send(request: EngineRequest): void {
    try {
      this.#child.send(request);
    } catch (error) {
      // The parameters cannot be cloned; they never left.
      this.#pending.get(request.id)?.reject(fromErrorData(toErrorData(error)));
      this.#pending.delete(request.id);
    }
  }

  #receive(message: unknown): void {
    if (this.#isEnded) return;
    this.#heartbeat.heard();
    let parsed: EngineToHostMessage;
    try {
      parsed = parseEngineMessage(message);
    } catch (error) {
      // A process that sends nonsense cannot be trusted with a picture either.
      this.#giveUp(`it sent a malformed message (${toErrorData(error).message})`);
      return;
    }
    if ("event" in parsed) this.#listener.onEvent(parsed);
    else if ("probe" in parsed) void this.#probe(parsed);
    else this.#settle(parsed);
  }

  async #probe({ probe, request }: ProbeCall): Promise<void> {
    const answer: ProbeAnswer = { probe, outcome: await this.#listener.onProbe(request) };
    if (!this.#isEnded) this.#child.send(answer);
  }

  #settle(reply: EngineReply): void {
    const pending = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    if (reply.ok) pending?.resolve(reply.result);
    else pending?.reject(fromErrorData(reply.error));
  }

  #end(reason: string, isDeliberate: boolean): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#wasReplaced = isDeliberate;
    this.#heartbeat.stop();
    const memoryKills = this.#countMemoryKills() - this.#memoryKills;
    const error = engineDied(reason, isMemoryDeath(reason, memoryKills));
    for (const pending of this.#pending.values()) pending.reject(error);
    this.#pending.clear();
    this.#listener.onEnd(reason, error, isDeliberate);
  }
}
