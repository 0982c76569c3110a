import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { AppError, toErrorData } from "../core/errors.js";
import { Emitter } from "../host/emitter.js";
import { EngineProcess, type EngineTiming } from "../host/engine-process.js";
import { createForkLauncher } from "../host/fork-launcher.js";
import { openStartupFile } from "../host/host-methods.js";
import { keepMemorySetting } from "../host/document-methods.js";
import { OpenJobs } from "../host/open-jobs.js";
import { Recents } from "../host/recents.js";
import { Log, LOG_FILE } from "../host/log.js";
import { createRouter } from "../host/router.js";
import {
  createScratchFolder,
  createSessionFolder,
  endSession,
  type SessionFolder,
} from "../host/session-folder.js";
import { SettingsStore } from "../host/settings-store.js";
import { createStaticFiles } from "../host/static-files.js";
import { hasUnsavedWork } from "../host/unsaved-work.js";
import { createEngineClient } from "../shared/client.js";
import { EVENTS_PATH } from "../shared/loopback.js";
import { userFolders } from "../host/user-folders.js";
import { Access } from "./access.js";
import { EventSockets } from "./event-sockets.js";
import { createLoopbackHostApi } from "./host-api.js";
import { handleRequest } from "./request-handler.js";
import { sendText } from "./replies.js";

/**
 * How long the engine's start waits for a page to be there first: it takes half a second of a core,
 * and so does the page. Whatever needs the engine before starts it at once.
 */
const PAGE_FIRST_MS = 600;
/** How long the engine may take to say what is not saved when the host ends. */
const ENGINE_ANSWER_MS = 3_000;

export interface ServerOptions {
  /** 0 takes any free port. */
  readonly port: number;
  /** Folder of the built page. */
  readonly rendererDir: string;
  readonly modelsDir: string;
  /** The built engine child, and options for Node to run it with. */
  readonly childPath: string;
  readonly childExecArgv?: readonly string[];
  /**
   * Where the session folder is made, beside those of earlier runs, which are offered for recovery;
   * by default in `configDir`. Without either nothing is recovered.
   */
  readonly sessionParentDir?: string;
  /** Where settings and log lie; null keeps them in memory, for as long as the server runs. */
  readonly configDir?: string | null;
  /** The text of all licences that the build made. */
  readonly licencesPath?: string;
  /** A picture to open at the start. */
  readonly picturePath: string | null;
  readonly version: string;
  readonly timing?: Partial<EngineTiming>;
  readonly log: (line: string) => void;
}

/** A loopback host that accepts requests. */
export interface RunningServer {
  /** The address to open once; it holds the key of this run. */
  readonly address: string;
  readonly port: number;
  /** The engine's process number, for tests that kill it. */
  enginePid(): number | undefined;
  /** Ends everything: connections, engine, session folder. */
  close(): Promise<void>;
}

/**
 * Serves the app to browsers of this machine, on 127.0.0.1 only.
 * @throws AppError NOT_AVAILABLE if the port cannot be had
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const files = createStaticFiles(options.rendererDir);
  const server = createServer();
  const port = await listen(server, options.port);
  const configDir = options.configDir ?? null;
  const logPath = configDir === null ? null : join(configDir, LOG_FILE);
  const log = new Log({ path: logPath, now: () => new Date(), echo: options.log });
  const session = makeSession(options);
  const engine = new EngineProcess({
    launcher: createForkLauncher({
      onOutput: log.add,
      childPath: options.childPath,
      execArgv: options.childExecArgv ?? [],
      modelsDir: options.modelsDir,
      sessionDir: session.path,
      ...userFolders(configDir),
    }),
    ...(options.timing ? { timing: options.timing } : {}),
    isLazy: true,
    log: log.add,
  });
  const engineApi = createEngineClient(engine);
  const events = new Emitter((error) => log.add(toErrorData(error).message));
  const store = new SettingsStore(configDir);
  const recents = new Recents(configDir, log.add);
  const pageFirst = setTimeout(
    () => keepMemorySetting({ engine: engineApi, store, engineEvents: engine, events }),
    PAGE_FIRST_MS,
  );
  const jobs = new OpenJobs(engine, events, () => performance.now());
  const host = createLoopbackHostApi(
    {
      identity: { host: "loopback", version: options.version },
      engine: engineApi,
      engineEvents: engine,
      events,
      store,
      log,
      jobs,
      licencesPath: options.licencesPath ?? join(options.rendererDir, "../licences.txt"),
    },
    recents,
    openStartupFile(engineApi, recents, options.picturePath),
  );
  const access = new Access(port);
  const sockets = new EventSockets([engine, events]);
  const parts = { access, files, router: createRouter({ engine: jobs, host, log: log.add }) };
  server.on("request", (request, response) => {
    handleRequest(parts, request, response).catch((error: unknown) => {
      log.add(toErrorData(error).message);
      if (!response.headersSent) sendText(response, 500, "Something went wrong; see the log.");
      else response.destroy();
    });
  });
  server.on("upgrade", (request, socket: Duplex, head: Buffer) => {
    const isRefused = request.url !== EVENTS_PATH || access.refuseCall(request) !== null;
    if (isRefused) socket.end("HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n");
    else sockets.accept(request, socket, head);
  });
  return {
    address: access.address,
    port,
    enginePid: () => engine.pid,
    close: async () => {
      clearTimeout(pageFirst);
      sockets.close();
      await closeServer(server);
      await endSession(session, async () => {
        if (!engine.wasLaunched) return false;
        return withinLimit(hasUnsavedWork(engineApi));
      }).finally(() => engine.dispose());
    },
  };
}

/** Temporary folders are shared with everything else, so nothing there is ever recovered. */
function makeSession({ sessionParentDir, configDir }: ServerOptions): SessionFolder {
  const parentDir =
    sessionParentDir ??
    (configDir === null || configDir === undefined ? null : join(configDir, "sessions"));
  if (parentDir !== null) return createSessionFolder(parentDir);
  const scratch = createScratchFolder(tmpdir());
  return { ...scratch, release: () => scratch.remove() };
}

/** An engine that hangs must not keep the host from ending. */
function withinLimit<T>(work: Promise<T>): Promise<T> {
  const limit = AbortSignal.timeout(ENGINE_ANSWER_MS);
  return new Promise((resolve, reject) => {
    limit.addEventListener("abort", () => reject(new Error("the engine did not answer")));
    work.then(resolve, reject);
  });
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) => {
      const message = `Expected to listen on 127.0.0.1:${port} but got: ${error.message}; choose another port.`;
      reject(new AppError("NOT_AVAILABLE", message, { port }, { cause: error }));
    });
    // Proof of the cast: a server that listens on a host and port has such an address.
    server.listen(port, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
