/** Runs all of the work, at most `atOnce` of it at a time, and waits for all of it: nothing runs on
 * behind the back of whoever decides what the results mean. The work itself must not throw. */
export const settleAll = async <Item, Result>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> => {
  const results: Result[] = []
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < items.length) {
      const index = next
      next += 1
      results[index] = await work(items[index]!)
    }
  }
  const lanes: Promise<void>[] = []
  for (let index = 0; index < Math.min(atOnce, items.length); index += 1) lanes.push(lane())
  await Promise.all(lanes)
  return results
}

/** Runs all of the work to its end, so that nothing goes on behind the back of whoever hears of a
 * failure, and then fails as the first of it that failed. What has not begun by then does not begin. */
export const finishAll = async (
  works: readonly (() => Promise<unknown>)[],
  atOnce: number,
): Promise<void> => {
  const failures: unknown[] = []
  await settleAll(works, atOnce, async (work) => {
    if (failures.length > 0) return
    try {
      await work()
    } catch (error) {
      failures.push(error)
    }
  })
  if (failures.length > 0) throw failures[0]
}
