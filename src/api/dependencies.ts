import type { Client } from '@temporalio/client'
import type { FastifyBaseLogger } from 'fastify'
import type { Registry } from 'prom-client'
import type {
  ExecutionNews,
  FileGrants,
  FileStore,
  InboundWebhooks,
  LiveTickets,
  MediaIngest,
  Playback,
} from '../contracts/ports.ts'
import type { FieldProblem } from '../domain/failures.ts'
import type { SourceProblem } from '../domain/generation/lint/lint-subject.ts'
import type { TaskProviders } from '../domain/task-providers.ts'
import type { Repositories } from '../db/repositories.ts'

export interface ApiSettings {
  readonly version: string
  /** Where clients reach the API, without a slash at the end. */
  readonly publicUrl: string
  /** Of the Web UI, without a slash at the end; answers link executions to it. */
  readonly temporalUiUrl: string
  /** SHA-256 of the admin key, hex; null closes the admin routes. */
  readonly adminKeyHash: string | null
  /** Proxies in front of the API whose `X-Forwarded-For` is believed; false: none. */
  readonly trustProxy: boolean | readonly string[]
  readonly rateLimits: {
    /** Every request from one address, before its key is looked at. */
    readonly perAddressPerMinute: number
    /** Every request with one key. The internal account is exempt: Spool is its own client. */
    readonly perKeyPerMinute: number
  }
  /** Of JSON bodies; uploads have the limits of the plan. */
  readonly bodySizeBytesMax: number
  /** Until the whole request has arrived; uploads are requests too. */
  readonly requestTimeoutMs: number
  /** Until a handler must have answered; streams and uploads are exempt. */
  readonly handlerTimeoutMs: number
  /** How long an order may wait for a worker's yes before it is answered 503. */
  readonly admissionTimeoutMs: number
  readonly signedUrlSeconds: number
  /** How long credits of an order are held that no workflow has taken. */
  readonly holdTtlMs: number
  /** Servers that single operations are sent to, and how patiently. */
  readonly taskProviders: TaskProviders['taskProviders']
  readonly pollIntervalMs: number
  readonly stallTimeoutMs: number
  /** The setting without which there is none of it, or null: it is there. */
  readonly missingSettings: {
    readonly speech: string | null
    readonly translation: string | null
  }
  /** The same of the engines that plans use: only of this server's own ones. */
  readonly missingEngines: {
    readonly speech: string | null
    readonly translation: string | null
  }
  /** How many jobs one plan may have. */
  readonly planJobsMax: number
  /** Providers of models that are set up here, by name; the engines of ours are not among them. */
  readonly modelProviders: readonly string[]
  /** Between signs of life on an idle event stream or live connection, which proxies would close. */
  readonly eventHeartbeatMs: number
  /** Live connections of one account to one process. */
  readonly liveConnectionsMax: number
}

/** Everything that the API works with; made by the composition root. */
export interface ApiDependencies {
  readonly repositories: Repositories
  readonly files: FileStore
  /** Null when clients talk to S3 itself: then there are no `/files` routes. */
  readonly fileGrants: FileGrants | null
  readonly playback: Playback
  readonly ingest: MediaIngest
  readonly temporal: Client
  readonly executionNews: ExecutionNews
  readonly liveTickets: LiveTickets
  readonly inboundWebhooks: InboundWebhooks
  /** `whsec_…`, for a new endpoint or account. */
  readonly newWebhookSecret: () => string
  /** Hides what a customer keeps secret and an order has to use later: a secret, a signed URL. */
  readonly sealSecret: (secret: string) => string
  /** Whether the server may call this address at all; one sentence's worth of problem, or null. */
  readonly checkWebhookTarget: (url: string) => Promise<FieldProblem | null>
  /** What keeps a source from being fetched, found out by trying; null: nothing. */
  readonly checkSource: (url: string) => Promise<SourceProblem | null>
  readonly now: () => Date
  readonly settings: ApiSettings
  /** Collects what the API measures and whatever else its process registers there. */
  readonly metrics: Registry
  readonly log: FastifyBaseLogger
}
