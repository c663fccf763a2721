import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";

interface Body {
  readonly content?: Readonly<Record<string, { readonly schema: object }>>;
}

interface Operation {
  readonly requestBody?: Body;
  readonly responses: Readonly<Record<string, Body>>;
}

type Paths = Readonly<Record<string, Readonly<Record<string, Operation>>>>;

/**
 * `fetch` for servers that describe themselves (`/openapi.json`): the description has to be valid OpenAPI, every route and status that is met
 * has to be in it, and every answer, as every request that was taken, has to be of its schema. `token` is for reading the description.
 */
export function describedFetch(token?: string): typeof fetch {
  const ajv = new Ajv2020({ strict: false });
  const described = new Map<string, Paths>();
  const compiled = new Map<object, ValidateFunction>();

  async function pathsOf(origin: string): Promise<Paths> {
    const known = described.get(origin);
    if (known !== undefined) return known;
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const document = (await (await fetch(`${origin}/openapi.json`, { headers })).json()) as { readonly paths: Paths };
    const { valid, errors } = await new Validator().validate({ ...document });
    if (!valid) throw new Error(`/openapi.json is not OpenAPI: ${JSON.stringify(errors)}`);
    described.set(origin, document.paths);
    return document.paths;
  }

  function check(what: string, { content }: Body, text: string): void {
    const schema = content?.["application/json"]?.schema;
    if (schema === undefined) return;
    const validate = compiled.get(schema) ?? ajv.compile(schema);
    compiled.set(schema, validate);
    if (!validate(JSON.parse(text))) throw new Error(`${what} is not as described: ${text}: ${ajv.errorsText(validate.errors)}`);
  }

  return async (input, init) => {
    const request = new Request(input, init);
    const { origin, pathname } = new URL(request.url);
    const sent = await request.clone().text();
    const response = await fetch(request);
    const paths = await pathsOf(origin);
    // A model's name may have a slash, which no template of OpenAPI says.
    const operation = paths[pathname.startsWith("/models/") ? "/models/{model}" : pathname]?.[request.method.toLowerCase()];
    if (operation === undefined) {
      if (response.status === 404 || response.status === 401) return response;
      throw new Error(`${request.method} ${pathname} is not described, and answers ${response.status}`);
    }
    const answer = operation.responses[String(response.status)];
    if (answer === undefined) throw new Error(`${request.method} ${pathname}: ${response.status} is not described`);
    check(`The answer ${response.status} of ${pathname}`, answer, await response.clone().text());
    if (response.ok && operation.requestBody !== undefined) check(`What ${pathname} takes`, operation.requestBody, sent);
    return response;
  };
}
