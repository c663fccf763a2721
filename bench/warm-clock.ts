import { multiplyAddPeak } from "./multiply-add-peak.ts";

/** An idle GPU runs at a fraction of its clock, and takes about half a second of work to reach it. */
const milliseconds = 700;

/** Keeps the device busy until its clock is up: before anything is timed. */
export async function warmClock(device: GPUDevice): Promise<void> {
  const start = performance.now();
  do await multiplyAddPeak(device);
  while (performance.now() - start < milliseconds);
}
