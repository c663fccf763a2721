import { PageFailure } from "../protocol/problem.ts";
import { ask, changeDocument } from "./conversation.ts";
import { documentProblem } from "./documents.ts";
import { chooseModel } from "./models.ts";
import { problemOf } from "./work.ts";

/** The document, the model and the questions that come with the page: one call to a first answer. What hinders it becomes the document's problem. */
export async function tryExample(name: string, modelName: string, announce: Parameters<typeof ask>[1]): Promise<void> {
  try {
    const [text, questions] = await Promise.all([
      exampleFile("document.txt").then((response) => response.text()),
      exampleFile("questions.json").then((response): Promise<{ readonly question: string }[]> => response.json()),
    ]);
    const suggestions = questions.map(({ question }) => question);
    if (!(await changeDocument(name, text, { key: "example", suggestions }))) return;
    chooseModel({ kind: "example" }, modelName);
    const [first] = suggestions;
    if (first !== undefined) await ask(first, announce);
  } catch (error) {
    documentProblem.value = problemOf(error);
  }
}

async function exampleFile(name: string): Promise<Response> {
  const path = `example/${name}`;
  const response = await fetch(path).catch((error: unknown) => {
    throw new PageFailure({ code: "network-failed", message: `${path}: ${String(error)}` });
  });
  if (!response.ok)
    throw new PageFailure({ code: "example-missing", message: `${path}: ${response.status} ${response.statusText}`.trim() });
  return response;
}
