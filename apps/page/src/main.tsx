import { render } from "preact";
import { startOffline } from "./offline/start-offline.ts";
import { applyTheme } from "./state/appearance.ts";
import { readKept } from "./state/models.ts";
import { restoreVisit } from "./state/visit.ts";
import { App } from "./views/app.tsx";
import "./style/page.css";
import "./style/parts.css";
import "./style/ask.css";
import "./style/checkpoints.css";

applyTheme();
const root = document.querySelector("#page");
if (root === null) throw new Error("the page has no place to be drawn in");
render(<App />, root);
void restoreVisit();
void readKept();
startOffline();
