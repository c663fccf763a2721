// The clients of a server under load: `clients.ts <address> <seconds> <seed>`. Some keep their connections and some do not; they ask for answers from texts
// of changing length, one and several at a time, and for what cannot be answered, and some leave before they have an answer. What they get is counted; what
// they should not get is said, and the exit code is 1.
import { Agent, request, type IncomingMessage } from "node:http";
import { connect, type Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { random, type Random } from "../fuzz/random.ts";
import { losingQuestion, serverLimits } from "./server-load.ts";

const [address = "", seconds = "10", seed = "1"] = process.argv.slice(2);
const { hostname, port } = new URL(address);
const clientCount = 12;
const words = "the cat sat on the mat and a dog read on while it was where they did who what".split(" ");

const closedWhileIdle = "was idle, and is closed";
/** Less than Node keeps a connection on which nothing comes. */
const idleMilliseconds = 4000;
const lastUses = new WeakMap<Socket, number>();
const idleFor = (socket: Socket | null): number => performance.now() - ((socket && lastUses.get(socket)) ?? performance.now());

interface Reply {
  readonly status: number;
  readonly body: string;
}

const counts = new Map<string, number>();
const wrong = new Map<string, number>();
const count = (of: Map<string, number>, what: string): void => void of.set(what, (of.get(what) ?? 0) + 1);

/** @throws Error where the connection ends first, also where the client leaves, after so many milliseconds */
async function ask(
  agent: Agent | false,
  method: string,
  path: string,
  body: string | undefined,
  leaveAfter = Number.POSITIVE_INFINITY,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const sent = request({ hostname, port, method, path, agent, headers }, (response: IncomingMessage) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk)).on("error", reject);
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }));
    });
    // A server may close a connection that nothing has come on for seconds, just when it is used again.
    sent.on("error", (error) => reject(sent.reusedSocket && idleFor(sent.socket) > idleMilliseconds ? new Error(closedWhileIdle) : error));
    sent.on("close", () => sent.socket !== null && lastUses.set(sent.socket, performance.now()));
    if (leaveAfter !== Number.POSITIVE_INFINITY) setTimeout(() => sent.destroy(new Error("left")), leaveAfter);
    sent.end(body);
  });
}

function textOf(numbers: Random): string {
  const length = numbers.chance(0.1) ? 200 + numbers.below(400) : 1 + numbers.below(60);
  return `${Array.from({ length }, () => numbers.of(words)).join(" ")}.`;
}

const inputOf = (numbers: Random): { question: string; context: string } => ({
  question: "where did the cat sit?",
  context: textOf(numbers),
});

function checkAnswer(answer: unknown, context: string): void {
  const { answer: text, start, end, score } = answer as { answer: string; start: number; end: number; score: number };
  if (context.slice(start, end) !== text || !(score >= 0 && score <= 1))
    count(wrong, `an answer that is not in its text: ${JSON.stringify(answer)}`);
}

/** Right where many ask, where the model is lost, and where the machine has other things to do. */
const busy = [429, 503, 504];

/** By name: what is asked, and what has to come. */

const requests: Readonly<Record<string, (agent: Agent | false, numbers: Random) => Promise<void>>> = {
  async answer(agent, numbers) {
    const input = inputOf(numbers);
    const { status, body } = await expectStatus("answer", [200, ...busy], ask(agent, "POST", "/", JSON.stringify({ inputs: input })));
    if (status === 200) checkAnswer(JSON.parse(body), input.context);
  },
  async answers(agent, numbers) {
    const inputs = Array.from({ length: 1 + numbers.below(6) }, () => inputOf(numbers));
    const { status, body } = await expectStatus("answers", [200, ...busy], ask(agent, "POST", "/models/any", JSON.stringify({ inputs })));
    if (status !== 200) return;
    const answers = JSON.parse(body) as readonly unknown[];
    for (const [index, { context }] of inputs.entries()) checkAnswer(answers[index], context);
  },
  async leave(agent, numbers) {
    const input = JSON.stringify({ inputs: inputOf(numbers) });
    await ask(agent, "POST", "/", input, numbers.below(40)).then(
      ({ status }) => count(counts, `leave: ${status}`),
      () => count(counts, "leave: left"),
    );
  },
  async half(_agent, numbers) {
    const socket = connect(Number(port), hostname);
    socket.on("error", () => undefined);
    socket.write(`POST / HTTP/1.1\r\nHost: ${hostname}\r\nContent-Length: 5000\r\n\r\n{"inputs": {"question": "wh`);
    await wait(numbers.below(100));
    socket.destroy();
    count(counts, "half: left");
  },
  async wrong(agent, numbers) {
    const body = numbers.of([
      '{"inputs":',
      "[]",
      '{"inputs":{"question":"a"}}',
      '{"inputs":[]}',
      '{"inputs":{"question":"a","context":"b"},"parameters":{"x":1}}',
    ]);
    await expectStatus("wrong", [400], ask(agent, "POST", "/", body));
  },
  async nowhere(agent) {
    await expectStatus("nowhere", [404], ask(agent, "GET", "/nowhere", undefined));
  },
  async many(agent, numbers) {
    const inputs = Array.from({ length: serverLimits.capacity + 1 }, () => inputOf(numbers));
    await expectStatus("many", [400], ask(agent, "POST", "/", JSON.stringify({ inputs })));
  },
  async long(agent) {
    const inputs = { question: "who?", context: "the ".repeat(serverLimits.maxLength / 4 + 1) };
    await expectStatus("long", [400], ask(agent, "POST", "/", JSON.stringify({ inputs })));
  },
  async large(agent) {
    const inputs = { question: "who?", context: "the ".repeat(serverLimits.maxBody / 4 + 1) };
    await expectStatus("large", [413], ask(agent, "POST", "/", JSON.stringify({ inputs })));
  },
  async watch(agent, numbers) {
    const path = numbers.of(["/health", "/metrics", "/openapi.json"]);
    await expectStatus("watch", path === "/health" ? [200, 503] : [200], ask(agent, "GET", path, undefined));
  },
};

const often = ["answer", "answer", "answer", "answer", "answers", "answers", "leave", "leave", ...Object.keys(requests)];

async function expectStatus(name: string, expected: readonly number[], reply: Promise<Reply>): Promise<Reply> {
  const found = await reply;
  count(counts, `${name}: ${found.status}`);
  if (!expected.includes(found.status)) count(wrong, `${name}: ${found.status} ${found.body.slice(0, 200)}`);
  return found;
}

async function client(index: number, until: number): Promise<void> {
  const numbers = random(Number(seed) * 1000 + index);
  const agent = index % 3 === 0 ? false : new Agent({ keepAlive: true, maxSockets: 2 });
  while (performance.now() < until) {
    const name = numbers.of(often);
    try {
      await requests[name]?.(agent, numbers);
    } catch (error) {
      // A connection that was kept must take the next request, too.
      const said = error instanceof Error ? error.message : String(error);
      count(said === closedWhileIdle ? counts : wrong, `${name}: ${said}`);
    }
    if (numbers.chance(0.05)) await wait(numbers.below(300));
  }
  if (agent !== false) agent.destroy();
}

/** Has the model lost from time to time; the one to blame gets an error when it was lost three times. */
async function loseModel(until: number): Promise<void> {
  const inputs = { question: losingQuestion, context: "the model." };
  while (performance.now() < until) {
    await wait(Math.min(15_000, Math.max(0, until - performance.now()) / 2));
    await expectStatus("lose", busy, ask(false, "POST", "/", JSON.stringify({ inputs })));
  }
}

const until = performance.now() + 1000 * Number(seconds);
await Promise.all([...Array.from({ length: clientCount }, async (_, index) => client(index, until)), loseModel(until)]);
const inWords = (of: Map<string, number>): string =>
  [...of]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([what, times]) => `${what} × ${times}`)
    .join(", ");
console.log(`  clients: ${inWords(counts)}`);
for (const [what, times] of wrong) console.log(`  ! ${what} × ${times}`);
process.exitCode = wrong.size === 0 ? 0 : 1;
