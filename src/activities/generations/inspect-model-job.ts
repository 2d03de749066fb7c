import { mkdir } from 'node:fs/promises'
import { cancellationSignal } from '@temporalio/activity'
import type { ModelJobState } from '../../adapters/models/model-provider.ts'
import type { GenerationActivities, JobInput } from '../../contracts/generation-activities.ts'
import { MediaError } from '../../domain/failures.ts'
import type { ModelOrderHandle } from '../../domain/generation/model-order.ts'
import { findRoute } from '../../domain/generation/models/table.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { configuredModelProvider } from './configured-model.ts'
import { keepAnswer } from './keep-answer.ts'
import { choiceOf, findJob, type OwnedJob } from './plan-job.ts'

interface PlacedJob extends OwnedJob {
  readonly reference: string
  readonly handle: ModelOrderHandle
}

const placedJob = async (deps: ActivityDependencies, input: JobInput): Promise<PlacedJob> => {
  const owned = await findJob(deps, input)
  const { reference, handle } = owned.row
  if (reference !== null && handle !== null) return { ...owned, reference, handle }
  throw new MediaError('NOT_FOUND', `no provider has job ${input.jobId}`)
}

/**
 * Asks a provider how a job is, and keeps what it has made. A provider that gives no answer is no error
 * here: the workflow decides how long it goes on so. *Errors:* PROVIDER_REJECTED, NOT_CONFIGURED (it
 * does not let us ask any more), NOT_FOUND (final); STORAGE_UNAVAILABLE (retried).
 */
export const inspectModelJob =
  (deps: ActivityDependencies): GenerationActivities['inspectModelJob'] =>
  async (input) => {
    const job = await placedJob(deps, input)
    if (job.row.orderState === 'answered') return completed
    return await deps.tools.withWorkspace(input.executionId, async (workspace) => {
      const folder = workspace.path('made')
      await mkdir(folder)
      try {
        return await judged(deps, job, await inspect(deps, job, folder))
      } catch (error) {
        if (!(error instanceof MediaError) || !GAVE_NO_ANSWER.has(error.code)) throw error
        const { executionId, jobId } = input
        const fields = { executionId, jobId, error: error.internalDetail }
        deps.log.warn(fields, 'a provider of models gave no answer')
        return { status: 'processing', failure: null, answered: false }
      }
    })
  }

const GAVE_NO_ANSWER: ReadonlySet<string> = new Set([
  'PROVIDER_UNAVAILABLE',
  'PROVIDER_OUTPUT_INVALID',
])

const completed = { status: 'completed', failure: null, answered: true } as const

const inspect = async (
  deps: ActivityDependencies,
  { row, handle }: PlacedJob,
  folder: string,
): Promise<ModelJobState> => {
  const provider = configuredModelProvider(deps, choiceOf(row).provider)
  return await provider.inspect(handle, { folder, signal: cancellationSignal() })
}

const judged = async (
  deps: ActivityDependencies,
  { account, row, reference }: PlacedJob,
  state: ModelJobState,
) => {
  const { executionId, jobId } = row
  switch (state.status) {
    case 'completed': {
      const accountId = account.id
      await keepAnswer(deps, { executionId, jobId, reference, accountId }, state.answer)
      return completed
    }
    case 'failed':
    case 'canceled': {
      const { status, detail, isRejected } = state
      deps.log.warn({ executionId, jobId, status, detail }, 'a model did not finish its work')
      const failure = isRejected ? 'PROVIDER_REJECTED' : 'PROVIDER_FAILED'
      return { status, failure, answered: true } as const
    }
    case 'queued':
    case 'processing':
      return { status: state.status, failure: null, answered: true }
  }
}

/** Tells a provider to stop a job. One that is over, or that was never accepted, counts as stopped.
 * *Idempotent.* */
export const cancelModelJob =
  (deps: ActivityDependencies): GenerationActivities['cancelModelJob'] =>
  async (input) => {
    const { row } = await findJob(deps, input)
    if (row.handle === null || row.orderState !== 'accepted') return
    await configuredModelProvider(deps, choiceOf(row).provider).cancel(row.handle, {})
  }

/** Takes over a job that an operator has found at the provider: it is waited for as if its acceptance
 * had been heard. *Idempotent.* */
export const adoptModelJob =
  (deps: ActivityDependencies): GenerationActivities['adoptModelJob'] =>
  async ({ executionId, jobId, providerJobId }) => {
    const { row } = await findJob(deps, { executionId, jobId })
    if (row.reference === null) throw new MediaError('NOT_FOUND', `job ${jobId} was never ordered`)
    const { reference } = row
    const choice = choiceOf(row)
    const found = { id: providerJobId, model: findRoute(choice)?.model ?? choice.model }
    const provider = configuredModelProvider(deps, choice.provider)
    const handle = provider.handleOf?.(found) ?? { id: found.id }
    await deps.generations.noteAccepted({ executionId, jobId, reference, handle })
  }
