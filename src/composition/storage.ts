import { openFolderStore } from '../adapters/storage/folder-store.ts'
import type { ObjectStore } from '../adapters/storage/object-store.ts'
import { createUrlSigner, type UrlSigner } from '../adapters/storage/signed-url.ts'
import type { Config } from '../config.ts'

export interface Storage {
  readonly store: ObjectStore
  readonly urlSigner: UrlSigner
  /** The key that a URL of ours opens, if its signature is good and not expired; else null. */
  readonly ownStorageKey: (url: string) => Promise<string | null>
}

/** The folder store, with the signer of its URLs. */
export const openStorage = async ({ settings, storageDir }: Config): Promise<Storage> => {
  const publicUrl = settings.SPOOL_PUBLIC_URL.replace(/\/+$/, '')
  const urlSigner = createUrlSigner({ publicUrl, secret: settings.SPOOL_SECRET })
  const filesUrl = `${publicUrl}/files/`
  return {
    store: await openFolderStore({ rootPath: storageDir, urlSigner }),
    urlSigner,
    ownStorageKey: async (url) => {
      if (!url.startsWith(filesUrl)) return null
      const { pathname, searchParams } = new URL(url)
      const key = decodeURIComponent(pathname.slice(new URL(filesUrl).pathname.length))
      const verdict = urlSigner.verify({
        method: 'GET',
        key,
        query: Object.fromEntries(searchParams),
      })
      return verdict.valid ? verdict.grant.key : null
    },
  }
}
