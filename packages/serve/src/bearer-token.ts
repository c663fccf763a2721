/** Whether a text can be sent as a token, `Authorization: Bearer …` (RFC 6750, 2.1). An empty one cannot: it would let in whoever says nothing. */
export function isBearerToken(text: string): boolean {
  return /^[A-Za-z0-9._~+/-]+=*$/.test(text);
}
