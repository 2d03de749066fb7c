/** Where the calls to models wait for their turn, and as whom their webhooks come. */

import type { ModelOperation } from './operations.ts'

/** The engines of ours: no key, no limit but the machine's own. */
export const LOCAL_PROVIDER = 'local'

/** Listening and translating by engines of ours, which take a core each. */
const INFERRED_HERE: ReadonlySet<ModelOperation> = new Set(['transcribe', 'translate'])

/** The queue in front of each provider: its limits are those of the provider. What is made here waits
 * with the work that takes as much of a machine. */
export const modelQueueOf = (
  provider: string,
  operation: ModelOperation,
): `models-${string}` | 'media' | 'inference' => {
  if (provider !== LOCAL_PROVIDER) return providerQueue(provider)
  return INFERRED_HERE.has(operation) ? 'inference' : 'media'
}

export const providerQueue = (provider: string): `models-${string}` => `models-${provider}`

/** As which the sender of a model's webhook is named in its route, beside renderers and task providers. */
const SENDER_PREFIX = 'model:'
export const modelSender = (provider: string): string => `${SENDER_PREFIX}${provider}`
export const providerOfModelSender = (sender: string): string | null =>
  sender.startsWith(SENDER_PREFIX) ? sender.slice(SENDER_PREFIX.length) : null
