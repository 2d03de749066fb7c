import { cancellationSignal } from '@temporalio/activity'
import type { ActivityDependencies, SourceFetcher } from '../dependencies.ts'

export interface FileAtUrl {
  readonly url: string
  /** Absolute, in a workspace; nothing is there yet. */
  readonly filePath: string
  /** Of a file that comes from elsewhere. One of ours was measured when it was stored: whoever minds its
   * size has it in the answer. */
  readonly maxBytes: number
  /** Missing: the one for addresses that strangers gave us. */
  readonly fetcher?: SourceFetcher
}

/**
 * Brings the file at a URL into a workspace: out of the storage if the URL is one that we have signed, else
 * from wherever it leads. *Returns* the storage key of a file of ours, else null. *Errors:* SOURCE_*,
 * MEDIA_TOO_LARGE, MEDIA_UNSUPPORTED, STORAGE_*, DISK_FULL. *Cancellation:* the download stops.
 */
export const fetchFile = async (
  { ownStorageKey, storage, sources }: ActivityDependencies,
  { url, filePath, maxBytes, fetcher = sources }: FileAtUrl,
): Promise<{ readonly ownKey: string | null; readonly sizeBytes: number }> => {
  const signal = cancellationSignal()
  const ownKey = await ownStorageKey(url)
  const { sizeBytes } =
    ownKey === null
      ? await fetcher.download(url, { filePath, maxBytes, signal })
      : await storage.downloadTo(ownKey, filePath, signal)
  return { ownKey, sizeBytes }
}
