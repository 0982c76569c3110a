import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import { eventSchemas, type Topic } from "../shared/events.js";
import { encodeFrame } from "../shared/framing.js";
import type { LoopbackEvent } from "../shared/loopback.js";
import type { Transport } from "../shared/transport.js";

/** A page that reads no faster than that loses previews, which the next one replaces anyway. */
const MAX_BACKLOG_BYTES = 32 * 1024 * 1024;
const REPLACEABLE: readonly Topic[] = ["job-preview", "job-progress"];

/** Sends every event of some sources to every connected page. */
export class EventSockets {
  // Pages have nothing to say here, so the largest message is tiny.
  readonly #server = new WebSocketServer({ noServer: true, maxPayload: 1024 });
  readonly #unsubscribes: readonly (() => void)[];

  constructor(sources: readonly Pick<Transport, "subscribe">[]) {
    // Proof of the cast: these are the table's own keys.
    const topics = Object.keys(eventSchemas) as Topic[];
    this.#unsubscribes = sources.flatMap((source) =>
      topics.map((topic) => source.subscribe(topic, (payload) => this.#broadcast(topic, payload))),
    );
  }

  /** Completes a handshake that was found permitted. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#server.handleUpgrade(request, socket, head, (client) => {
      // A connection that breaks is made again by the page; there is nothing to do here.
      client.on("error", () => client.terminate());
    });
  }

  close(): void {
    for (const unsubscribe of this.#unsubscribes) unsubscribe();
    for (const client of this.#server.clients) client.terminate();
    this.#server.close();
  }

  #broadcast(topic: Topic, payload: unknown): void {
    if (this.#server.clients.size === 0) return;
    const event: LoopbackEvent = { topic, payload };
    const frame = encodeFrame(event);
    for (const client of this.#server.clients) {
      const isBehind = client.bufferedAmount > MAX_BACKLOG_BYTES;
      if (!isBehind || !REPLACEABLE.includes(topic)) client.send(frame);
    }
  }
}
