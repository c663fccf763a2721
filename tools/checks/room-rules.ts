import type { SourceFile } from "./source-file.ts";

/** The room of a file: of those that hold it, the longest name. Undefined where the table has none for it. */
function roomOf(file: string, rooms: readonly string[]): string | undefined {
  return rooms
    .filter((room) => (room === "" || room.endsWith("/") ? file.startsWith(room) : file === room))
    .toSorted((left, right) => right.length - left.length)[0];
}

/**
 * The imports that run against the order of rooms, and files without a room, each in a sentence.
 * @param order the rooms of each package from the ground up: see `roomOrder`.
 */
export function brokenRoomRules(files: Iterable<SourceFile>, order: Readonly<Record<string, readonly string[]>>): readonly string[] {
  const problems: string[] = [];
  for (const { path, imports } of files) {
    const place = placeOf(path);
    if (place === undefined) continue;
    const rooms = order[place.package];
    if (rooms === undefined) {
      problems.push(`packages/${place.package} is not in tools/checks/room-order.ts: list its rooms there, from the ground up.`);
      continue;
    }
    const room = roomOf(place.file, rooms);
    if (room === undefined) {
      problems.push(`${path} is in no room of tools/checks/room-order.ts: say there where it stands among the others.`);
      continue;
    }
    for (const imported of imports) {
      const other = placeOf(imported.path);
      if (other === undefined || other.package !== place.package) continue;
      const otherRoom = roomOf(other.file, rooms);
      if (otherRoom === undefined || rooms.indexOf(otherRoom) <= rooms.indexOf(room)) continue;
      problems.push(
        `${path}:${imported.line} imports ${imported.path}: "${otherRoom}" stands above "${room}" in ${place.package}. Move what both need down, or the import up.`,
      );
    }
  }
  return [...new Set(problems)];
}

function placeOf(path: string): { readonly package: string; readonly file: string } | undefined {
  const [, name, file] = /^packages\/([^/]+)\/src\/(.+)$/.exec(path) ?? [];
  return name === undefined || file === undefined ? undefined : { package: name, file };
}
