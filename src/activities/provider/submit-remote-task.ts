import type { ProviderActivities } from '../../contracts/activities.ts'
import { remoteJobKey } from '../../domain/ids.ts'
import { providerSender } from '../../domain/task-providers.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { configuredProvider } from './configured-provider.ts'

/**
 * Orders a step's work from a provider. *Idempotent* where the provider keeps orders apart by their key:
 * it names owner and step, and URLs are signed as of when the step was ordered. *Errors:*
 * PROVIDER_UNAVAILABLE (retried), PROVIDER_REJECTED, PROVIDER_OUTCOME_UNKNOWN (final).
 */
export const submitRemoteTask =
  (deps: ActivityDependencies): ProviderActivities['submitRemoteTask'] =>
  async ({ ownerId, workflowId, step, provider, kind, inputKey, options, orderedAtMs }) => {
    const { client } = configuredProvider(deps, provider)
    const input = await deps.storage.signGet(inputKey, {
      expiresInSeconds: deps.settings.urlTtlSeconds,
      signedAt: new Date(orderedAtMs),
    })
    const webhookUrl = deps.webhookUrlFor({
      workflowId,
      executionId: ownerId,
      step,
      sender: providerSender(provider),
      issuedAtMs: orderedAtMs,
    })
    // Heard to the end even when the work is cancelled: or nobody could cancel the job.
    const job = await client.submit({
      idempotencyKey: remoteJobKey(ownerId, step, 1),
      kind,
      input,
      options,
      metadata: { owner_id: ownerId, step },
      webhookUrl,
    })
    return { provider, jobId: job.id }
  }
