import type { IncomingMessage, ServerResponse } from "node:http";
import { AppError, toErrorData } from "../core/errors.js";
import type { Router } from "../host/router.js";
import type { StaticFiles } from "../host/static-files.js";
import { isEditorMethod } from "../shared/api.js";
import { decodeFrame, FRAME_MEDIA_TYPE } from "../shared/framing.js";
import { API_PREFIX } from "../shared/loopback.js";
import type { Access } from "./access.js";
import { readBody } from "./read-body.js";
import { sendBytes, sendEnvelope, sendRefusal, sendText } from "./replies.js";

export interface HandlerParts {
  readonly access: Access;
  readonly router: Router;
  readonly files: StaticFiles;
}

/** Answers one HTTP request: the key exchange, a call, or a file. */
export async function handleRequest(
  parts: HandlerParts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [path, query] = splitTarget(request.url ?? "/");
  if (path.startsWith(API_PREFIX)) await answerCall(parts, path, request, response);
  else if (path === "/" && query.has("token"))
    exchangeToken(parts.access, query, request, response);
  else await answerFile(parts, path, request, response);
}

/** Path as it was sent, not normalised: `URL` would resolve `..` before it can be refused. */
function splitTarget(target: string): [path: string, query: URLSearchParams] {
  const at = target.indexOf("?");
  if (at < 0) return [target, new URLSearchParams()];
  return [target.slice(0, at), new URLSearchParams(target.slice(at + 1))];
}

/** Gives the cookie for the token and leads to an address without it, so that it is not kept. */
function exchangeToken(
  access: Access,
  query: URLSearchParams,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  if (!access.showsToken(request, query)) {
    sendRefusal(response, access.refusePage(request) === "wrong-host" ? "wrong-host" : "no-token");
    return;
  }
  sendBytes(response, 303, { Location: "/", "Set-Cookie": access.cookie }, new Uint8Array());
}

async function answerFile(
  { access, files }: HandlerParts,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const refusal = access.refusePage(request);
  if (refusal !== null) {
    sendRefusal(response, refusal);
    return;
  }
  const { status, headers, body } = await files(request.method ?? "GET", path);
  sendBytes(response, status, headers, body);
}

async function answerCall(
  { access, router }: HandlerParts,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const refusal = access.refuseCall(request);
  if (refusal !== null) {
    sendRefusal(response, refusal);
    return;
  }
  const method = path.slice(API_PREFIX.length);
  const problem = statusOf(method, request);
  if (problem !== null) {
    sendText(response, problem.status, problem.text);
    return;
  }
  let params: unknown;
  try {
    params = decodeFrame(await readBody(request));
  } catch (error) {
    // The rest of a body that is too large is not read, so the connection cannot be used again.
    response.setHeader("Connection", "close");
    const isTooLarge = error instanceof AppError && error.code === "FILE_TOO_LARGE";
    sendEnvelope(response, isTooLarge ? 413 : 400, { ok: false, error: toErrorData(error) });
    return;
  }
  sendEnvelope(response, 200, await router(method, params));
}

/** What is wrong with a call before its body is read. */
function statusOf(
  method: string,
  request: IncomingMessage,
): { readonly status: number; readonly text: string } | null {
  if (request.method !== "POST") return { status: 405, text: "Expected POST." };
  if (!isEditorMethod(method)) return { status: 404, text: "There is no such method." };
  // A foreign page cannot send this type without asking first, and it is never told yes.
  if (request.headers["content-type"] === FRAME_MEDIA_TYPE) return null;
  return { status: 415, text: `Expected the type ${FRAME_MEDIA_TYPE}.` };
}
