import { Context } from '@temporalio/activity'
import type {
  ActivityExecuteInput,
  ActivityInboundCallsInterceptor,
  ActivityInterceptorsFactory,
  Next,
} from '@temporalio/worker'
import type { FailureCode } from '../../domain/failures.ts'
import { MediaError } from '../../domain/failures.ts'
import type { ExecutionId } from '../../domain/ids.ts'
import { stageOfActivity } from '../../domain/stages.ts'
import { stepOfActivity, type StepPart } from '../../domain/steps.ts'
import { codeOfError, toActivityFailure } from './failures.ts'

/** Where the starts and ends of steps are kept; the worker gives it Postgres. */
export interface StepRecorder {
  begin(executionId: ExecutionId, step: string): Promise<void>
  complete(executionId: ExecutionId, step: string, outcome: 'completed' | 'skipped'): Promise<void>
  fail(executionId: ExecutionId, step: string, failure: FailureCode): Promise<void>
}

/** Where durations and failures are counted. */
export interface ActivityMeter {
  ended(activity: string, seconds: number, failure: FailureCode | null): void
  /** An attempt at a stage of the work has ended. */
  attempted(attempt: {
    /** The type of the workflow that it is part of. */
    readonly workflow: string
    readonly stage: string
    readonly outcome: 'completed' | 'skipped' | 'failed' | 'canceled'
  }): void
}

/** Beats are this far apart; proxies with a heartbeat allow four of them to be missed. */
const BEAT_MS = 1_000

/** No result may be larger: files travel by key, and histories are kept for weeks. */
const RESULT_BYTES_MAX = 32 * 1024

type Execute = Next<ActivityInboundCallsInterceptor, 'execute'>

/**
 * What every activity has in common, so that none of them contains it: the step is recorded, the
 * heart beats from a timer (an encoder may be silent for long), errors become typed failures, the
 * result is bounded, and the duration is counted.
 */
export const activityInterceptors =
  (recorder: StepRecorder, meter: ActivityMeter): ActivityInterceptorsFactory =>
  (context) => ({
    inbound: {
      execute: async (input, next) => {
        const activity = context.info.activityType
        const startedAtMs = performance.now()
        const stage = stageOfActivity(activity)
        const ended = (failure: FailureCode | null, done: 'completed' | 'skipped') => {
          meter.ended(activity, (performance.now() - startedAtMs) / 1000, failure)
          if (stage === null) return
          const failed = failure === 'CANCELED' ? 'canceled' : 'failed'
          const { workflowType: workflow = 'none' } = context.info
          meter.attempted({ workflow, stage, outcome: failure === null ? done : failed })
        }
        try {
          const result = await recorded(recorder, activity, input, async () =>
            bounded(activity, await beating(input, next)),
          )
          ended(null, isSkipped(result) ? 'skipped' : 'completed')
          return result
        } catch (error) {
          ended(codeOfError(error), 'completed')
          throw toActivityFailure(error)
        }
      },
    },
  })

const beating = async (input: ActivityExecuteInput, next: Execute): Promise<unknown> => {
  const context = Context.current()
  if (context.info.heartbeatTimeoutMs === undefined) return await next(input)
  const beat = setInterval(() => context.heartbeat(), BEAT_MS)
  try {
    return await next(input)
  } catch (error) {
    // Whatever an aborted child reports, the cause is the cancellation.
    if (context.cancellationSignal.aborted) throw context.cancellationSignal.reason
    throw error
  } finally {
    clearInterval(beat)
  }
}

const recorded = async (
  recorder: StepRecorder,
  activity: string,
  input: ActivityExecuteInput,
  execute: () => Promise<unknown>,
): Promise<unknown> => {
  const given = (input.args[0] ?? {}) as Readonly<Record<string, unknown>>
  const part = stepOfActivity(activity, given)
  const executionId = given['executionId'] as ExecutionId | undefined
  if (part === null || executionId === undefined) return await execute()
  if (part.part !== 'closes') await recorder.begin(executionId, part.step)
  try {
    const result = await execute()
    if (part.part !== 'opens') {
      await recorder.complete(executionId, part.step, isSkipped(result) ? 'skipped' : 'completed')
    }
    return result
  } catch (error) {
    await recordFailure(recorder, executionId, part, error)
    throw error
  }
}

const recordFailure = async (
  recorder: StepRecorder,
  executionId: ExecutionId,
  part: StepPart,
  error: unknown,
): Promise<void> => {
  const code = codeOfError(error)
  // A cancelled step is settled with its execution; a database that is away cannot be told so.
  if (code === 'CANCELED' || code === 'DATABASE_UNAVAILABLE') return
  await recorder.fail(executionId, part.step, code)
}

const isSkipped = (result: unknown): boolean =>
  typeof result === 'object' && result !== null && 'skipped' in result

const bounded = (activity: string, result: unknown): unknown => {
  const sizeBytes = Buffer.byteLength(JSON.stringify(result ?? null))
  if (sizeBytes <= RESULT_BYTES_MAX) return result
  throw new MediaError('INTERNAL', `${activity} returned ${sizeBytes} bytes`)
}
