import type { Readable } from 'node:stream'

import type { ByteRange } from '../../domain/byte-range.ts'

/** What a listing tells of an object. */
export interface ListedObject {
  readonly key: string
  readonly sizeBytes: number
  readonly modifiedAtMs: number
  /** Changes whenever the object does; says nothing else. */
  readonly version: string
}

/** What is known of a stored object without reading it. */
export interface ObjectInfo extends ListedObject {
  readonly contentType: string
}

export interface OpenObject {
  /** The bytes asked for. Read it or destroy it. */
  readonly stream: Readable
  /** Of the whole object, whatever the range. */
  readonly sizeBytes: number
  readonly contentType: string
}

export interface DownloadedObject {
  readonly sizeBytes: number
  readonly contentType: string
  /** Of what was downloaded, as `head` tells it. */
  readonly version: string
}

export interface PutOptions {
  readonly contentType: string
  /** What the store tells caches, where it answers clients itself; by default what it was opened with. */
  readonly cacheControl?: string
  /** The put fails with MEDIA_TOO_LARGE, and leaves nothing, when more than this arrives. */
  readonly maxBytes?: number
  readonly signal?: AbortSignal
}

export interface SignGetOptions {
  readonly expiresInSeconds: number
  /** From when the life of the URL counts; by default from now. Equal options make equal URLs. */
  readonly signedAt?: Date
  /** With it browsers save the object under this name instead of showing it. */
  readonly downloadName?: string
  /** For viewers, and not for a program of ours: a store behind a CDN answers with the CDN's address,
   * which has no signature and no end. */
  readonly published?: boolean
}

export interface SignPutOptions {
  readonly expiresInSeconds: number
  readonly contentType: string
  /** A store that cannot bind a size to a URL leaves this to a `head` after the upload. */
  readonly maxBytes: number
}

/**
 * Where files live: a folder, or any S3.
 *
 * *Guarantee:* an object is there whole or not at all; a put replaces it in one step, and readers of
 * the old one finish undisturbed. *Keys:* the grammar of `isObjectKey`, else INPUT_INVALID. *Errors:*
 * STORAGE_NOT_FOUND, STORAGE_UNAVAILABLE, DISK_FULL. *Cancellation:* rejects with the signal's reason
 * and leaves nothing half-written.
 */
export interface ObjectStore {
  /** Rejects with STORAGE_UNAVAILABLE when the store could not take or give anything now. */
  check(): Promise<void>
  put(
    key: string,
    source: Readable | { readonly filePath: string },
    options: PutOptions,
  ): Promise<{ readonly sizeBytes: number }>
  /** A range that passes the end is cut there; one that begins behind it is the caller's mistake. */
  open(key: string, range?: ByteRange): Promise<OpenObject>
  /**
   * Puts the object into a file, in place of what is there. The file may share its bytes with the store
   * or a cache and must not be written to: read it, or delete it.
   */
  downloadTo(key: string, filePath: string, signal?: AbortSignal): Promise<DownloadedObject>
  /** `null` if there is no such object. */
  head(key: string): Promise<ObjectInfo | null>
  /** Deleting what is not there is fine. */
  delete(key: string): Promise<void>
  /** Every object whose key begins with the prefix (any text, as in S3), in the order of keys. */
  list(prefix: string): AsyncIterable<ListedObject>
  signGet(key: string, options: SignGetOptions): Promise<string>
  signPut(key: string, options: SignPutOptions): Promise<string>
}
