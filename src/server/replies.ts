import type { ServerResponse } from "node:http";
import { SECURITY_HEADERS } from "../host/security-headers.js";
import type { Envelope } from "../shared/envelope.js";
import { encodeFrame, FRAME_MEDIA_TYPE } from "../shared/framing.js";
import type { Refusal } from "./access.js";

const REFUSALS: Readonly<Record<Refusal, { status: number; text: string }>> = {
  "wrong-host": { status: 403, text: "Expected a request to 127.0.0.1 at this port." },
  "wrong-origin": { status: 403, text: "Expected a request from the app's own page." },
  "no-token": {
    status: 401,
    text: "Open the address that Spectral Studio printed when it started; it holds a key.",
  },
};

/** Sends a whole answer with the headers that every answer has. */
export function sendBytes(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
): void {
  response.writeHead(status, {
    ...SECURITY_HEADERS,
    "Cache-Control": "no-store",
    ...headers,
    "Content-Length": body.byteLength,
  });
  response.end(body);
}

/** Sends a line for people. */
export function sendText(response: ServerResponse, status: number, text: string): void {
  const headers = { "Content-Type": "text/plain; charset=utf-8" };
  sendBytes(response, status, headers, new TextEncoder().encode(`${text}\n`));
}

/** Tells why a request was refused, and no more than that. */
export function sendRefusal(response: ServerResponse, refusal: Refusal): void {
  const { status, text } = REFUSALS[refusal];
  sendText(response, status, text);
}

/** Sends the outcome of a call. */
export function sendEnvelope(response: ServerResponse, status: number, envelope: Envelope): void {
  sendBytes(response, status, { "Content-Type": FRAME_MEDIA_TYPE }, encodeFrame(envelope));
}
