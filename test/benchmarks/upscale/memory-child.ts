/** Enlarges one picture by one method and prints the most bytes that were resident. */
import { loadBundle } from "./load-bundle.js";
import { memoryTaskSchema, ownPeakBytes } from "./memory.js";
import { methodsFor } from "./methods.js";
import { readPictures, reduceByBlocks } from "./pictures.js";

const argument: unknown = JSON.parse(process.argv[2] ?? "null");
const { bundle, peers, pictures, factor, method } = memoryTaskSchema.parse(argument);
const [picture] = await readPictures(pictures, 1);
const methods = methodsFor(await loadBundle(bundle), factor, peers);
const chosen = methods.find(({ name }) => name === method);
if (picture === undefined || chosen === undefined) throw new Error(`no ${method} in ${bundle}`);
const endings = await chosen.predict(reduceByBlocks(picture.raster, factor));
for (const { finish } of endings) finish();
process.stdout.write(`${await ownPeakBytes()}\n`);
