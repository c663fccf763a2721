/**
 * How long a candidate took on a device, and what rules choose beside it, by turns: clocks and other work change, so that only times of one moment can be
 * compared. In milliseconds; null where the device does not take the candidate.
 */
export interface CandidateTime<Choice> {
  readonly choice: Choice;
  readonly milliseconds: number | null;
  readonly byRules: number | null;
}

/** What was measured of one operation of one shape. */
export interface KeptTimes<Choice> {
  /** Whether nothing is left to be tried. */
  readonly complete: boolean;
  readonly times: readonly CandidateTime<Choice>[];
}

/** How much faster than the rules' choice a candidate has to be to be taken: what is better by less is not told apart. */
const least = 1.03;

/** The fastest, beside what rules choose; undefined where nothing is clearly faster than that. */
export function fastest<Choice>(times: readonly CandidateTime<Choice>[]): Choice | undefined {
  let [best, most]: [Choice | undefined, number] = [undefined, least];
  for (const { choice, milliseconds, byRules } of times) {
    if (milliseconds === null || byRules === null || byRules < milliseconds * most) continue;
    [best, most] = [choice, byRules / milliseconds];
  }
  return best;
}
