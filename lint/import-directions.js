/**
 * Who may import whom, as zones of `import-x/no-restricted-paths`.
 *
 * core <- shared <- engine <- hosts (main, server, cli); main and server -> host; preload -> shared;
 * renderer -> shared, core.
 * Each message says where the code belongs instead.
 */

/** A folder under src/, the folders it may import from, and advice for everything else. */
const layers = [
  {
    layer: "core",
    mayImport: [],
    advice:
      "src/core imports only itself. Code that needs a contract type, a file or a session belongs in src/shared or src/engine; pass its data into the core as arguments.",
  },
  {
    layer: "shared",
    mayImport: ["core"],
    advice:
      "src/shared is the contract and imports only src/core. Move code that does work to src/engine (pictures, models) or to the host that needs it.",
  },
  {
    layer: "engine",
    mayImport: ["core", "shared"],
    advice:
      "src/engine is plain Node and knows no host. Move what both need to src/shared (types) or src/core (logic), or let the host pass it in.",
  },
  {
    layer: "host",
    mayImport: ["core", "shared"],
    advice:
      "src/host is what Electron and the loopback server have in common, and reaches the engine only through its child process. Move what only one host needs to that host, and work on pictures to src/engine.",
  },
  {
    layer: "main",
    mayImport: ["core", "shared", "host"],
    advice:
      "src/main reaches the engine only through its child process. Send a message of src/shared, or move common code to src/host.",
  },
  {
    layer: "server",
    mayImport: ["core", "shared", "host"],
    advice:
      "src/server reaches the engine only through its child process. Send a message of src/shared, or move common code to src/host.",
  },
  {
    layer: "cli",
    mayImport: ["core", "shared", "engine", "host", "server"],
    advice:
      "src/cli may use engine, host, server (to serve), shared and core, nothing of Electron or the screen.",
  },
  {
    layer: "preload",
    mayImport: ["shared"],
    advice:
      "src/preload is only a bridge: it imports src/shared. Move logic to src/renderer or src/main.",
  },
  {
    layer: "renderer",
    mayImport: ["core", "shared"],
    advice:
      "src/renderer runs in a sandboxed page: it imports src/shared and src/core. Ask a host for anything else through the API of src/shared, or move pure code to src/core.",
  },
];

/**
 * Files of the engine that load nothing native and that hosts need as well: reading and writing
 * files whole.
 */
const engineFilesForHosts = ["engine/process", "engine/files/read-bytes.ts"];
const processHosts = ["host", "main", "server"];

export const zones = layers.map(({ layer, mayImport, advice }) => ({
  target: `./src/${layer}`,
  from: "./src",
  except: [
    `./${layer}`,
    ...mayImport.map((folder) => `./${folder}`),
    ...(processHosts.includes(layer) ? engineFilesForHosts.map((path) => `./${path}`) : []),
  ],
  message: advice,
}));
