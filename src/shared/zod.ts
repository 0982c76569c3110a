import * as z from "zod";

/**
 * The one place that imports zod: it has to be configured before any schema is made.
 *
 * By default zod tries to compile parsers with `new Function`, which the pages' content security
 * policy refuses and reports as a violation. `jitless` keeps it from trying.
 */
z.config({ jitless: true });

export { z };
