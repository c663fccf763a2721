// In two steps, so that the server of the browser's tests does not take it for an asset of a bundle.
const here = import.meta.url;

/** The onnxruntime-web that transformers.js brings; without them, it fetches them from a server of its own. */
export const onnxruntimeFiles: { readonly mjs: string; readonly wasm: string } = {
  mjs: fileUrl("ort-wasm-simd-threaded.asyncify.mjs"),
  wasm: fileUrl("ort-wasm-simd-threaded.asyncify.wasm"),
};

function fileUrl(name: string): string {
  return new URL(`../../node_modules/@huggingface/transformers/node_modules/onnxruntime-web/dist/${name}`, here).href;
}
