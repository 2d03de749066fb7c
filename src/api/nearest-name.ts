import { closest, distance } from 'fastest-levenshtein'

/** Nobody misspells by more; and a name of a megabyte is not worth comparing. */
const NAME_LENGTH_MAX = 64

/** The known name that was probably meant, or null if none is near. Case and `-` for `_` do not count. */
export const nearestName = (name: unknown, known: readonly string[]): string | null => {
  if (typeof name !== 'string' || name.length > NAME_LENGTH_MAX || known.length === 0) return null
  const folded = new Map(known.map((each) => [fold(each), each]))
  const found = closest(fold(name), [...folded.keys()])
  // Of a short name less than half may be wrong: `b` was not meant as `a`.
  const isNear = distance(fold(name), found) <= Math.floor(found.length / 2)
  return isNear ? (folded.get(found) ?? null) : null
}

const fold = (name: string): string => name.toLowerCase().replaceAll('-', '_')
