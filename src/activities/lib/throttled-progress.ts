import type { ActivityDependencies } from '../dependencies.ts'

export interface ProgressReports {
  /** 0 to 1; a tool may call it many times a second. */
  readonly report: (ratio: number) => void
  /** Resolves when no report is under way any more. */
  readonly settled: () => Promise<void>
}

/**
 * Passes a tool's progress on at most once in `intervalMs`, the first time after the first of them, and one
 * report at a time. A report that fails is logged and made up for by the next.
 */
export const throttledProgress = (
  { clock, log }: Pick<ActivityDependencies, 'clock' | 'log'>,
  options: {
    readonly intervalMs: number
    /** Whose progress it is, for the log. */
    readonly subject: Readonly<Record<string, string>>
    readonly pass: (ratio: number) => Promise<void>
  },
): ProgressReports => {
  const { intervalMs, subject, pass } = options
  let lastAtMs = clock().getTime()
  let passing: Promise<void> | null = null

  return {
    report: (ratio) => {
      const nowMs = clock().getTime()
      if (passing !== null || nowMs - lastAtMs < intervalMs) return
      lastAtMs = nowMs
      passing = pass(ratio)
        .catch((error: unknown) => {
          log.warn({ ...subject, error: String(error) }, 'progress could not be reported')
        })
        .finally(() => {
          passing = null
        })
    },
    settled: async () => {
      await passing
    },
  }
}
