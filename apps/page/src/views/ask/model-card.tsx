import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { conversation } from "../../state/conversation.ts";
import type { Precision, RuntimeChoice, RuntimeOffer } from "../../protocol/calls.ts";
import {
  canKeep,
  chooseKept,
  chooseModel,
  choosePrecision,
  chooseRuntime,
  chosenModel,
  deleteHubCache,
  findRuntimes,
  forgetModel,
  hubCacheUsed,
  keepChosen,
  keeping,
  keptModels,
  loadedModel,
  modelProblem,
  precision,
  runtimeChoice,
  runtimes,
  unloadModel,
  usedBytes,
} from "../../state/models.ts";
import { measureMemory, usedMemory } from "../../state/memory.ts";
import { texts } from "../../texts/language.ts";
import { bytes, count, seconds } from "../../texts/numbers.ts";
import { PlaceButtons } from "../file-buttons.tsx";
import { ProblemNote } from "../problem-note.tsx";
import { ProgressBar } from "../progress-bar.tsx";

const changing = signal(false);

/** Which model answers, where it is kept, and what it runs on. */
export function ModelCard(): JSX.Element {
  const words = texts.value.model;
  const chosen = chosenModel.value;
  const loaded = loadedModel.value;
  const choosing = chosen === undefined || changing.value;
  const problem = modelProblem.value;
  return (
    <section class="card model" aria-labelledby="model-heading">
      <div class="line">
        <h2 id="model-heading">{words.heading}</h2>
        {chosen !== undefined && (
          <button type="button" class="small" aria-expanded={changing.value} onClick={() => (changing.value = !changing.value)}>
            {words.change}
          </button>
        )}
      </div>
      {chosen !== undefined && (
        <p class="chosen">
          <strong>{chosen.name}</strong>
          <span class="muted">
            {loaded === undefined
              ? words.notLoaded
              : `${words.loaded} · ${words.parameters(count(loaded.parameters))} · ${words.reads(count(loaded.maxTokens))}`}
          </span>
        </p>
      )}
      {problem !== undefined && <ProblemNote problem={problem} />}
      {choosing && <ModelChooser />}
      {keeping.value !== undefined && <ProgressBar progress={keeping.value} />}
      {canKeep.value && keeping.value === undefined && (
        <button type="button" class="small" onClick={() => void keepChosen()}>
          {words.keep}
        </button>
      )}
      {chosen !== undefined && <RunDetails />}
    </section>
  );
}

function ModelChooser(): JSX.Element {
  const words = texts.value.model;
  const take: typeof chooseModel = (place, name) => {
    chooseModel(place, name);
    changing.value = false;
  };
  return (
    <div class="chooser">
      <p class="muted">{words.hint}</p>
      <PlaceButtons onPlace={take} />
      {(keptModels.value.length > 0 || hubCacheUsed.value) && (
        <div class="kept">
          <h3>{words.kept}</h3>
          <ul>
            {keptModels.value.map((model) => (
              <li key={model.id} class="line">
                <button type="button" class="chip" onClick={() => void chooseKept(model).then((chosen) => (changing.value = !chosen))}>
                  {model.name}
                </button>
                <span class="muted">{model.bytes > 0 ? `${words.keptCopy}, ${bytes(model.bytes)}` : words.keptFolder}</span>
                <button type="button" class="small" aria-label={words.forgetNamed(model.name)} onClick={() => void forgetModel(model)}>
                  {words.forget}
                </button>
              </li>
            ))}
            {hubCacheUsed.value && (
              <li class="line">
                <span>{words.downloads}</span>
                <button type="button" class="small" aria-label={words.forgetNamed(words.downloads)} onClick={() => void deleteHubCache()}>
                  {words.forget}
                </button>
              </li>
            )}
          </ul>
          {usedBytes.value > 0 && <p class="muted">{words.storage(bytes(usedBytes.value))}</p>}
        </div>
      )}
    </div>
  );
}

function RunDetails(): JSX.Element {
  const words = texts.value.run;
  const report = runtimes.value;
  const choice = runtimeChoice.value;
  const name = choice === "automatic" ? report?.automatic : choice;
  const loaded = loadedModel.value;
  const { result: last, memory } = conversation.value.find(({ result }) => result !== undefined) ?? {};
  return (
    <details
      class="run"
      onToggle={() => {
        void findRuntimes();
        void measureMemory();
      }}
    >
      <summary>
        {words.heading}: {name === undefined ? words.finding : words.names[name]}
      </summary>
      <label>
        {words.label}
        <select
          value={choice}
          disabled={report === undefined}
          onChange={(event) => chooseRuntime(event.currentTarget.value as RuntimeChoice)}
        >
          <option value="automatic">{report === undefined ? words.automatic : words.chosen(words.shortNames[report.automatic])}</option>
          {report?.offers.map((offer) => (
            <option key={offer.name} value={offer.name} disabled={!offer.usable}>
              {words.names[offer.name]}
            </option>
          ))}
        </select>
      </label>
      {report !== undefined && (
        <ul class="reasons">
          {report.offers.map((offer) => (
            <li key={offer.name}>
              {words.names[offer.name]}
              <span class="muted">{offerInWords(offer, report.isolated)}</span>
            </li>
          ))}
        </ul>
      )}
      {name === "webgpu" && (
        <label class="check">
          <input
            type="checkbox"
            checked={precision.value === "float16"}
            onChange={(event) => choosePrecision((event.currentTarget.checked ? "float16" : "float32") satisfies Precision)}
          />
          {words.precision}
        </label>
      )}
      {last !== undefined && (
        <table class="stages">
          <thead>
            <tr>
              <th scope="col">{words.stage}</th>
              <th scope="col">{words.time}</th>
              <th scope="col">{words.memory}</th>
            </tr>
          </thead>
          <tbody>
            {last.timings.map(({ stage, milliseconds }) => (
              <tr key={stage}>
                <th scope="row">{words.stages[stage]}</th>
                <td>{seconds(milliseconds)} s</td>
                <td>
                  {[
                    stage === "weights" ? words.weights(bytes(last.model.weightBytes)) : "",
                    memory?.[stage] === undefined ? "" : words.atMost(bytes(memory[stage])),
                  ]
                    .filter((part) => part !== "")
                    .join(", ") || "–"}
                </td>
              </tr>
            ))}
            {usedMemory.value !== undefined && (
              <tr>
                <th scope="row">{words.now}</th>
                <td />
                <td>{words.inAll(bytes(usedMemory.value))}</td>
              </tr>
            )}
          </tbody>
        </table>
      )}
      {loaded !== undefined && (
        <button type="button" class="small" onClick={() => void unloadModel()}>
          {texts.value.model.unload}
        </button>
      )}
    </details>
  );
}

function offerInWords({ name, detail, obstacle }: RuntimeOffer, isolated: boolean): string {
  const words = texts.value.run;
  const facts = [
    name === "wasm" && obstacle === undefined ? words.threads(detail) : name === "webgpu" ? detail : "",
    obstacle === undefined ? "" : words.reasons[obstacle],
    name === "wasm" && obstacle === undefined && !isolated ? words.oneThread : "",
  ];
  return facts.filter((fact) => fact !== "").join(". ");
}
