import { json } from 'node:stream/consumers'
import { Readable } from 'node:stream'
import type { ActivityDependencies } from '../dependencies.ts'

type Storing = Pick<ActivityDependencies, 'storage'>

/** Stores a small text. *Idempotent.* */
export const putText = async (
  { storage }: Storing,
  key: string,
  { text, contentType }: { readonly text: string; readonly contentType: string },
): Promise<void> => {
  await storage.put(key, Readable.from([Buffer.from(text)]), { contentType })
}

/** Reads JSON that we have written ourselves. *Errors:* STORAGE_NOT_FOUND. */
export const readJson = async <T>({ storage }: Storing, key: string): Promise<T> =>
  (await json((await storage.open(key)).stream)) as T
