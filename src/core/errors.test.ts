import { describe, expect, it } from "vitest";
import { AppError, assertNever, fromErrorData, isErrorCode, toErrorData } from "./errors.js";

describe("errors", () => {
  it("keep code, message and details across a boundary", () => {
    const error = new AppError("IMAGE_TOO_LARGE", "Expected at most 300 megapixels.", {
      megapixels: 900,
    });
    const plain: unknown = JSON.parse(JSON.stringify(toErrorData(error)));
    expect(plain).toEqual(toErrorData(error));
    const rebuilt = fromErrorData(toErrorData(error));
    expect(rebuilt).toBeInstanceOf(AppError);
    expect(toErrorData(rebuilt)).toEqual(toErrorData(error));
  });

  it("name an aborted call a cancelled job", () => {
    const aborted = new DOMException("aborted", "AbortError");
    expect(toErrorData(aborted).code).toBe("JOB_CANCELLED");
  });

  it("name an array that memory has no room for a lack of memory, and a mistake a mistake", () => {
    const codeOf = (make: () => unknown) => {
      try {
        return make();
      } catch (error) {
        return toErrorData(error).code;
      }
    };
    expect(codeOf(() => new ArrayBuffer(2 ** 52))).toBe("OUT_OF_MEMORY");
    expect(codeOf(() => new Float32Array(2 ** 52))).toBe("OUT_OF_MEMORY");
    expect(codeOf(() => new Float32Array(-1))).toBe("INTERNAL");
    expect(codeOf(() => (1).toFixed(200))).toBe("INTERNAL");
  });

  it.each([new TypeError("x is not a function"), "a thrown string", undefined, { odd: 1 }])(
    "never lose a foreign failure (%s)",
    (thrown) => {
      const data = toErrorData(thrown);
      expect(data.code).toBe("INTERNAL");
      expect(data.message.length).toBeGreaterThan(10);
    },
  );

  it("know their codes", () => {
    expect(isErrorCode("DISK_FULL")).toBe(true);
    expect(isErrorCode("DISK_EMPTY")).toBe(false);
    expect(isErrorCode(7)).toBe(false);
  });

  it("are thrown for a case that nobody handles", () => {
    const outside: unknown = "late";
    // The cast plays a value from outside that the compiler could not see.
    expect(() => assertNever(outside as never, "stage")).toThrow(/every stage.*late/);
  });
});
