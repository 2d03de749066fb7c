import type { DownloadedVideo, DownloadJob } from '../adapters/clips/download-video.ts'
import type { MomentScorer } from '../adapters/clips/score-moments.ts'
import type { Cdn } from '../adapters/cdn/cdn.ts'
import type { Alerts } from '../adapters/notify/alerts.ts'
import type { ModelProvider } from '../adapters/models/model-provider.ts'
import type { Mailer } from '../adapters/notify/mail.ts'
import type { TasksRenderer } from '../adapters/renderers/tasks-renderer.ts'
import type { SpeechToText } from '../adapters/speech/speech-to-text.ts'
import type { ObjectStore } from '../adapters/storage/object-store.ts'
import type { Translator } from '../adapters/translation/translator.ts'
import type { TasksProvider } from '../adapters/tasks-provider/tasks-provider.ts'
import type { WebhookDeliveryResult } from '../adapters/webhooks/deliver.ts'
import type { RenderPlan } from '../contracts/orders.ts'
import type { MediaIngest, Playback } from '../contracts/ports.ts'
import type { Queue } from '../contracts/queues.ts'
import type { Repositories } from '../db/repositories.ts'
import type { EventId, ExecutionId, TaskId } from '../domain/ids.ts'
import type { RotaEntry } from '../domain/renderer-rota.ts'
import type { ProvidedKind } from '../domain/task-providers.ts'
import type { MediaTools } from './lib/media-tools.ts'

/** The part of a structured log that activities use. */
export interface ActivityLog {
  info(fields: Readonly<Record<string, unknown>>, message: string): void
  warn(fields: Readonly<Record<string, unknown>>, message: string): void
}

/** Brings files from addresses that strangers gave us. */
export interface SourceFetcher {
  download(
    url: string,
    options: {
      readonly filePath: string
      readonly maxBytes: number
      readonly signal?: AbortSignal
    },
  ): Promise<{ readonly sizeBytes: number }>
}

export interface OutgoingWebhook {
  readonly url: string
  /** `whsec_…` */
  readonly secret: string
  /** Of an order that has given an address and a secret of its own: signs the body alone as well. */
  readonly sealedSecret?: string | null
  /** The same in every attempt. */
  readonly id: string
  readonly payload: unknown
  readonly receiver: 'customer' | 'self'
  readonly signal?: AbortSignal
}

/** A configured renderer, with what the rota has to know of it. */
export interface ConfiguredRenderer extends RotaEntry {
  readonly client: TasksRenderer
  /** May reach the renderer's own host, private or not, and no other private one. */
  readonly fetcher: SourceFetcher
}

/** A server that steps of some kinds are sent to. */
export interface ConfiguredProvider {
  readonly name: string
  readonly kinds: readonly ProvidedKind[]
  readonly client: TasksProvider
  /** May reach the provider's own host, private or not, and no other private one. */
  readonly fetcher: SourceFetcher
}

/** What the worker's composition root gives to the activities. */
export interface ActivityDependencies extends Omit<Repositories, 'apiKeys'> {
  readonly storage: ObjectStore
  /** The URL under which a file that refers to its neighbours can be read; null for any other key. */
  readonly playbackUrlOf: Playback['urlOf']
  /** The key that a URL of our own storage opens, if its signature is good; else null. */
  readonly ownStorageKey: (url: string) => Promise<string | null>
  readonly tools: MediaTools
  /** Null: no engine is configured. */
  readonly speech: SpeechToText | null
  /** Chooses moments of what is said; null: no model is configured. */
  readonly momentScorer: MomentScorer | null
  /** Fetches from video sites; null: there is no Python. *Returns* null where no site is known. */
  readonly videoSites: ((job: DownloadJob) => Promise<DownloadedVideo | null>) | null
  /** Null: no translator is configured. */
  readonly translator: Translator | null
  readonly sources: SourceFetcher
  /** Judges a file and makes it a medium, as an upload is. */
  readonly ingest: Pick<MediaIngest, 'admit'>
  /** How many workers poll a queue; at least 1. */
  readonly workersOf: (queue: Queue) => Promise<number>
  readonly renderers: readonly ConfiguredRenderer[]
  readonly taskProviders: readonly ConfiguredProvider[]
  /** By their names; the engines of ours are `local`. */
  readonly modelProviders: ReadonlyMap<string, ModelProvider>
  /** Fetches what a provider of models has made: may reach its own host, private or not, and no other
   * private one. */
  readonly modelFetcherOf: (provider: string) => SourceFetcher
  /** Whether a provider of models can fetch what lies at a URL of ours. */
  readonly modelCanFetch: (provider: string, url: string) => boolean
  /** The URL at which a provider of models reports on one call; null: it sends nothing, or it cannot
   * reach us. */
  readonly modelWebhookUrlFor: (route: {
    readonly workflowId: string
    readonly executionId: ExecutionId
    /** Under this name the news comes to the workflow. */
    readonly step: string
    readonly provider: string
    /** From when its life counts; equal routes have equal URLs. */
    readonly issuedAtMs: number
  }) => string | null
  /** What a customer keeps secret, sealed when it was ordered. */
  readonly openSealed: (sealed: string) => string
  /** Signs and sends one webhook, once. Only our own account's may go to ourselves. */
  readonly sendWebhook: (webhook: OutgoingWebhook) => Promise<WebhookDeliveryResult>
  /** The id of the event that tells of this subject's end: the same whenever it is asked for. */
  readonly eventIdFor: (subjectId: string, type: string) => EventId
  readonly cdn: Cdn
  readonly alerts: Alerts
  /** Null: mail is off. */
  readonly mailer: Mailer | null
  /** The URL at which a renderer or a provider reports on a step. */
  readonly webhookUrlFor: (route: {
    readonly workflowId: string
    /** Or the task. */
    readonly executionId: ExecutionId | TaskId
    readonly step: string
    readonly sender: string
    /** From when its life counts; equal routes have equal URLs. */
    readonly issuedAtMs: number
  }) => string
  /** Whether the workflow that should end a hold still runs. */
  readonly isWorkflowRunning: (workflowId: string) => Promise<boolean>
  readonly clock: () => Date
  readonly log: ActivityLog
  readonly settings: ActivitySettings
}

export interface ActivitySettings extends Pick<
  RenderPlan,
  'stallTimeoutMs' | 'pollIntervalMs' | 'stalledGraceMs'
> {
  readonly holdTtlMs: number
  /** For one call of a model, its queue at the provider included. */
  readonly modelTimeoutMs: number
  /** Jobs of one plan, those included that are added to it. */
  readonly planJobCountMax: number
  /** Life of the URLs that renderers and webhooks are given. */
  readonly urlTtlSeconds: number
  /** Where viewers get published files; null: from signed URLs of the storage. */
  readonly cdnBaseUrl: string | null
  readonly publicUrl: string
  /** How long each stage of a localization may take. */
  readonly stageTimeoutsMs: Readonly<
    Record<'extract' | 'transcribe' | 'subtitles' | 'translate', number>
  >
}
