import type * as documents from "@longspan/documents";

/** The package that reads documents of all kinds; undefined where it is not installed. */
export async function loadDocumentReader(): Promise<typeof documents | undefined> {
  try {
    return await import("@longspan/documents");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND") return undefined;
    throw error;
  }
}
