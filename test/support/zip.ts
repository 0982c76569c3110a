import { crc32, deflateRawSync } from "node:zlib";

/** A file for {@link zipOf}; everything but name and content is there to make zips that lie. */
export interface ZipFile {
  readonly name: string;
  readonly content: Uint8Array;
  /** Unix mode, such as 0o120777 for a link. */
  readonly mode?: number;
  readonly flags?: number;
  /** Size that the zip says the content has. */
  readonly declaredSize?: number;
}

/** A zip file, made by hand so that it can also be a hostile one. */
export function zipOf(files: readonly ZipFile[]): Uint8Array {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const file of files) {
    const name = Buffer.from(file.name, "utf8");
    const packed = deflateRawSync(file.content, { level: 1 });
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(file.flags ?? 0x0800, 2);
    fields.writeUInt16LE(8, 4);
    fields.writeUInt32LE(crc32(file.content), 10);
    fields.writeUInt32LE(packed.byteLength, 14);
    fields.writeUInt32LE(file.declaredSize ?? file.content.byteLength, 18);
    fields.writeUInt16LE(name.byteLength, 22);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(((file.mode ?? 0o100644) << 16) >>> 0, 6);
    tail.writeUInt32LE(offset, 10);
    const local = Buffer.concat([signature(0x0403), fields, name, packed]);
    // Made by a Unix system, which is what gives the mode its meaning.
    const madeBy = Buffer.from([20, 3]);
    directory.push(Buffer.concat([signature(0x0201), madeBy, fields, tail, name]));
    parts.push(local);
    offset += local.byteLength;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(files.length, 4);
  end.writeUInt16LE(files.length, 6);
  end.writeUInt32LE(central.byteLength, 8);
  end.writeUInt32LE(offset, 12);
  return Uint8Array.from(Buffer.concat([...parts, central, signature(0x0605), end]));
}

function signature(kind: number): Uint8Array {
  return Uint8Array.of(0x50, 0x4b, kind & 0xff, kind >> 8);
}
