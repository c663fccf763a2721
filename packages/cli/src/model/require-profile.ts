import { LongspanError } from "@longspan/core";
import type { Session, SessionProfile } from "@longspan/core/runtime";
import { runtimeNames } from "../runtimes/load-runtime.ts";

/** @throws LongspanError `argument-invalid` for a session that cannot tell. */
export function requireProfile(profile: Session["profile"], runtime: string, device: string): () => SessionProfile | undefined {
  if (profile !== undefined) return profile;
  throw new LongspanError(
    "argument-invalid",
    `--profile: the runtime ${runtime} cannot take times on ${device}. Leave it out, or use another runtime (${runtimeNames.join(", ")}).`,
    { details: { runtime, device } },
  );
}
