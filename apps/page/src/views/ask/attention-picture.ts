import type { Explanation, SeenToken } from "../../protocol/calls.ts";

/** Who looked at what: of one head, or of all averaged. */
export interface AttentionGrid {
  readonly rows: readonly SeenToken[];
  /** The global tokens, then the others. */
  readonly columns: readonly SeenToken[];
  readonly globals: number;
  /** How many tokens a column stands for, from that of the first global one on. */
  readonly columnTokens: number;
  /** `[rows, columns]`. */
  readonly values: Float32Array;
  readonly maximum: number;
}

/** Of one head, or (undefined) the mean of all. */
export function attentionGrid(found: Explanation, head: number | undefined): AttentionGrid {
  const columns = [...found.globals, ...found.around];
  const size = found.rows.length * columns.length;
  const values = new Float32Array(size);
  const heads = head === undefined ? Array.from({ length: found.heads }, (_, index) => index) : [head];
  for (const one of heads) {
    for (let index = 0; index < size; index++) {
      values[index] = (values[index] ?? 0) + (found.probabilities[one * size + index] ?? 0) / heads.length;
    }
  }
  return { rows: found.rows, columns, globals: found.globals.length, columnTokens: 1, values, maximum: largest(values) };
}

function largest(values: Float32Array): number {
  return values.reduce((most, value) => Math.max(most, value), 0);
}

/** As many columns as can be seen at once; what global tokens look at is a whole document. */
const widest = 96;

/** The same for a picture: columns beside the global ones are joined where there are too many; a joined one has the sum of its parts. */
export function shownGrid(grid: AttentionGrid, text: string): AttentionGrid {
  const { rows, columns, globals, values } = grid;
  const others = columns.length - globals;
  const columnTokens = Math.ceil(others / widest);
  if (columnTokens <= 1) return grid;
  const pieces = Array.from({ length: Math.ceil(others / columnTokens) }, (_, piece) =>
    joined(columns.slice(globals + piece * columnTokens, globals + (piece + 1) * columnTokens), text),
  );
  const width = globals + pieces.length;
  const sums = new Float32Array(rows.length * width);
  for (const row of rows.keys()) {
    for (const column of columns.keys()) {
      const at = row * width + shownColumn(column, globals, columnTokens);
      sums[at] = (sums[at] ?? 0) + (values[row * columns.length + column] ?? 0);
    }
  }
  return { rows, columns: [...columns.slice(0, globals), ...pieces], globals, columnTokens, values: sums, maximum: largest(sums) };
}

/** Where a token's column is in a picture whose columns beside the global ones stand for several. */
export function shownColumn(column: number, globals: number, columnTokens: number): number {
  return column < globals ? column : globals + Math.floor((column - globals) / columnTokens);
}

/** From the first of the tokens that stand in the document to the last. */
function joined(tokens: readonly SeenToken[], text: string): SeenToken {
  const start = tokens.find((token) => token.start !== undefined)?.start;
  const end = tokens.findLast((token) => token.end !== undefined)?.end;
  if (start === undefined || end === undefined) return { text: tokens.map((token) => token.text).join("") };
  return { text: text.slice(start, end), start, end };
}

export interface Share {
  readonly column: number;
  readonly token: SeenToken;
  readonly share: number;
}

/** What one row, or (undefined) all rows together looked at, the most first; the shares of all columns sum to 1. */
export function sharesOf({ rows, columns, values }: AttentionGrid, wanted: number | undefined): readonly Share[] {
  const from = wanted === undefined ? [...rows.keys()] : [wanted];
  return columns
    .map((token, column) => {
      let share = 0;
      for (const row of from) share += (values[row * columns.length + column] ?? 0) / from.length;
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
