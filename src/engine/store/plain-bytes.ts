/**
 * Bytes as the contract wants them: a plain view of an ArrayBuffer. Node's Buffer and views of shared
 * memory are Uint8Arrays too, but do not survive every transport as such.
 */
export function plainBytes({
  buffer,
  byteOffset,
  byteLength,
}: Uint8Array): Uint8Array<ArrayBuffer> {
  if (buffer instanceof ArrayBuffer) return new Uint8Array(buffer, byteOffset, byteLength);
  return Uint8Array.from(new Uint8Array(buffer, byteOffset, byteLength));
}
