import { Readable } from 'node:stream'
import type { ModelAnswer } from '../../adapters/models/model-provider.ts'
import type { AccountId } from '../../domain/ids.ts'
import type { KeptAnswer } from '../../domain/generation/model-order.ts'
import { modelAnswerKey } from '../../domain/storage-keys.ts'
import type { OrderRef } from '../../db/repositories/generation-orders.ts'
import type { ActivityDependencies } from '../dependencies.ts'

/** Keeps what a model answered before anything is made of it: it was paid for, and some providers give
 * it but once. *Idempotent:* the key belongs to the order. *Cancellation:* it is kept all the same. */
export const keepAnswer = async (
  { generations, storage }: Pick<ActivityDependencies, 'generations' | 'storage'>,
  order: OrderRef & { readonly accountId: AccountId },
  answer: ModelAnswer,
): Promise<void> => {
  const storageKey = modelAnswerKey(order)
  const kept = await store(storage, storageKey, answer)
  const { executionId, jobId, reference } = order
  await generations.noteAnswered({ executionId, jobId, reference, answer: kept })
}

const store = async (
  storage: ActivityDependencies['storage'],
  storageKey: string,
  answer: ModelAnswer,
): Promise<KeptAnswer> => {
  if ('file' in answer) {
    const { path: filePath, contentType } = answer.file
    await storage.put(storageKey, { filePath }, { contentType })
    return { kind: 'file', storageKey, contentType }
  }
  const json = Readable.from([JSON.stringify(answer.json ?? null)])
  await storage.put(storageKey, json, { contentType: 'application/json' })
  return { kind: 'json', storageKey }
}
