import createSharp from "sharp";

// Pictures come as bytes and are decoded once: libvips' own cache would only hold memory.
createSharp.cache(false);

/** The one place that loads sharp, so that its process-wide settings are made before its first use. */
export const sharp = createSharp;
