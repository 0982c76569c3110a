/**
 * Limits that every host and the engine hold. They exist so that a hostile or mistaken request is
 * refused before memory is spent on it.
 */

/** Largest picture file in bytes. */
export const MAX_FILE_BYTES = 512 * 1024 * 1024;
/** Largest picture in pixels; at 8-bit RGBA that is 1.2 GB decoded. */
export const MAX_PIXELS = 300_000_000;
/** Longest side of a picture in pixels. */
export const MAX_SIDE_PX = 65_535;
/** Longest prompt in UTF-16 units; a text encoder reads far fewer tokens than that. */
export const MAX_PROMPT_CHARS = 2_000;
/** Most variations of one job. */
export const MAX_VARIATIONS = 16;
/** Longest file or document name in UTF-16 units. */
export const MAX_NAME_CHARS = 255;
/** Largest JSON part of a framed message in bytes; pictures travel beside it, not in it. */
export const MAX_FRAME_JSON_BYTES = 4 * 1024 * 1024;
/** Most binary parts of one framed message. */
export const MAX_FRAME_BLOBS = 256;
/** Side of a tile of the canvas in pixels of its level. */
export const TILE_SIZE = 512;
