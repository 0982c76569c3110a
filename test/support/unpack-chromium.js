// Unpacks the Chromium of the npm package into the folder that TMPDIR names, and prints nothing.
// A process of its own, since the package decides by environment variables what it unpacks and
// changes the environment of whoever imports it.
import chromium from "@sparticuz/chromium";

await chromium.executablePath();
