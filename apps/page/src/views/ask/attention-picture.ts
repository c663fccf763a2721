import type { Explanation, SeenToken } from "../../protocol/calls.ts";

/** A picture's numbers: for each token of the answer, what it looked at, of one head or of all averaged. */
export interface AttentionGrid {
  readonly rows: readonly SeenToken[];
  /** The global tokens, then those around the answer. */
  readonly columns: readonly SeenToken[];
  readonly globals: number;
  /** `[rows, columns]`. */
  readonly values: Float32Array;
  readonly maximum: number;
}

/** Of one head, or (undefined) the mean of all. */
export function attentionGrid(found: Explanation, head: number | undefined): AttentionGrid {
  const columns = [...found.globals, ...found.around];
  const size = found.answer.length * columns.length;
  const values = new Float32Array(size);
  const heads = head === undefined ? Array.from({ length: found.heads }, (_, index) => index) : [head];
  for (const one of heads) {
    for (let index = 0; index < size; index++) {
      values[index] = (values[index] ?? 0) + (found.probabilities[one * size + index] ?? 0) / heads.length;
    }
  }
  return {
    rows: found.answer,
    columns,
    globals: found.globals.length,
    values,
    maximum: values.reduce((most, value) => Math.max(most, value), 0),
  };
}

export interface Share {
  readonly column: number;
  readonly token: SeenToken;
  readonly share: number;
}

/** What all of the answer's tokens together looked at, the most first; the shares of all columns sum to 1. */
export function sharesOf({ rows, columns, values }: AttentionGrid): readonly Share[] {
  return columns
    .map((token, column) => {
      let share = 0;
      for (let row = 0; row < rows.length; row++) share += (values[row * columns.length + column] ?? 0) / rows.length;
      return { column, token, share };
    })
    .toSorted((a, b) => b.share - a.share);
}

/** Between the two parts of the picture, in columns. */
const gap = 2;

export interface PictureSize {
  /** Of a cell, in CSS pixels. */
  readonly cellWidth: number;
  readonly cellHeight: number;
  readonly width: number;
  readonly height: number;
}

/** As wide as there is room, and no cell so small that nobody can point at it. */
export function pictureSize({ rows, columns }: AttentionGrid, room: number): PictureSize {
  const across = columns.length + gap;
  const cellWidth = Math.max(3, Math.min(16, Math.floor(room / across)));
  const cellHeight = rows.length > 12 ? 12 : 20;
  return { cellWidth, cellHeight, width: across * cellWidth, height: rows.length * cellHeight };
}

export interface PictureColors {
  readonly empty: string;
  readonly full: string;
  readonly pointed: string;
}

/** Draws the grid; the square root of a probability is its depth, so that small ones can be seen. */
export function drawPicture(
  canvas: HTMLCanvasElement,
  grid: AttentionGrid,
  size: PictureSize,
  colors: PictureColors,
  pointed: Cell | undefined,
): void {
  const scale = globalThis.devicePixelRatio;
  canvas.width = size.width * scale;
  canvas.height = size.height * scale;
  const context = canvas.getContext("2d");
  if (context === null) return;
  context.scale(scale, scale);
  const { cellWidth, cellHeight } = size;
  const line = cellWidth > 6 ? 1 : 0;
  for (let row = 0; row < grid.rows.length; row++) {
    for (let column = 0; column < grid.columns.length; column++) {
      const value = grid.values[row * grid.columns.length + column] ?? 0;
      const [x, y] = [leftOf(column, grid) * cellWidth, row * cellHeight];
      context.globalAlpha = 1;
      context.fillStyle = colors.empty;
      context.fillRect(x, y, cellWidth - line, cellHeight - 1);
      context.globalAlpha = grid.maximum === 0 ? 0 : Math.sqrt(value / grid.maximum);
      context.fillStyle = colors.full;
      context.fillRect(x, y, cellWidth - line, cellHeight - 1);
    }
  }
  if (pointed === undefined) return;
  context.globalAlpha = 1;
  context.strokeStyle = colors.pointed;
  context.lineWidth = 2;
  context.strokeRect(leftOf(pointed.column, grid) * cellWidth + 0.5, pointed.row * cellHeight + 0.5, cellWidth - 1, cellHeight - 1);
}

export interface Cell {
  readonly row: number;
  readonly column: number;
}

/** The cell at a place of the picture; undefined beside and between its parts. */
export function cellAt(grid: AttentionGrid, { cellWidth, cellHeight }: PictureSize, x: number, y: number): Cell | undefined {
  const row = Math.floor(y / cellHeight);
  const across = Math.floor(x / cellWidth);
  const column = across < grid.globals ? across : across - gap;
  if (row < 0 || row >= grid.rows.length || column < 0 || column >= grid.columns.length) return undefined;
  return across >= grid.globals && across < grid.globals + gap ? undefined : { row, column };
}

function leftOf(column: number, { globals }: AttentionGrid): number {
  return column < globals ? column : column + gap;
}
