import type { ExecutionNews } from '../contracts/ports.ts'
import type { ExecutionDetails, ExecutionEvent } from '../db/repositories/executions.ts'
import { isExecutionOver } from '../domain/statuses.ts'
import { newsBell } from './news-bell.ts'

/** Read at a time; a whole render makes a few hundred. */
const BATCH = 200

export interface StreamOptions {
  readonly executionId: string
  readonly afterSequence: number
  readonly read: (afterSequence: number, limit: number) => Promise<readonly ExecutionEvent[]>
  readonly find: () => Promise<ExecutionDetails | null>
  readonly news: ExecutionNews
  readonly heartbeatMs: number
  /** The client has gone, or the server goes. */
  readonly signal: AbortSignal
}

/** One event as the wire format has it. The sequence is what `Last-Event-ID` brings back. */
const frame = ({ sequence, type, data, createdAt }: ExecutionEvent): string =>
  `id: ${sequence}\nevent: ${type}\ndata: ${JSON.stringify({ ...data, at: createdAt.toISOString() })}\n\n`

/** Nothing more will come: what runs after the end (telling the account) is done too. */
export const isQuiet = (execution: ExecutionDetails): boolean =>
  isExecutionOver(execution.status) &&
  execution.steps.every(({ status }) => status !== 'pending' && status !== 'processing')

/**
 * The events of an execution as server-sent events: first those of the table after
 * `afterSequence`, then new ones as they come, with comments in between that keep the connection
 * open. Ends when the execution is over and quiet. Nothing is left out and nothing comes twice.
 */
export async function* executionStream(options: StreamOptions): AsyncGenerator<string> {
  const { signal, read, find } = options
  // Before the first read: what happens in between rings the bell.
  const bell = newsBell({ ...options, id: options.executionId })
  let sequence = options.afterSequence
  try {
    yield 'retry: 2000\n\n'
    while (!signal.aborted) {
      // Asked first: whatever was written before the end is read below.
      const execution = await find()
      for (;;) {
        const events = await read(sequence, BATCH)
        for (const event of events) {
          yield frame(event)
          sequence = event.sequence
        }
        if (events.length < BATCH) break
      }
      if (execution === null || isQuiet(execution)) return
      // The table is read again in any case: a bell whose wire is cut is silent.
      if (!(await bell.wait(options.heartbeatMs))) yield ': still here\n\n'
    }
  } finally {
    bell.close()
  }
}
