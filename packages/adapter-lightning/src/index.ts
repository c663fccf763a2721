export { lightning } from "./lightning.ts";
export { lightningEnvelope } from "./envelope/lightning-envelope.ts";
export { lightningLayout } from "./layout/lightning-layout.ts";
