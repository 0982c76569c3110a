import "./trusted-types.js";
import { mountEditor } from "./app/mount.js";
import { createTransport } from "./transport/create-transport.js";

void mountEditor(createTransport());
