import { ask, changeDocument } from "./conversation.ts";
import { chooseModel } from "./models.ts";

/** The document, the model and the questions that come with the page: one call to a first answer. */
export async function tryExample(name: string, modelName: string, announce: Parameters<typeof ask>[1]): Promise<void> {
  const [text, questions] = await Promise.all([
    fetch("example/document.txt").then((response) => response.text()),
    fetch("example/questions.json").then((response): Promise<{ readonly question: string }[]> => response.json()),
  ]);
  const suggestions = questions.map(({ question }) => question);
  if (!(await changeDocument(name, text, { key: "example", suggestions }))) return;
  chooseModel({ kind: "example" }, modelName);
  const [first] = suggestions;
  if (first !== undefined) await ask(first, announce);
}
