/** What the server of the soak takes. Of its own clients some ask for more. */
export const serverLimits = { capacity: 48, timeout: 20_000, maxBody: 200_000, maxLength: 20_000 } as const;

/** A question at which the server's model is lost. */
export const losingQuestion = "is the model lost?";
