import { spawn } from "node:child_process";

/** The program that opens an address in the person's own browser. */
function opener(platform: NodeJS.Platform): { program: string; args: readonly string[] } {
  if (platform === "darwin") return { program: "open", args: [] };
  if (platform === "win32") return { program: "cmd", args: ["/c", "start", ""] };
  return { program: "xdg-open", args: [] };
}

/** Opens an address; where nothing can open it, the printed address is all there is. */
export function openBrowser(address: string): void {
  const { program, args } = opener(process.platform);
  const child = spawn(program, [...args, address], { stdio: "ignore", detached: true });
  child.once("error", () => undefined);
  child.unref();
}
