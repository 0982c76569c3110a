import { join, resolve } from "node:path";

/** Names the folder for settings and log, wherever the system would have it. */
export const CONFIG_VARIABLE = "SPECTRAL_STUDIO_CONFIG";

export interface ConfigSurroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  /** The person's home folder. */
  readonly home: string;
}

/** The folder that the variable names, or null. */
export function namedConfigFolder(env: ConfigSurroundings["env"]): string | null {
  const named = env[CONFIG_VARIABLE] ?? "";
  return named === "" ? null : resolve(named);
}

/** Where settings and log lie outside of Electron, as each system likes it. */
export function configFolder({ env, platform, home }: ConfigSurroundings): string {
  const named = namedConfigFolder(env);
  if (named !== null) return named;
  const orElse = (name: string, fallback: string) => {
    const value = env[name] ?? "";
    return value === "" ? fallback : value;
  };
  switch (platform) {
    case "win32":
      return join(orElse("APPDATA", join(home, "AppData", "Roaming")), "Spectral Studio");
    case "darwin":
      return join(home, "Library", "Application Support", "Spectral Studio");
    default:
      return join(orElse("XDG_CONFIG_HOME", join(home, ".config")), "spectral-studio");
  }
}
