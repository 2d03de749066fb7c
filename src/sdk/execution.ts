import type { ApiAccess } from './api-access.ts'
import { callApi, pause } from './api-call.ts'
import { SpoolError } from './spool-error.ts'

export type ExecutionState = 'pending' | 'processing' | 'completed' | 'failed'

/** What a run has made. */
export interface MediaResult {
  readonly url: string
  readonly [fact: string]: unknown
}

export interface JobStatus {
  readonly id: string
  readonly operation: string
  readonly status: string
  readonly result: MediaResult | null
  readonly error: string | null
}

interface Counts {
  /** In words: "making an image"; null when nothing is in work. */
  readonly currentJob: string | null
  /** Per cent. */
  readonly progress: number
  readonly totalJobs: number
  readonly completedJobs: number
}

/** What is told of a run while it is waited for. */
export interface PipelineProgress extends Counts {
  /** Under this id it can be asked for, cancelled, and given a higher limit. */
  readonly executionId: string
}

/** How far a run is. */
export interface ExecutionStatus extends Counts {
  readonly id: string
  readonly status: ExecutionState
  readonly jobs: readonly JobStatus[]
  readonly result: MediaResult | null
  readonly error: string | null
  readonly createdAt: string
  readonly completedAt: string | null
}

/** Where an execution stands now. *Errors:* SpoolError. */
export const getExecutionStatus = async (
  executionId: string,
  access: ApiAccess = {},
): Promise<ExecutionStatus> =>
  await callApi(access, {
    method: 'GET',
    path: `/execute/${encodeURIComponent(executionId)}/status`,
  })

/** Between two questions: quick at first, for what takes a second, then patient. */
const WAIT_MS = 250
const WAIT_MS_MAX = 2_000

type OnProgress = (progress: PipelineProgress) => void
type OnComplete = (result: MediaResult) => void
type OnError = (error: Error) => void

/** A run of a plan, as a program holds it. */
export interface PipelineExecution {
  readonly id: string
  /** As it was last heard of. */
  readonly status: ExecutionState
  readonly result?: MediaResult
  getStatus(): Promise<ExecutionStatus>
  /** Waits for the end, and tells whenever something has changed. *Errors:* SpoolError, `EXECUTION_FAILED` where the run failed. */
  waitForCompletion(onProgress?: OnProgress): Promise<MediaResult>
  /** Called with the result, at once if it is there. Hears only of what this object is asked. */
  onComplete(callback: OnComplete): void
  onError(callback: OnError): void
  /** Stops it; what was finished by then is paid. */
  cancel(): Promise<void>
  /** Lets a run go on that waits for more credits. */
  raiseLimit(maxCredits: number): Promise<void>
  toJSON(): { readonly id: string; readonly status: ExecutionState }
}

/** What is heard of a run, kept. */
class SeenExecution implements PipelineExecution {
  readonly id: string
  status: ExecutionState = 'pending'
  result?: MediaResult
  readonly #access: ApiAccess
  #onComplete: OnComplete | null = null
  #onError: OnError | null = null

  constructor(id: string, access: ApiAccess) {
    this.id = id
    this.#access = access
  }

  async getStatus(): Promise<ExecutionStatus> {
    const seen = await getExecutionStatus(this.id, this.#access)
    this.status = seen.status
    if (seen.result !== null) this.result = seen.result
    return seen
  }

  async waitForCompletion(onProgress?: OnProgress): Promise<MediaResult> {
    try {
      return await this.#untilOver(onProgress)
    } catch (error) {
      if (error instanceof Error) this.#onError?.(error)
      throw error
    }
  }

  async #untilOver(onProgress?: OnProgress): Promise<MediaResult> {
    let told = ''
    for (let waitMs = WAIT_MS; ; waitMs = Math.min(waitMs * 1.5, WAIT_MS_MAX)) {
      const { status, result, error, currentJob, progress, totalJobs, completedJobs } =
        await this.getStatus()
      const counts = { currentJob, progress, totalJobs, completedJobs }
      const news = { executionId: this.id, ...counts }
      if (JSON.stringify(news) !== told) onProgress?.(news)
      told = JSON.stringify(news)
      if (status === 'failed' || (status === 'completed' && result === null)) {
        const what = error ?? 'The execution came to nothing.'
        throw new SpoolError(`${what} (${this.id})`, { code: 'EXECUTION_FAILED' })
      }
      if (status === 'completed' && result !== null) {
        this.#onComplete?.(result)
        return result
      }
      await pause(waitMs, this.#access.signal)
    }
  }

  onComplete(callback: OnComplete): void {
    this.#onComplete = callback
    if (this.status === 'completed' && this.result) callback(this.result)
  }

  onError(callback: OnError): void {
    this.#onError = callback
  }

  async cancel(): Promise<void> {
    await callApi(this.#access, { method: 'POST', path: `/v1/executions/${this.id}/cancel` })
  }

  async raiseLimit(maxCredits: number): Promise<void> {
    const path = `/v1/generations/${this.id}/limit`
    await callApi(this.#access, { method: 'POST', path, body: { maxCredits } })
  }

  toJSON(): { readonly id: string; readonly status: ExecutionState } {
    return { id: this.id, status: this.status }
  }
}

/** An execution by its id; nothing is known of it yet. */
export const executionOf = (id: string, access: ApiAccess = {}): PipelineExecution =>
  new SeenExecution(id, access)
