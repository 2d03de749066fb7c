/** What the API is given by its composition root, in the shapes that it needs and no more. */

import type { Readable } from 'node:stream'
import type { ByteRange } from '../domain/byte-range.ts'
import type { ApiKeyId } from '../domain/ids.ts'
import type { Plan } from '../domain/plans.ts'

export interface StoredObject {
  readonly sizeBytes: number
  readonly contentType: string
  readonly modifiedAtMs: number
}

/** Objects under keys; the whole port is `ObjectStore` of the storage adapters. */
export interface FileStore {
  /** Rejects when nothing can be stored or read now. */
  check(): Promise<void>
  /** `null` if there is no such object. */
  head(key: string): Promise<StoredObject | null>
  /** `sizeBytes`: of the whole object, whatever the range. */
  open(
    key: string,
    range?: ByteRange,
  ): Promise<{ readonly stream: Readable; readonly sizeBytes: number }>
  /** Fails with MEDIA_TOO_LARGE, leaving nothing, when more than `maxBytes` arrive. */
  put(
    key: string,
    source: Readable,
    options: {
      readonly contentType: string
      readonly maxBytes?: number
      readonly signal?: AbortSignal
    },
  ): Promise<{ readonly sizeBytes: number }>
  delete(key: string): Promise<void>
  signGet(
    key: string,
    options: {
      readonly expiresInSeconds: number
      /** From when its life counts; by default from now. Equal options make equal URLs. */
      readonly signedAt?: Date
      readonly downloadName?: string
      /** For viewers: by the CDN, where the store lies behind one. */
      readonly published?: boolean
    },
  ): Promise<string>
}

/** What the signature of a URL of ours allows. */
export interface FileGrant {
  readonly key: string
  readonly downloadName?: string
  readonly contentType?: string
  readonly maxBytes?: number
}

/** The URLs of folders whose files refer to each other by relative names: streams, storyboards. */
export interface Playback {
  /** The URL under which a file of such a folder, and all of it, can be read for a while; null for any
   * other key. */
  urlOf(key: string): string | null
  /** The folder that a token opens. *Errors:* FORBIDDEN. */
  read(token: string): { readonly folderKey: string }
}

/** Judges the URLs of `/files/…`. Missing when the files lie in S3, which judges its own. */
export interface FileGrants {
  verify(request: {
    readonly method: string
    readonly key: string
    readonly query: Readonly<Record<string, unknown>>
  }): { readonly valid: true; readonly grant: FileGrant } | { readonly valid: false }
}

/** A file from outside in a private place, not yet judged. */
export interface ReceivedFile {
  readonly path: string
  readonly sizeBytes: number
  /** Hex; names the content, so that a repeated upload can be told from another one. */
  readonly sha256: string
  readonly fileName: string | null
  /** Removes the file. Safe to call twice. */
  readonly discard: () => Promise<void>
}

/** What the probe found out about an accepted medium. */
export interface MediaDescription {
  readonly kind: 'audio' | 'video' | 'image'
  readonly contentType: string
  readonly sizeBytes: number
  readonly durationSeconds: number | null
  readonly streams: readonly {
    readonly kind: 'audio' | 'video' | 'subtitle' | 'data'
    readonly codec: string
    readonly durationSeconds?: number
    readonly sampleRateHz?: number
    readonly channels?: number
    readonly widthPx?: number
    readonly heightPx?: number
    readonly frameRate?: number
  }[]
}

/**
 * Takes media in. *Errors:* SOURCE_*, MEDIA_*, DISK_FULL, STORAGE_UNAVAILABLE. *Cancellation:* every
 * call rejects with the signal's reason and leaves no file.
 */
export interface MediaIngest {
  receive(
    source: Readable,
    options: {
      readonly fileName: string | null
      readonly sizeBytesMax: number
      readonly signal: AbortSignal
    },
  ): Promise<ReceivedFile>
  download(
    url: string,
    options: { readonly sizeBytesMax: number; readonly signal: AbortSignal },
  ): Promise<ReceivedFile>
  /** Probes, judges by the plan, decodes to be sure, and stores under the key. */
  admit(
    file: Pick<ReceivedFile, 'path'>,
    options: { readonly storageKey: string; readonly plan: Plan; readonly signal: AbortSignal },
  ): Promise<MediaDescription>
}

/** Where an inbound webhook belongs, read from the signed token in its URL. */
export interface WebhookRoute {
  readonly workflowId: string
  readonly executionId: string
  readonly step: string
  /** Who was given the URL: a renderer, a provider of tasks or of models. Its secret signs the webhook. */
  readonly sender: string
}

/** A webhook with the sender that its token names. */
export interface ClaimedWebhook {
  readonly sender: string
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly rawBody: Uint8Array
}

export interface InboundWebhooks {
  /** *Errors:* UNAUTHENTICATED for every token that is not ours or too old. */
  readToken(token: string): WebhookRoute
  /** Of renderers and of providers of single tasks. *Errors:* UNAUTHENTICATED for a forged or stale
   * signature, or a sender without a secret. */
  verify(webhook: ClaimedWebhook): void
  /** Of providers of models, by the scheme of each; says whether the call has ended. *Errors:* as
   * `verify`, and for every provider that sends none; BODY_MALFORMED; PROVIDER_UNAVAILABLE when the keys
   * to judge it by cannot be had. */
  verifyModelNews(webhook: ClaimedWebhook): Promise<{ readonly ended: boolean }>
}

/** What stands in for an API key where none may be: in a browser. */
export interface LiveTickets {
  issue(keyId: ApiKeyId): { readonly ticket: string; readonly expiresAt: Date }
  /** *Errors:* UNAUTHENTICATED for every ticket that is not ours or too old. */
  read(ticket: string): { readonly keyId: ApiKeyId }
}

/** Wakes whoever follows an execution, or all of an account; carries no data, which is in the table. */
export interface ExecutionNews {
  /** Calls `wake` after each new event of what the id names, until the returned function is called. */
  follow(id: string, wake: () => void): () => void
}
