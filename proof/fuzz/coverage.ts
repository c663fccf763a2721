import { Session, type Profiler } from "node:inspector";

/** Tells which blocks of Longspan's own sources ran in this thread since it was last asked, as V8 counts them. */
export function coverage(): () => string[] {
  const session = new Session();
  session.connect();
  const post = (method: string, parameters: object = {}): unknown => {
    let answer: unknown;
    // A session with its own thread answers before `post` returns.
    session.post(method, parameters, (error: Error | null, result: unknown) => {
      if (error !== null) throw error;
      answer = result;
    });
    return answer;
  };
  post("Profiler.enable");
  post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  return () => {
    const { result } = post("Profiler.takePreciseCoverage") as Profiler.TakePreciseCoverageReturnType;
    const blocks = new Set<string>();
    for (const { scriptId, url, functions } of result) {
      if (!/\/packages\/[^/]+\/src\//.test(url)) continue;
      for (const { ranges } of functions) {
        for (const { startOffset, endOffset, count } of ranges) if (count > 0) blocks.add(`${scriptId} ${startOffset} ${endOffset}`);
      }
    }
    return [...blocks];
  };
}
