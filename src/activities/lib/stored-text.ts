import { text } from 'node:stream/consumers'
import { Readable } from 'node:stream'
import { MediaError } from '../../domain/failures.ts'
import type { ActivityDependencies } from '../dependencies.ts'

type Storing = Pick<ActivityDependencies, 'storage'>

/** Stores a small text. *Idempotent.* */
export const putText = async (
  { storage }: Storing,
  key: string,
  { text: content, contentType }: { readonly text: string; readonly contentType: string },
): Promise<void> => {
  await storage.put(key, Readable.from([Buffer.from(content)]), { contentType })
}

/** Reads a small text. *Errors:* STORAGE_NOT_FOUND. */
export const readText = async ({ storage }: Storing, key: string): Promise<string> =>
  await text((await storage.open(key)).stream)

/** Reads a small text; null if there is none. One request, for a head before it could be outrun anyway. */
export const findText = async (storing: Storing, key: string): Promise<string | null> => {
  try {
    return await readText(storing, key)
  } catch (error) {
    if (error instanceof MediaError && error.code === 'STORAGE_NOT_FOUND') return null
    throw error
  }
}

/** Stores a small value as JSON. *Idempotent.* */
export const putJson = (storing: Storing, key: string, value: unknown): Promise<void> =>
  putText(storing, key, { text: JSON.stringify(value), contentType: 'application/json' })

/** Reads JSON that we have written ourselves. *Errors:* STORAGE_NOT_FOUND. */
export const readJson = async <T>(storing: Storing, key: string): Promise<T> =>
  JSON.parse(await readText(storing, key)) as T

/** Reads JSON that we have written ourselves; null if there is none. */
export const findJson = async <T>(storing: Storing, key: string): Promise<T | null> => {
  const found = await findText(storing, key)
  return found === null ? null : (JSON.parse(found) as T)
}
