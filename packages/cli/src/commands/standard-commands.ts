import { registerAsk } from "./ask.command.ts";
import { registerClassify } from "./classify.command.ts";
import { registerCompletion } from "./completion.command.ts";
import { registerConvert } from "./convert.command.ts";
import { registerDoctor } from "./doctor.command.ts";
import { registerEmbed } from "./embed.command.ts";
import { registerExtend } from "./extend.command.ts";
import { registerFill } from "./fill.command.ts";
import { registerInspect } from "./inspect.command.ts";
import { registerPage } from "./page.command.ts";
import type { RegisterCommand } from "./register-command.ts";
import { registerRun } from "./run.command.ts";
import { registerServe } from "./serve.command.ts";
import { registerVerify } from "./verify.command.ts";

/** Every command, in the order in which help lists them. */
export const standardCommands: readonly RegisterCommand[] = [
  registerInspect,
  registerConvert,
  registerExtend,
  registerVerify,
  registerRun,
  registerAsk,
  registerFill,
  registerClassify,
  registerEmbed,
  registerServe,
  registerPage,
  registerDoctor,
  registerCompletion,
];
