/** The legal name closest to a wrong one, by edit distance over characters; undefined when none is near (more than a third differs). */
export function nearestName(name: string, legal: Iterable<string>): string | undefined {
  let best: string | undefined;
  let smallest = Math.ceil(name.length / 3) + 1;
  for (const candidate of legal) {
    if (Math.abs(candidate.length - name.length) >= smallest) continue;
    const distance = editDistance(name, candidate, smallest);
    if (distance < smallest) {
      smallest = distance;
      best = candidate;
    }
  }
  return best;
}

/** Levenshtein's distance, or `limit` as soon as it cannot be smaller. */
function editDistance(one: string, other: string, limit: number): number {
  let previous = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let row = 1; row <= one.length; row++) {
    const current = [row];
    let rowBest = row;
    for (let column = 1; column <= other.length; column++) {
      const substitution = (previous[column - 1] ?? 0) + (one[row - 1] === other[column - 1] ? 0 : 1);
      const distance = Math.min(substitution, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1);
      current.push(distance);
      rowBest = Math.min(rowBest, distance);
    }
    if (rowBest >= limit) return limit;
    previous = current;
  }
  return previous[other.length] ?? limit;
}
