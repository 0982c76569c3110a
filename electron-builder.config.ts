import type { Configuration } from "electron-builder";

/**
 * onnxruntime-node carries the binaries of every platform (about 290 MB); a package needs the one
 * of its own platform and processor (about 45 MB on Linux). All out, then the right one in again.
 */
const ownRuntimeOnly = [
  "!node_modules/onnxruntime-node/bin/**",
  "node_modules/onnxruntime-node/bin/*/${platform}/${arch}/**",
];

const config: Configuration = {
  appId: "studio.spectral.app",
  productName: "Spectral Studio",
  copyright: "Copyright © 2026 The Spectral Studio authors",
  directories: { output: "dist", buildResources: "build" },
  // A build for another platform must not compile or download anything behind our back.
  npmRebuild: false,
  files: [
    "out/**",
    "package.json",
    "LICENSE",
    // The command line and the loopback server are for clones, not for the packaged app.
    "!out/cli/**",
    "!out/server/**",
    ...ownRuntimeOnly,
    "!node_modules/{onnxruntime-common,onnxruntime-node}/{lib,script}/**",
    // Only its install script uses these, which never runs.
    "!node_modules/{adm-zip,global-agent}/**",
    "!node_modules/**/*.{md,map,d.ts,d.mts,d.cts}",
    "!node_modules/**/{test,tests,__tests__,example,examples}/**",
  ],
  asar: true,
  // Native libraries are loaded by path, which cannot lead into an archive. `@img` holds sharp's.
  asarUnpack: [
    "**/node_modules/sharp/**",
    "**/node_modules/@img/**",
    "**/node_modules/onnxruntime-node/bin/**",
  ],
  // ONNX Runtime opens models by path too, and updates of the program need not move them.
  extraResources: [{ from: "models", to: "models", filter: ["**/*"] }],
  electronFuses: {
    runAsNode: false,
    enableCookieEncryption: true,
    enableNodeOptionsEnvironmentVariable: false,
    enableNodeCliInspectArguments: false,
    enableEmbeddedAsarIntegrityValidation: true,
    onlyLoadAppFromAsar: true,
    loadBrowserProcessSpecificV8Snapshot: false,
    grantFileProtocolExtraPrivileges: false,
  },
  // No update service and no other network address: the app is an offline program.
  publish: null,
  linux: {
    target: [
      { target: "AppImage", arch: ["x64", "arm64"] },
      { target: "deb", arch: ["x64", "arm64"] },
      { target: "rpm", arch: ["x64", "arm64"] },
    ],
    category: "Graphics",
    icon: "build/icons",
    maintainer: "The Spectral Studio authors",
    synopsis: "A photo editor whose brush thinks in wavelet scales",
  },
  mac: {
    // onnxruntime-node has no binary for Intel Macs.
    target: [
      { target: "dmg", arch: ["arm64"] },
      { target: "zip", arch: ["arm64"] },
    ],
    category: "public.app-category.photography",
    hardenedRuntime: true,
    icon: "build/icon.png",
  },
  win: {
    target: [
      { target: "nsis", arch: ["x64", "arm64"] },
      { target: "zip", arch: ["x64", "arm64"] },
    ],
    icon: "build/icon.png",
  },
  nsis: { oneClick: false, perMachine: false, allowToChangeInstallationDirectory: true },
  fileAssociations: [
    { ext: "png", name: "PNG picture", role: "Editor", mimeType: "image/png" },
    { ext: "jpg", name: "JPEG picture", role: "Editor", mimeType: "image/jpeg" },
    { ext: "webp", name: "WebP picture", role: "Editor", mimeType: "image/webp" },
    { ext: "tiff", name: "TIFF picture", role: "Editor", mimeType: "image/tiff" },
    { ext: "avif", name: "AVIF picture", role: "Editor", mimeType: "image/avif" },
  ],
};

export default config;
