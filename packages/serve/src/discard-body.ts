/**
 * Reads the rest of a request's body and keeps nothing, so that its connection can go on with the next request.
 * @param mostBytes more than this is not waited for
 * @returns whether all of it has come
 */
export async function discardBody(request: Request, mostBytes: number): Promise<boolean> {
  const { body } = request;
  if (body === null || body.locked || Number(request.headers.get("content-length") ?? Infinity) > mostBytes) return false;
  for await (const _ of body);
  return true;
}
