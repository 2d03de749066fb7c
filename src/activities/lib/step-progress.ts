import type { ProgressShare } from '../../domain/stream-plan.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { throttledProgress, type ProgressReports } from './throttled-progress.ts'

/** A person reads no faster. */
const REPORT_INTERVAL_MS = 1_500

const WHOLE: ProgressShare = { fromRatio: 0, toRatio: 1 }

/** Writes the progress of a tool down as that of a step, or of its `share` of a step. */
export const stepProgress = (
  deps: ActivityDependencies,
  ref: { readonly executionId: string; readonly step: string },
  share: ProgressShare = WHOLE,
): ProgressReports =>
  throttledProgress(deps, {
    intervalMs: REPORT_INTERVAL_MS,
    subject: ref,
    pass: async (ratio) => {
      const progress = (share.fromRatio + (share.toRatio - share.fromRatio) * ratio) * 100
      await deps.executions.recordProgress({ ...ref, progress, signOfLifeAt: deps.clock() })
    },
  })
