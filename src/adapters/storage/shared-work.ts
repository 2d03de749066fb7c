/** Work that several wait for. */
export interface SharedWork<Result> {
  /** Waits for the result, or rejects with the reason of the caller's own cancel. */
  readonly join: (signal?: AbortSignal) => Promise<Result>
}

/**
 * Starts work that any number of callers may join. One who cancels leaves the others waiting; when the last
 * has left, the work is told to stop, and he waits until it has. `onClosed` is called once, as soon as nobody
 * should join any more.
 */
export const shareWork = <Result>(
  work: (everybodyLeft: AbortSignal) => Promise<Result>,
  onClosed: () => void,
): SharedWork<Result> => {
  const everybodyLeft = new AbortController()
  let waiting = 0
  let isClosed = false
  const close = (): void => {
    if (isClosed) return
    isClosed = true
    onClosed()
  }
  const result = work(everybodyLeft.signal).finally(close)
  const ended = result.then(
    () => undefined,
    () => undefined,
  )
  return {
    join: async (signal) => {
      waiting += 1
      try {
        return await orCanceled(result, signal)
      } finally {
        waiting -= 1
        if (waiting === 0) {
          close()
          everybodyLeft.abort(new Error('nobody waits any more'))
          await ended
        }
      }
    },
  }
}

const orCanceled = async <Result>(
  result: Promise<Result>,
  signal: AbortSignal | undefined,
): Promise<Result> => {
  if (signal === undefined) return await result
  let leave: () => void = () => undefined
  const canceled = new Promise<never>((_resolve, reject) => {
    leave = () => reject(signal.reason as Error)
    if (signal.aborted) leave()
    else signal.addEventListener('abort', leave, { once: true })
  })
  try {
    return await Promise.race([result, canceled])
  } finally {
    signal.removeEventListener('abort', leave)
  }
}
