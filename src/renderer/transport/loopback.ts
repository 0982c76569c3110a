import { AppError } from "../../core/errors.js";
import { unwrapEnvelope } from "../../shared/envelope.js";
import { isTopic, type Topic } from "../../shared/events.js";
import { decodeFrame, encodeFrame, FRAME_MEDIA_TYPE } from "../../shared/framing.js";
import { API_PREFIX, bodyTooLarge, EVENTS_PATH, MAX_BODY_BYTES } from "../../shared/loopback.js";
import type { Transport } from "../../shared/transport.js";
import { z } from "../../shared/zod.js";

/** What the transport needs of a page; a test may pass its own. */
export interface LoopbackPage {
  readonly location: { readonly host: string };
  readonly fetch: (path: string, init: RequestInit) => Promise<Response>;
  readonly WebSocket: typeof WebSocket;
}

/** First and longest wait in milliseconds before the event connection is made again. */
const RECONNECT_MS = { first: 250, longest: 4_000 } as const;

const eventSchema = z.object({ topic: z.custom<Topic>(isTopic), payload: z.unknown() });

/** Reaches the loopback host: calls by HTTP, events by a WebSocket that is made again if it breaks. */
export function createLoopbackTransport(page: LoopbackPage): Transport {
  const events = new EventConnection(page);
  return {
    async invoke(method, request) {
      // A job's first events follow at once, so someone must be listening by then.
      if (method === "startJob") await events.opened;
      return unwrapEnvelope(await post(page, method, request));
    },
    subscribe: (topic, listener) => events.subscribe(topic, listener),
  };
}

async function post(page: LoopbackPage, method: string, request: unknown): Promise<unknown> {
  const body = encodeFrame(request);
  // The server would hang up in the middle of the upload, and the reason would not be read.
  if (body.byteLength > MAX_BODY_BYTES) throw bodyTooLarge(body.byteLength);
  let response: Response;
  let bytes: ArrayBuffer;
  try {
    response = await page.fetch(API_PREFIX + encodeURIComponent(method), {
      method: "POST",
      headers: { "Content-Type": FRAME_MEDIA_TYPE },
      body,
      cache: "no-store",
    });
    bytes = await response.arrayBuffer();
  } catch (error) {
    throw new AppError(
      "NOT_AVAILABLE",
      "Expected an answer from Spectral Studio but its server cannot be reached. Start it again and open the address that it prints.",
      {},
      { cause: error },
    );
  }
  if (response.headers.get("Content-Type") === FRAME_MEDIA_TYPE) {
    return decodeFrame(new Uint8Array(bytes));
  }
  throw new AppError(
    "REQUEST_UNAUTHORISED",
    `Expected an answer from Spectral Studio but its server replied with status ${response.status}. Open the address that it printed when it started.`,
    { status: response.status },
  );
}

/** The WebSocket that brings events. */
class EventConnection {
  readonly #page: LoopbackPage;
  readonly #listeners = new Map<Topic, Set<(payload: unknown) => void>>();
  #waitMs: number = RECONNECT_MS.first;
  /** Kept once the current connection is open. */
  opened: Promise<void>;

  constructor(page: LoopbackPage) {
    this.#page = page;
    this.opened = this.#connect();
  }

  subscribe(topic: Topic, listener: (payload: unknown) => void): () => void {
    const listeners = this.#listeners.get(topic) ?? new Set();
    this.#listeners.set(topic, listeners);
    const entry = (payload: unknown) => listener(payload);
    listeners.add(entry);
    return () => {
      listeners.delete(entry);
    };
  }

  #connect(): Promise<void> {
    const socket = new this.#page.WebSocket(`ws://${this.#page.location.host}${EVENTS_PATH}`);
    socket.binaryType = "arraybuffer";
    // Taking in a message with a picture is work enough for one task; what it leads to takes the next.
    socket.addEventListener("message", ({ data }) => setTimeout(() => this.#receive(data)));
    return new Promise((resolve) => {
      socket.addEventListener("open", () => {
        this.#waitMs = RECONNECT_MS.first;
        resolve();
      });
      socket.addEventListener("close", () => {
        // Calls fail by themselves if the server is gone; they must not wait for ever here.
        resolve();
        this.#reconnectLater();
      });
    });
  }

  #reconnectLater(): void {
    setTimeout(() => {
      this.opened = this.#connect();
    }, this.#waitMs);
    this.#waitMs = Math.min(this.#waitMs * 2, RECONNECT_MS.longest);
  }

  #receive(data: unknown): void {
    if (!(data instanceof ArrayBuffer)) return;
    const event = eventSchema.safeParse(decodeFrame(new Uint8Array(data)));
    if (!event.success) return;
    for (const listener of [...(this.#listeners.get(event.data.topic) ?? [])]) {
      listener(event.data.payload);
    }
  }
}
