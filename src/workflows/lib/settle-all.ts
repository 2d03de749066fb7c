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
