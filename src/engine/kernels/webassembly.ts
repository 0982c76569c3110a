/**
 * What the engine uses of WebAssembly. Node has it as a global, but only the browser's type library
 * describes it, with everything else of a browser.
 */
interface WebAssemblyModule {
  readonly [Symbol.toStringTag]: string;
}

export interface SharedWebAssemblyMemory {
  readonly buffer: SharedArrayBuffer;
  /** @returns how many pages there were before. @throws RangeError if there is no memory */
  grow(pages: number): number;
}

interface WebAssemblyNamespace {
  readonly Module: new (bytes: Uint8Array) => WebAssemblyModule;
  readonly Instance: new (
    module: WebAssemblyModule,
    imports?: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  ) => { readonly exports: unknown };
  readonly Memory: new (size: {
    readonly initial: number;
    readonly maximum: number;
    readonly shared: true;
  }) => SharedWebAssemblyMemory;
}

declare const WebAssembly: WebAssemblyNamespace;

/** Bytes of a page. */
export const PAGE_BYTES = 65_536;

export type KernelModule = WebAssemblyModule;

/** Compiles a kernel of `modules.ts`. */
export function compileKernel(base64: string): KernelModule {
  return new WebAssembly.Module(Buffer.from(base64, "base64"));
}

/** @returns the kernel's functions, whose types the caller knows of its source */
export function startKernel<Exports>(
  module: KernelModule,
  memory?: SharedWebAssemblyMemory,
): Exports {
  const { exports } = new WebAssembly.Instance(module, memory ? { env: { memory } } : {});
  return exports as Exports;
}

/** @throws RangeError where so much address space cannot be had */
export function createSharedMemory(pages: number, maximum: number): SharedWebAssemblyMemory {
  return new WebAssembly.Memory({ initial: pages, maximum, shared: true });
}
