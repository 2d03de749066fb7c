import { setTimeout as delay } from 'node:timers/promises'
import type { z } from 'zod'
import { generation } from '../../contracts/http/generations/generation.ts'
import type { ExecutionNews } from '../../contracts/ports.ts'
import { newsBell } from '../news-bell.ts'
import type { ApiAnswer, AskApi } from './ask-api.ts'

/** News come by the dozen; nobody reads faster than this. */
const PAUSE_MS = 500

const generationState = generation.pick({
  finishedAt: true,
  waitingFor: true,
  completed: true,
  total: true,
  currentOperation: true,
})
type GenerationState = z.infer<typeof generationState>

export interface Watch {
  readonly ask: AskApi
  readonly news: ExecutionNews
  readonly executionId: string
  readonly timeoutMs: number
  readonly signal: AbortSignal
  readonly onProgress: (state: GenerationState) => Promise<void>
}

/** Nothing will change by itself. */
const isSettled = ({ finishedAt, waitingFor }: GenerationState): boolean =>
  finishedAt !== null || waitingFor !== null

/** Waits until a run is over or waits for somebody, or the time is up; then answers how it stands. */
export const watchGeneration = async (watch: Watch): Promise<ApiAnswer> => {
  const { ask, executionId, timeoutMs, signal, onProgress } = watch
  const endMs = Date.now() + timeoutMs
  // Before the first question: what happens in between rings the bell.
  const bell = newsBell({ ...watch, id: executionId })
  try {
    for (;;) {
      const path = `/v1/generations/${encodeURIComponent(executionId)}`
      const answer = await ask({ method: 'GET', path })
      const seen = answer.status === 200 ? generationState.safeParse(answer.body) : null
      const leftMs = endMs - Date.now()
      if (!seen?.success || isSettled(seen.data) || leftMs <= 0 || signal.aborted) return answer
      await onProgress(seen.data)
      await bell.wait(leftMs)
      await delay(Math.min(PAUSE_MS, Math.max(0, endMs - Date.now())))
    }
  } finally {
    bell.close()
  }
}
