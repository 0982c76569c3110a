import js from "@eslint/js";
import { createNodeResolver, importX } from "eslint-plugin-import-x";
import prettier from "eslint-config-prettier";
import svelte from "eslint-plugin-svelte";
import globals from "globals";
import { defineConfig } from "eslint/config";
import ts from "typescript-eslint";
import { zones } from "./lint/import-directions.js";
import svelteConfig from "./svelte.config.js";

const nodeOnly =
  "The core has no files, processes or clock. Move this to src/engine and pass its result in.";

/** Packages that load native code or decode untrusted files: only the engine child may. */
const nativePackages = ["sharp", "onnxruntime-node", "@huggingface/tokenizers"].map((name) => ({
  name,
  message: `${name} blocks its thread and can crash it. Move this to src/engine, which runs in its own process.`,
}));

const testFiles = ["**/*.test.ts", "**/*.bench.ts", "test/**/*.ts"];

export default defineConfig(
  {
    ignores: [
      "node_modules/",
      "out/",
      "dist/",
      "reports/",
      "coverage/",
      "models/",
      "training/",
      // AssemblyScript, which its own compiler checks.
      "kernel/",
      "assets/",
    ],
  },
  js.configs.recommended,
  ...ts.configs.recommendedTypeChecked,
  ...svelte.configs.recommended,
  prettier,
  ...svelte.configs.prettier,
  {
    languageOptions: {
      parserOptions: {
        projectService: true,
        tsconfigRootDir: import.meta.dirname,
        extraFileExtensions: [".svelte"],
        // For scripts within components, when an import is followed from a plain file.
        parser: ts.parser,
      },
    },
    linterOptions: { reportUnusedDisableDirectives: "error", noInlineConfig: true },
    plugins: { "import-x": importX },
    settings: {
      "import-x/resolver-next": [
        createNodeResolver({
          // Some modules write the extension of the output (`./raster.js`), as Node would see it.
          extensionAlias: { ".js": [".ts", ".js"] },

          extensions: [".ts", ".svelte.ts", ".svelte", ".js", ".mjs", ".cjs", ".json"],
        }),
      ],
      "import-x/parsers": {
        "@typescript-eslint/parser": [".ts"],
        "svelte-eslint-parser": [".svelte"],
      },
      "import-x/extensions": [".ts", ".svelte", ".js"],
    },
    rules: {
      "import-x/no-restricted-paths": ["error", { basePath: import.meta.dirname, zones }],
      "import-x/no-cycle": ["error", { ignoreExternal: true }],
      "import-x/no-self-import": "error",
      "import-x/no-duplicates": "error",
      "import-x/no-default-export": "error",
      eqeqeq: "error",
      "no-console": "error",
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/ban-ts-comment": ["error", { "ts-expect-error": true }],
      "@typescript-eslint/no-non-null-assertion": "error",
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true },
      ],
      "@typescript-eslint/no-unused-vars": [
        "error",
        { argsIgnorePattern: "^_", varsIgnorePattern: "^_" },
      ],
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true },
      ],
      // An `async` function without `await` is how a synchronous step keeps an asynchronous contract.
      "@typescript-eslint/require-await": "off",
    },
  },
  {
    files: ["**/*.svelte", "**/*.svelte.ts"],
    languageOptions: {
      globals: globals.browser,
      parserOptions: { parser: ts.parser, svelteConfig },
    },
    rules: {
      // A component *is* a default export.
      "import-x/no-default-export": "off",
      // The content security policy refuses style attributes; `style:` goes through the CSSOM.
      "no-restricted-syntax": [
        "error",
        {
          selector: "SvelteAttribute[key.name='style']",
          message:
            "Use a class or a `style:` directive; the page's security policy drops style attributes.",
        },
      ],
      // Many a Map is a cache or an index that nothing renders from.
      "svelte/prefer-svelte-reactivity": "off",
      "svelte/no-at-html-tags": "error",
    },
  },
  {
    files: ["**/*.svelte"],
    rules: {
      // The linter sees components, snippets and their handlers as `any`; svelte-check knows their
      // types and refuses what is wrong with them.
      "@typescript-eslint/no-unsafe-argument": "off",
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-call": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
      "@typescript-eslint/no-unsafe-return": "off",
    },
  },
  {
    files: ["src/core/**/*.ts"],
    ignores: testFiles,
    rules: {
      "no-restricted-imports": [
        "error",
        { patterns: [{ regex: "^node:|^electron$|^svelte", message: nodeOnly }] },
      ],
      "no-restricted-globals": [
        "error",
        ...[
          "process",
          "Buffer",
          "window",
          "document",
          "performance",
          "console",
          "fetch",
          "setTimeout",
        ].map((name) => ({ name, message: nodeOnly })),
      ],
      "no-restricted-properties": [
        "error",
        {
          object: "Math",
          property: "random",
          message: "Take an explicit seeded generator as an argument.",
        },
        { object: "Date", property: "now", message: nodeOnly },
      ],
    },
  },
  {
    files: ["src/shared/**/*.ts", "src/renderer/**/*.{ts,svelte}", "src/preload/**/*.ts"],
    ignores: testFiles,
    rules: {
      "no-restricted-imports": [
        "error",
        {
          paths: [
            ...nativePackages,
            {
              name: "@lucide/svelte",
              message:
                "Import one icon at a time, as in `@lucide/svelte/icons/brush`: the whole set is 4,000 modules and a minute of build time.",
            },
          ],
          patterns: [
            {
              regex: "^node:",
              message:
                "This also runs in a page, which has no Node. Move it to src/engine or a host.",
            },
          ],
        },
      ],
    },
  },
  {
    files: [
      "src/host/**/*.ts",
      "src/main/**/*.ts",
      "src/server/**/*.ts",
      "src/engine/process/**/*.ts",
    ],
    ignores: testFiles,
    rules: { "no-restricted-imports": ["error", { paths: nativePackages }] },
  },
  {
    // Programs print; and a configuration file is read by its default export.
    files: ["src/cli/**/*.ts", "scripts/**/*.ts", "bin/**/*.js", "*.config.{js,ts}"],
    rules: { "no-console": "off", "import-x/no-default-export": "off" },
  },
  {
    files: testFiles,
    rules: {
      // In a test an absent element should fail with a stack, which is what the assertion does.
      "@typescript-eslint/no-non-null-assertion": "off",
      // Vitest types its matchers (`expect.stringContaining`) as `any`.
      "@typescript-eslint/no-unsafe-assignment": "off",
    },
  },
  {
    files: ["**/*.{js,mjs,cjs}"],
    ...ts.configs.disableTypeChecked,
    languageOptions: { ...ts.configs.disableTypeChecked.languageOptions, globals: globals.node },
  },
);
