/** Opening, saving, history and recovery. */
export const filesTexts = {
  save: {
    title: "Save as",
    format: "Format",
    quality: "Quality",
    recipe: "Keep the recipe",
    recipeHint: "Writes prompt, seed, model and scales into the file's metadata.",
    sixteenBit: "This format stores 8 bits; the picture has 16.",
    noAlpha: "JPEG has no transparency; transparent parts become opaque.",
    project:
      "Keeps the whole history, the mask and the fields of the panels. Krita and GIMP open it with the photo and a layer for each edit.",
    run: "Save",
    saved: (name: string) => `Saved as ${name}`,
    name: "File name",
    size: "File size",
    sizeOf: (size: string) => `${size} exactly`,
    measuring: "Measuring…",
    sizeUnknown: "Not known",
    depth: (bits: number) => `${bits} bits a channel`,
    profileKept: "Colour profile kept",
    noProfile: "No colour profile (sRGB)",
    metadata: "Metadata of the photo",
    metadataChoices: {
      all: { name: "Keep all", note: "camera, author, place" },
      "no-location": { name: "Without the place", note: "camera, author" },
      none: { name: "None", note: "only the colour profile" },
    },
    print: "Print size",
    printAt: (dpi: number) => `at ${dpi} dpi`,
    printSize: (width: string, height: string, inchWidth: string, inchHeight: string) =>
      `${width} × ${height} cm (${inchWidth} × ${inchHeight} in)`,
    formats: {
      png: { name: "PNG", note: "lossless, 8 and 16 bit" },
      jpeg: { name: "JPEG", note: "small, for photos" },
      webp: { name: "WebP", note: "smaller, for the web" },
      tiff: { name: "TIFF", note: "lossless, for print" },
      avif: { name: "AVIF", note: "smallest, newest" },
      ora: { name: "OpenRaster", note: "a project to go on with" },
    },
  },

  unsaved: {
    title: "Save the changes first?",
    body: (name: string) => `The changes to ${name} are not in a file yet.`,
    discard: "Go on without saving",
    save: "Save…",
  },

  unfinished: {
    title: "Close while something waits?",
    body: (name: string) =>
      `${name} has a job under way, or a result that you have neither kept nor discarded. Closing ends the job and throws the result away.`,
    discard: "Close it",
    stay: "Stay",
  },

  recovery: {
    title: (count: number) =>
      count === 1
        ? "A picture of last time was not closed"
        : `${count} pictures of last time were not closed`,
    body: "The app ended first. Everything up to the last finished change is there, and masks that were begun.",
    recover: "Recover",
    recoverAll: "Recover all",
    look: "Show them",
    later: "Later",
    dialogTitle: "Recover pictures",
    dialogBody:
      "Every change is written down as it is made. What you leave here is offered again for 30 days.",
    forget: (name: string) => `Delete ${name}`,
    open: (name: string) => `Recover ${name}`,
    facts: (width: number, height: number) => `${width} × ${height}`,
    edits: (count: number) => (count === 1 ? "1 change" : `${count} changes`),
    noEdits: "no changes",
    autosaved: "Autosaved",
    autosavedHint:
      "Every change is kept for you on this computer, even if the app or the power fails. Save as makes a file of it.",
  },

  recents: {
    title: "Recent files",
    clear: "Clear the list",
    none: "No recent files",
  },

  historyPanel: {
    title: "History",
    state: (label: string) => `Go to ${label}`,
    forgotten: (count: number) =>
      count === 1 ? "The oldest state was let go" : `The ${count} oldest states were let go`,
    forgottenBody: (size: string) =>
      `The history of this picture had grown beyond ${size}. Settings has a larger limit under Memory.`,
    current: "shown now",
    kinds: {
      open: "Opened",
      edit: "Redrawn",
      upscale: "Upscaled",
      generate: "Generated",
      extend: "Extended",
      transform: "Cropped or turned",
    },
  },
} as const;
