import { cancellationSignal } from '@temporalio/activity'
import type { ProviderActivities } from '../../contracts/activities.ts'
import { failureOfTask, type RemoteTaskAnswer } from '../../contracts/tasks-dialect.ts'
import { MediaError, type FailureCode } from '../../domain/failures.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { configuredProvider } from './configured-provider.ts'

/** Asks a provider how a job is. One that gives no answer, or a page instead of one, is no error here:
 * the workflow decides how long it goes on so. *Errors:* PROVIDER_REJECTED (it knows no such job). */
export const inspectRemoteTask =
  (deps: ActivityDependencies): ProviderActivities['inspectRemoteTask'] =>
  async ({ provider, jobId }) => {
    try {
      const { client } = configuredProvider(deps, provider)
      const job = await client.get(jobId, cancellationSignal())
      return { status: job.status, failure: failureOf(job), answered: true }
    } catch (error) {
      if (!(error instanceof MediaError) || error.code === 'PROVIDER_REJECTED') throw error
      deps.log.warn({ provider, jobId, error: error.internalDetail }, 'a provider gave no answer')
      return { status: 'processing', failure: null, answered: false }
    }
  }

/** The provider's own code where it is one of ours: then it is about the input. */
const failureOf = (job: RemoteTaskAnswer): FailureCode | null => {
  if (job.status !== 'failed') return null
  const code = failureOfTask(job)
  return code === 'RENDERER_FAILED' ? 'PROVIDER_FAILED' : code
}
