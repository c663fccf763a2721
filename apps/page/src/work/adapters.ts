import { type Converter, createConverter, type FormatAdapter } from "@longspan/core";
import { lightning } from "@longspan/adapter-lightning";
import { paddle } from "@longspan/adapter-paddle";
import { tensorflow } from "@longspan/adapter-tensorflow";
import { torch } from "@longspan/adapter-torch";
import { tokenizerJson } from "@longspan/pipelines";
import { onnx } from "@longspan/runtime-ort/onnx";

/** Every format that Longspan reads and writes. */
export const adapters: readonly FormatAdapter[] = [torch(), paddle(), tensorflow(), lightning(), onnx({ tokenizerJson })];

export const converter: Converter = createConverter({ adapters });
