/** True when dotted version `actual` is `minimum` or newer; missing parts count as 0. */
export function isAtLeast(actual, minimum) {
  const have = actual.split('.').map(Number)
  const want = minimum.split('.').map(Number)
  for (let index = 0; index < want.length; index++) {
    if ((have[index] ?? 0) !== want[index]) return (have[index] ?? 0) > want[index]
  }
  return true
}
