import { setTimeout as delay } from 'node:timers/promises'
import type { ExecutionAnswer } from '../../src/contracts/http/executions.ts'
import { isExecutionOver } from '../../src/domain/statuses.ts'
import type { ServerEvent, SpoolClient } from './spool-client.ts'

/** Between the end of one stream of events and the next look. */
const LOOK_AGAIN_MS = 1_000
/** A part of the stack that died is back long before. */
const AWAY_MS_MAX = 60_000

type Follow = {
  client: SpoolClient
  executionId: string
  onChange: (execution: ExecutionAnswer) => void
  signal: AbortSignal
}

/**
 * Follows an execution by its server-sent events to its end, and resolves with how it stands then.
 * A stream that breaks off is taken up where it ended; where there is none, asking once a second does.
 * Throws when the API stays away for a minute.
 */
export async function followExecution(follow: Follow): Promise<ExecutionAnswer> {
  const { client, executionId, onChange, signal } = follow
  const path = `/v1/executions/${executionId}`
  let lastEventId = ''
  let seenAtMs = Date.now()
  for (;;) {
    signal.throwIfAborted()
    try {
      let execution = await client.get<ExecutionAnswer>(path, signal)
      seenAtMs = Date.now()
      onChange(execution)
      if (isQuiet(execution)) return execution
      for await (const event of client.events(`${path}/events`, lastEventId, signal)) {
        lastEventId = event.id
        execution = afterEvent(execution, event)
        onChange(execution)
        seenAtMs = Date.now()
      }
    } catch (error) {
      if (signal.aborted || Date.now() - seenAtMs > AWAY_MS_MAX) throw error
      await delay(LOOK_AGAIN_MS, undefined, { signal })
    }
  }
}

/** Over, and the account has been told. */
function isQuiet({ status, steps }: ExecutionAnswer): boolean {
  const isOpen = (step: string) => step === 'pending' || step === 'processing'
  return isExecutionOver(status) && !steps.some((step) => isOpen(step.status))
}

type StepNews = Partial<ExecutionAnswer['steps'][number]> & { step: string; at: string }

/** The execution as it stands after an event. */
function afterEvent(execution: ExecutionAnswer, { type, data }: ServerEvent): ExecutionAnswer {
  if (type === 'execution.status') {
    const { status, error } = data as Pick<ExecutionAnswer, 'status' | 'error'>
    return { ...execution, status, error }
  }
  if (type !== 'step.status' && type !== 'step.progress') return execution
  const { step: name, at, ...change } = data as StepNews
  const isBegun = change.status === 'processing'
  const isEnded = change.status !== undefined && !isBegun
  const steps = execution.steps.map((step) =>
    step.name === name
      ? {
          ...step,
          ...(isBegun && { startedAt: step.startedAt ?? at, finishedAt: null, progress: null }),
          ...(isEnded && { finishedAt: at }),
          ...change,
        }
      : step,
  )
  return { ...execution, steps }
}
