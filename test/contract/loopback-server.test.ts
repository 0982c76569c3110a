import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { connect } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { createLoopbackTransport } from "../../src/renderer/transport/loopback";
import { startServer, type RunningServer } from "../../src/server/index";
import { decodeFrame, encodeFrame, FRAME_MEDIA_TYPE } from "../../src/shared/framing";
import { MAX_BODY_BYTES } from "../../src/shared/loopback";

const fixtures = join(import.meta.dirname, "fixtures");

let folder: string;
let server: RunningServer;
let origin: string;
let cookie: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "spectral-test-"));
  const page = join(folder, "page");
  mkdirSync(join(page, "assets"), { recursive: true });
  writeFileSync(join(page, "index.html"), "<!doctype html><title>A page</title>");
  writeFileSync(join(page, "assets/index-1a2b.js"), "export {};");
  writeFileSync(join(folder, "secret.txt"), "secret");
  symlinkSync(join(folder, "secret.txt"), join(page, "link.txt"));
  server = await startServer({
    port: 0,
    rendererDir: page,
    modelsDir: "models",
    childPath: join(fixtures, "tiny-engine.js"),
    sessionParentDir: folder,
    picturePath: null,
    version: "1.2.3",
    log: () => undefined,
  });
  origin = `http://127.0.0.1:${server.port}`;
  const { headers } = await send(
    "GET",
    new URL(server.address).pathname + new URL(server.address).search,
  );
  cookie = String(headers["set-cookie"]).split(";")[0]!;
});

afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A raw request: nothing is added, nothing is normalised. */
function send(
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  body: Uint8Array = new Uint8Array(),
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port: server.port, method, path, headers };
    const request = httpRequest(options, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks),
        }),
      );
    });
    request.on("error", reject);
    request.end(body);
  });
}

const ours = () => ({ Cookie: cookie, Origin: origin, "Content-Type": FRAME_MEDIA_TYPE });
const call = (
  method: string,
  params: unknown,
  headers: Readonly<Record<string, string>> = ours(),
) => send("POST", `/api/${method}`, headers, encodeFrame(params));

test("the printed address gives a cookie that scripts cannot read, and leads to an address without the key", async () => {
  const { pathname, search } = new URL(server.address);
  const { status, headers } = await send("GET", pathname + search);
  expect(status).toBe(303);
  expect(headers.location).toBe("/");
  expect(String(headers["set-cookie"])).toMatch(/; HttpOnly; SameSite=Strict; Path=\/$/);
  expect(new URL(server.address).hostname).toBe("127.0.0.1");
});

test("every answer carries the security headers, refusals included", async () => {
  const answers = await Promise.all([
    send("GET", "/", { Cookie: cookie }),
    send("GET", "/"),
    send("GET", "/nothing", { Cookie: cookie }),
    call("getAppInfo", {}),
    call("getAppInfo", {}, {}),
  ]);
  for (const { headers } of answers) {
    expect(headers["content-security-policy"]).toContain("default-src 'none'; script-src 'self'");
    expect(headers["content-security-policy"]).not.toMatch(/unsafe|\*|http/);
    expect(headers["x-content-type-options"]).toBe("nosniff");
    expect(headers["cross-origin-opener-policy"]).toBe("same-origin");
    expect(headers["access-control-allow-origin"]).toBeUndefined();
  }
});

test("files are served with their types to who has the cookie", async () => {
  const page = await send("GET", "/", { Cookie: `a=b; ${cookie}; c=d` });
  expect(page.status).toBe(200);
  expect(page.headers["content-type"]).toBe("text/html; charset=utf-8");
  expect(page.headers["cache-control"]).toBe("no-store");
  const script = await send("GET", "/assets/index-1a2b.js", { Cookie: cookie });
  expect(script.headers["content-type"]).toBe("text/javascript; charset=utf-8");
  expect(script.body.toString()).toBe("export {};");
});

test.each([
  ["nothing", {}],
  ["another cookie", { Cookie: "spectral-studio=x" }],
])("without the cookie (%s) there is neither page nor call", async (_what, headers) => {
  expect((await send("GET", "/", headers)).status).toBe(401);
  expect((await send("GET", "/assets/index-1a2b.js", headers)).status).toBe(401);
  const answer = await call("getAppInfo", {}, { ...ours(), Cookie: "", ...headers });
  expect(answer.status).toBe(401);
});

test("a wrong token is refused and gives no cookie", async () => {
  for (const token of ["", "x", "a".repeat(43)]) {
    const { status, headers } = await send("GET", `/?token=${token}`);
    expect(status).toBe(401);
    expect(headers["set-cookie"]).toBeUndefined();
  }
});

test("a rebound host name is refused, even with the token or the cookie", async () => {
  const { search } = new URL(server.address);
  for (const host of [
    "evil.example",
    `evil.example:${server.port}`,
    "127.0.0.1",
    `[::1]:${server.port}`,
  ]) {
    expect((await send("GET", `/${search}`, { Host: host })).status).toBe(403);
    expect((await send("GET", "/", { Host: host, Cookie: cookie })).status).toBe(403);
    const headers = { ...ours(), Host: host, Origin: `http://${host}` };
    expect((await call("getAppInfo", {}, headers)).status).toBe(403);
  }
});

test("localhost is as good a name as 127.0.0.1", async () => {
  const host = `localhost:${server.port}`;
  expect((await send("GET", "/", { Host: host, Cookie: cookie })).status).toBe(200);
});

test.each(["http://evil.example", "null", "", "http://127.0.0.1:1"])(
  "a call from the origin %j is refused",
  async (from) => {
    expect((await call("undo", {}, { ...ours(), Origin: from })).status).toBe(403);
    const { Origin: _origin, ...withoutOrigin } = ours();
    expect((await call("undo", {}, withoutOrigin)).status).toBe(403);
  },
);

test.each([
  "/../secret.txt",
  "/assets/../../secret.txt",
  "/%2e%2e/secret.txt",
  "/..%2fsecret.txt",
  "/..\\secret.txt",
  "//secret.txt",
  "/link.txt",
  "/index.html%00.txt",
  "/assets",
  "/assets/",
  "/INDEX.HTML",
  "/constructor",
])("the path %s leads nowhere", async (path) => {
  const { status, body } = await send("GET", path, { Cookie: cookie });
  expect(status).toBe(404);
  expect(body.toString()).not.toContain("secret\n");
});

test("no random path is served", async () => {
  const unit = fc.constantFrom("/", ".", "%2e", "%2f", "secret", "link.txt", "assets", "~", "%00");
  await fc.assert(
    fc.asyncProperty(fc.array(unit, { maxLength: 8 }), async (parts) => {
      const path = `/${parts.join("")}`;
      fc.pre(path !== "/");
      expect((await send("GET", path, { Cookie: cookie })).status).toBe(404);
    }),
    { numRuns: 300 },
  );
});

test("files are only read, calls only posted, with the frame's type", async () => {
  expect((await send("PUT", "/index.html", { Cookie: cookie })).status).toBe(405);
  expect((await send("GET", "/api/getAppInfo", ours())).status).toBe(405);
  const json = { ...ours(), "Content-Type": "application/json" };
  expect((await call("getAppInfo", {}, json)).status).toBe(415);
});

test.each(["nothing", "constructor", "__proto__", "getEngineInfo", "ping", "", "../", "undo/x"])(
  "the method %j does not exist for a page",
  async (method) => {
    expect((await call(method, {})).status).toBe(404);
  },
);

test("a body that is no frame is refused as data", async () => {
  for (const body of ["", "{}", "x".repeat(1000)]) {
    const answer = await send("POST", "/api/undo", ours(), Buffer.from(body));
    expect(answer.status).toBe(400);
    expect(decodeFrame(answer.body)).toMatchObject({
      ok: false,
      error: { code: "REQUEST_INVALID" },
    });
  }
});

test("a call with a wrong request is refused as data, with what is wrong", async () => {
  const answer = await call("undo", { documentId: 5 });
  expect(answer.status).toBe(200);
  expect(decodeFrame(answer.body)).toMatchObject({
    ok: false,
    error: { code: "REQUEST_INVALID", message: expect.stringContaining("documentId") as string },
  });
});

test("an upload that announces too much is refused before it is sent", async () => {
  const status = await new Promise<string>((resolve, reject) => {
    const socket = connect(server.port, "127.0.0.1", () => {
      const lines = [
        "POST /api/openDocument HTTP/1.1",
        `Host: 127.0.0.1:${server.port}`,
        `Content-Length: ${MAX_BODY_BYTES + 1}`,
        ...Object.entries(ours()).map(([name, value]) => `${name}: ${value}`),
      ];
      socket.write(`${lines.join("\r\n")}\r\n\r\n`);
    });
    socket.once("data", (data) => {
      resolve(data.toString("latin1").split("\r\n")[0]!);
      socket.destroy();
    });
    socket.once("error", reject);
  });
  expect(status).toBe("HTTP/1.1 413 Payload Too Large");
});

test("native dialogs say that they are not available here", async () => {
  const answer = await call("openDocumentDialog", {});
  expect(decodeFrame(answer.body)).toMatchObject({ ok: false, error: { code: "NOT_AVAILABLE" } });
});

test("it cannot be reached over another address of this machine", async () => {
  const others = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, family }) => !internal && family === "IPv4");
  for (const { address } of others) {
    const error = await new Promise((resolve) => {
      const socket = connect(server.port, address);
      socket.once("connect", () => (socket.destroy(), resolve("connected")));
      socket.once("error", () => resolve("refused"));
    });
    expect(error).toBe("refused");
  }
});

function openSocket(path: string, headers: Readonly<Record<string, string>>): Promise<string> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}${path}`, { headers });
    socket.once("open", () => (socket.terminate(), resolve("open")));
    socket.once("error", () => resolve("refused"));
  });
}

test("the event connection asks for the same host, origin and cookie", async () => {
  expect(await openSocket("/api/events", ours())).toBe("open");
  expect(await openSocket("/api/events", { Origin: origin })).toBe("refused");
  expect(await openSocket("/api/events", { ...ours(), Origin: "http://evil.example" })).toBe(
    "refused",
  );
  expect(await openSocket("/api/events", { ...ours(), Host: "evil.example" })).toBe("refused");
  expect(await openSocket("/api/other", ours())).toBe("refused");
});

/** The page's own transport, in Node: a browser would add these headers by itself. */
function createTransport() {
  class PageSocket extends WebSocket {
    constructor(address: string) {
      super(address, { headers: ours() });
    }
  }
  return createLoopbackTransport({
    location: { host: `127.0.0.1:${server.port}` },
    fetch: (path, init) => {
      const headers = new Headers(init.headers);
      for (const [name, value] of Object.entries(ours())) headers.set(name, value);
      return fetch(new URL(path, origin), { ...init, headers });
    },
    // Proof of the cast: `ws` has the browser's constructor, listeners and `binaryType`.
    WebSocket: PageSocket as unknown as typeof globalThis.WebSocket,
  });
}

test("the page's transport carries errors, events and a killed engine", async () => {
  const transport = createTransport();
  const restarts: unknown[] = [];
  transport.subscribe("engine-restarted", (payload) => restarts.push(payload));
  await expect(transport.invoke("getDocument", { documentId: "doc-1" })).rejects.toMatchObject({
    code: "DOCUMENT_UNKNOWN",
    message: "gone",
  });
  await expect(transport.invoke("nothing", {})).rejects.toMatchObject({
    code: "REQUEST_UNAUTHORISED",
  });
  // `startJob` waits for the event connection; the request itself is refused, which is fine here.
  await expect(transport.invoke("startJob", {})).rejects.toMatchObject({ code: "REQUEST_INVALID" });
  process.kill(server.enginePid()!, "SIGKILL");
  await expect.poll(() => restarts, { timeout: 10_000 }).toEqual([{ reason: "signal SIGKILL" }]);
});

test("closing ends the engine and removes the session folder", async () => {
  const own = mkdtempSync(join(folder, "own-"));
  const other = await startServer({
    port: 0,
    rendererDir: join(folder, "page"),
    modelsDir: "models",
    childPath: join(fixtures, "tiny-engine.js"),
    sessionParentDir: own,
    picturePath: null,
    version: "1.2.3",
    log: () => undefined,
  });
  expect(readdirSync(own)).toHaveLength(1);
  // It starts by itself, a moment after the page could be asked for.
  await expect.poll(() => other.enginePid()).toBeDefined();
  const pid = other.enginePid()!;
  await other.close();
  await expect.poll(() => existsSync(`/proc/${pid}`)).toBe(false);
  expect(readdirSync(own)).toEqual([]);
  expect(new URL(other.address).search).not.toBe(new URL(server.address).search);
});

test("a taken port and a missing page are told, and nothing stays behind", async () => {
  const own = mkdtempSync(join(folder, "own-"));
  const options = {
    port: server.port,
    rendererDir: join(folder, "page"),
    modelsDir: "models",
    childPath: join(fixtures, "tiny-engine.js"),
    sessionParentDir: own,
    picturePath: null,
    version: "1.2.3",
    log: () => undefined,
  };
  await expect(startServer(options)).rejects.toMatchObject({ code: "NOT_AVAILABLE" });
  await expect(
    startServer({ ...options, port: 0, rendererDir: join(folder, "none") }),
  ).rejects.toMatchObject({ code: "NOT_AVAILABLE" });
  expect(readdirSync(own)).toEqual([]);
});
