// Python 2 names in Python 3's spelling, as torch's weights_only unpickler maps them (torch/_utils.py, IMPORT_MAPPING and
// NAME_MAPPING, a part of Lib/_compat_pickle.py), and the module of Python 2's exceptions.

const modules: ReadonlyMap<string, string> = /*#__PURE__*/ new Map([
  ["__builtin__", "builtins"],
  ["copy_reg", "copyreg"],
  ["exceptions", "builtins"],
  ["Queue", "queue"],
  ["repr", "reprlib"],
  ["_abcoll", "collections.abc"],
  ["UserDict", "collections"],
  ["UserList", "collections"],
  ["UserString", "collections"],
  ["whichdb", "dbm"],
  ["StringIO", "io"],
  ["cStringIO", "io"],
]);

const names: ReadonlyMap<string, readonly [module: string, name: string]> = /*#__PURE__*/ new Map([
  ["__builtin__.basestring", ["builtins", "str"]],
  ["__builtin__.intern", ["sys", "intern"]],
  ["__builtin__.long", ["builtins", "int"]],
  ["__builtin__.reduce", ["functools", "reduce"]],
  ["__builtin__.unichr", ["builtins", "chr"]],
  ["__builtin__.unicode", ["builtins", "str"]],
  ["__builtin__.xrange", ["builtins", "range"]],
  ["exceptions.StandardError", ["builtins", "Exception"]],
  ["itertools.ifilter", ["builtins", "filter"]],
  ["itertools.ifilterfalse", ["itertools", "filterfalse"]],
  ["itertools.imap", ["builtins", "map"]],
  ["itertools.izip", ["builtins", "zip"]],
  ["itertools.izip_longest", ["itertools", "zip_longest"]],
  ["UserDict.IterableUserDict", ["collections", "UserDict"]],
]);

/** A class's or function's module and name in Python 3. Names that need no change come back as they are. */
export function pythonThreeName(module: string, name: string): readonly [module: string, name: string] {
  return names.get(`${module}.${name}`) ?? [modules.get(module) ?? module, name];
}
