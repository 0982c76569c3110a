import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { exifWithoutLocation, metadataFor, xmpWithoutLocation } from "./private-metadata.js";
import { sharp } from "./sharp.js";

/** EXIF as a camera writes it, by sharp itself. */
async function exifWith(gps: Record<string, string>): Promise<Uint8Array> {
  const jpeg = await sharp({
    create: { width: 8, height: 8, channels: 3, background: "red" },
  })
    .withExif({ IFD0: { Copyright: "Ada", Make: "Camera" }, IFD3: gps })
    .jpeg()
    .toBuffer();
  const { exif } = await sharp(jpeg).metadata();
  return Uint8Array.from(exif!.subarray(6));
}

const place = {
  GPSLatitude: "52/1 31/1 12/1",
  GPSLongitude: "13/1 24/1 36/1",
  GPSSatellites: "Secret square",
};
const text = (bytes: Uint8Array | null) => Buffer.from(bytes ?? []).toString("latin1");

async function reread(exif: Uint8Array) {
  const png = await sharp({ create: { width: 8, height: 8, channels: 3, background: "red" } })
    .jpeg()
    .toBuffer();
  const head = Buffer.from("Exif\0\0", "latin1");
  const body = Buffer.concat([head, exif]);
  const marker = Buffer.from([0xff, 0xe1, (body.length + 2) >> 8, (body.length + 2) & 255]);
  const file = Buffer.concat([png.subarray(0, 2), marker, body, png.subarray(2)]);
  return (await sharp(file).metadata()).exif;
}

describe("metadata without the place", () => {
  it("keeps the author and loses every trace of GPS", async () => {
    const exif = await exifWith(place);
    expect(text(exif)).toContain("Secret square");
    const stripped = exifWithoutLocation(exif);
    expect(text(stripped)).not.toContain("Secret square");
    expect(text(stripped)).toContain("Ada");
    const again = await reread(stripped!);
    expect(again?.toString("latin1")).toContain("Ada");
    const entries = [...again!.subarray(6)];
    // 0x8825 leads to the GPS directory, in either byte order.
    const tags = entries.map((byte, at) => (byte << 8) | (entries[at + 1] ?? 0));
    expect(tags.filter((tag, at) => tag === 0x8825 && at % 2 === 0)).toEqual([]);
  });

  it("leaves EXIF without a place as it is", async () => {
    const exif = await exifWith({});
    expect(exifWithoutLocation(exif)).toEqual(exif);
  });

  it("drops EXIF whole if its structure leads nowhere, and never throws", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const result = exifWithoutLocation(bytes);
        expect(result === null || result.length === bytes.length).toBe(true);
      }),
    );
    expect(exifWithoutLocation(Uint8Array.of(0x49, 0x49, 42, 0, 255, 255, 0, 0))).toBeNull();
  });

  it("takes the place out of XMP, as attributes and as elements", () => {
    const xmp =
      '<rdf:Description dc:title="Sea" exif:GPSLatitude="52,31N" photoshop:City=\'Berlin\'>' +
      "<photoshop:Country>Germany</photoshop:Country><exif:GPSLongitude/>" +
      "<Iptc4xmpExt:LocationCreated><rdf:Bag><rdf:li>Home</rdf:li></rdf:Bag></Iptc4xmpExt:LocationCreated>" +
      "<dc:creator>Ada</dc:creator></rdf:Description>";
    expect(xmpWithoutLocation(xmp)).toBe(
      '<rdf:Description dc:title="Sea"><dc:creator>Ada</dc:creator></rdf:Description>',
    );
  });

  it("always keeps the colour profile", () => {
    const icc = Uint8Array.of(1, 2);
    const metadata = { icc, exif: Uint8Array.of(1), xmp: "<x/>" };
    expect(metadataFor(metadata, "none")).toEqual({ icc, exif: null, xmp: null });
    expect(metadataFor(metadata, "all")).toBe(metadata);
    expect(metadataFor(metadata, "no-location").icc).toBe(icc);
  });
});
