import type { ProviderActivities } from '../../contracts/activities.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { configuredProvider } from './configured-provider.ts'

/** Tells a provider to stop a job. A job that is over counts as stopped. *Idempotent.* */
export const cancelRemoteTask =
  (deps: ActivityDependencies): ProviderActivities['cancelRemoteTask'] =>
  async ({ provider, jobId }) => {
    await configuredProvider(deps, provider).client.cancel(jobId)
  }
