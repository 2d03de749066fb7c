import { CancellationScope } from '@temporalio/workflow'

/** Work that was begun before it was certain that it would be needed. */
export interface HeadStart<Result> {
  readonly result: Promise<Result>
  /** Cancels it, and resolves when it has ended, in whatever way. */
  readonly discard: () => Promise<void>
}

export const headStart = <Result>(work: () => Promise<Result>): HeadStart<Result> => {
  const scope = new CancellationScope()
  const result = scope.run(work)
  // A failure counts only when somebody asks for the result.
  const ended = result.then(
    () => undefined,
    () => undefined,
  )
  const discard = async (): Promise<void> => {
    scope.cancel()
    await ended
  }
  return { result, discard }
}
