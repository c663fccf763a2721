/** In Node a model's place is a path. */
export { pathInput as place } from "@longspan/core/node";
