/** What each of as many runs gives as it takes to fill so many milliseconds, five at least. */
export async function repeatFor<Result>(milliseconds: number, run: () => Promise<Result>): Promise<readonly Result[]> {
  const results: Result[] = [];
  const from = performance.now();
  while (results.length < 5 || performance.now() - from < milliseconds) results.push(await run());
  return results;
}
