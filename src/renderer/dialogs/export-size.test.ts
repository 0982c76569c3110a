import { describe, expect, it } from "vitest";
import { exportOptionsSchema } from "../../shared/documents.js";
import { ExportSize } from "./export-size.svelte.js";

const options = (quality: number) =>
  exportOptionsSchema.parse({ documentId: "d1", format: "jpeg", quality, embedRecipe: true });

function setUp() {
  const asked: { readonly quality: number; answer: (bytes: number) => void; fail: () => void }[] =
    [];
  let timer: (() => void) | null = null;
  const size = new ExportSize(
    {
      measureExport: ({ quality }) =>
        new Promise((resolve, reject) => {
          asked.push({
            quality,
            answer: (bytes) => resolve({ bytes }),
            fail: () => reject(new Error("no")),
          });
        }),
    },
    (run) => {
      timer = run;
      return () => (timer = null);
    },
  );
  const rest = () => timer?.();
  return { size, asked, rest };
}

const settle = async () => {
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
};

describe("the size of an export", () => {
  it("is measured once the options rest", async () => {
    const { size, asked, rest } = setUp();
    for (let quality = 50; quality < 60; quality++) size.ask(options(quality));
    rest();
    expect(asked.map(({ quality }) => quality)).toEqual([59]);
    asked[0]!.answer(1_000);
    await settle();
    expect([size.bytes, size.isMeasuring]).toEqual([1_000, false]);
  });

  it("ignores an answer that is out of date, and asks once for the newest", async () => {
    const { size, asked, rest } = setUp();
    for (const quality of [10, 20, 30]) {
      size.ask(options(quality));
      rest();
    }
    expect(asked).toHaveLength(1);
    asked[0]!.answer(1);
    await settle();
    expect(size.bytes).toBeNull();
    expect(asked.map(({ quality }) => quality)).toEqual([10, 30]);
    asked[1]!.answer(3);
    await settle();
    expect([size.bytes, size.isMeasuring]).toEqual([3, false]);
  });

  it("is not known where it cannot be measured, or nobody asks any more", async () => {
    const { size, asked, rest } = setUp();
    size.ask(options(10));
    rest();
    asked[0]!.fail();
    await settle();
    expect([size.bytes, size.isMeasuring]).toEqual([null, false]);
    size.ask(options(20));
    size.stop();
    rest();
    expect(asked).toHaveLength(1);
  });
});
