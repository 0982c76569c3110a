import { AppError } from "../core/errors.js";

/** A method of the contract whose part of the app is still being built; none may be left. */
export function notYet(method: string): () => Promise<never> {
  return () =>
    Promise.reject(
      new AppError("NOT_AVAILABLE", `Expected ${method} to be there but it is not yet.`, {
        method,
      }),
    );
}
