/** A value that lies in the middle; of an even number the mean of the two. */
export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((left, right) => left - right)
  const middle = sorted.length / 2
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]]
  if (low === undefined || high === undefined) throw new RangeError('no values to take a median of')
  return (low + high) / 2
}

/** The smallest value that `share` (0 to 1) of all values do not exceed. */
export const percentile = (values: readonly number[], share: number): number => {
  const sorted = values.toSorted((left, right) => left - right)
  const value = sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)]
  if (value === undefined) throw new RangeError('no values to take a percentile of')
  return value
}

/**
 * Measures two ways in turns, A B A B: what else the machine does, and how warm it is, falls on both.
 * *Returns* what each of them gave.
 */
export const inTurns = async <Sample>(
  pairs: number,
  ways: { readonly ours: () => Promise<Sample>; readonly yardstick: () => Promise<Sample> },
): Promise<{ readonly ours: Sample[]; readonly yardstick: Sample[] }> => {
  const samples: { ours: Sample[]; yardstick: Sample[] } = { ours: [], yardstick: [] }
  for (let pair = 0; pair < pairs; pair += 1) {
    samples.ours.push(await ways.ours())
    samples.yardstick.push(await ways.yardstick())
  }
  return samples
}

/** Seconds of wall time that the work took. */
export const secondsOf = async (work: () => Promise<unknown>): Promise<number> => {
  const startedAtMs = performance.now()
  await work()
  return (performance.now() - startedAtMs) / 1000
}

/** Runs `work` for each item, never more than `width` at a time. */
export const bounded = async <Item>(
  width: number,
  items: readonly Item[],
  work: (item: Item, index: number) => Promise<unknown>,
): Promise<void> => {
  let next = 0
  const lane = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) {
      await work(items[index] as Item, index)
    }
  }
  await Promise.all(Array.from({ length: width }, lane))
}
