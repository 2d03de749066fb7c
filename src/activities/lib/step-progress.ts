import type { ProgressShare } from '../../domain/stream-plan.ts'
import type { ActivityDependencies } from '../dependencies.ts'

/** How often progress is written at the most; a person reads no faster. */
const REPORT_INTERVAL_MS = 1_500

const WHOLE: ProgressShare = { fromRatio: 0, toRatio: 1 }

/**
 * Takes the progress of a tool (0 to 1, many times a second) and writes it down as that of a step, or
 * of its `share` of a step, now and then. A report that fails is made up for by the next.
 */
export const stepProgress = (
  { executions, clock, log }: ActivityDependencies,
  ref: { readonly executionId: string; readonly step: string },
  share: ProgressShare = WHOLE,
) => {
  let lastAtMs = clock().getTime()
  let writing: Promise<void> | null = null

  const write = async (ratio: number): Promise<void> => {
    const progress = (share.fromRatio + (share.toRatio - share.fromRatio) * ratio) * 100
    try {
      await executions.recordProgress({ ...ref, progress, signOfLifeAt: clock() })
    } catch (error) {
      log.warn({ ...ref, error: String(error) }, 'progress could not be reported')
    }
  }

  return {
    report: (ratio: number): void => {
      const nowMs = clock().getTime()
      if (writing !== null || nowMs - lastAtMs < REPORT_INTERVAL_MS) return
      lastAtMs = nowMs
      writing = write(ratio).finally(() => {
        writing = null
      })
    },
    /** Nothing is under way any more. */
    settled: async (): Promise<void> => {
      await writing
    },
  }
}
