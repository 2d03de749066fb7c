import { createHash } from 'node:crypto'
import { WorkflowNotFoundError, type Client } from '@temporalio/client'
import type { Logger } from 'pino'
import type { ActivityDependencies } from '../activities/dependencies.ts'
import { createCdn } from '../adapters/cdn/create-cdn.ts'
import type { ModelProvider } from '../adapters/models/model-provider.ts'
import { createAlerts } from '../adapters/notify/alerts.ts'
import { createMailer } from '../adapters/notify/mail.ts'
import { createTasksRenderer } from '../adapters/renderers/tasks-renderer.ts'
import { createTasksProvider } from '../adapters/tasks-provider/tasks-provider.ts'
import { deliverWebhook } from '../adapters/webhooks/deliver.ts'
import { createSecretSeal } from '../adapters/secret-seal.ts'
import { signBody } from '../adapters/webhooks/body-signature.ts'
import { signWebhook } from '../adapters/webhooks/standard-webhooks.ts'
import type { Config } from '../config.ts'
import type { Repositories } from '../db/repositories.ts'
import { makeId } from '../domain/ids.ts'
import { createClipAccess } from './clip-access.ts'
import { countWorkers } from './count-workers.ts'
import type { Engines } from './engines.ts'
import { createFetchers, type Fetchers } from './fetchers.ts'
import { createIngest } from './ingest.ts'
import { createMediaTools } from './media-tools.ts'
import { createModelAccess } from './model-access.ts'
import { openPlayback } from './playback.ts'
import type { Storage } from './storage.ts'
import { timedEncodes, type EncodeMeter } from './timed-encodes.ts'
import { createWebhookUrl } from './webhook-url.ts'
import type { WebhookMeter } from './worker-metrics.ts'

/** Everything that the activities work with, built from the configuration. */
export const createActivityDependencies = (parts: {
  readonly config: Config
  readonly repositories: Repositories
  readonly storage: Storage
  readonly client: Client
  readonly engines: Engines
  readonly models: ReadonlyMap<string, ModelProvider>
  readonly meter?: WebhookMeter & EncodeMeter
  readonly log: Logger
}): ActivityDependencies => {
  const { config, repositories, storage, client, engines, models, meter, log } = parts
  const { settings } = config
  const fetchers = createFetchers(config)
  const clock = () => new Date()
  const publicUrl = settings.SPOOL_PUBLIC_URL
  const webhookUrl = createWebhookUrl({ publicUrl, secret: settings.SPOOL_SECRET })
  const smtpUrl = settings.SPOOL_SMTP_URL
  const openSealed = createSecretSeal(settings.SPOOL_SECRET).open
  return {
    ...repositories,
    storage: storage.store,
    playbackUrlOf: openPlayback(config).urlOf,
    ownStorageKey: storage.ownStorageKey,
    tools: timedEncodes(createMediaTools(config), meter),
    ...engines,
    ...createClipAccess(config),
    sources: fetchers.strangers,
    ingest: createIngest({ config, storage, fetcher: fetchers.strangers }),
    workersOf: (queue) => countWorkers(client, queue),
    renderers: config.renderers.map((renderer) => {
      const fetcher = fetchers.renderer(renderer)
      const { name, pool } = renderer
      return { name, pool, client: createTasksRenderer(renderer, fetcher), fetcher }
    }),
    taskProviders: config.settings.SPOOL_TASK_PROVIDERS.map((provider) => {
      const fetcher = fetchers.renderer(provider)
      const { name, kinds } = provider
      return { name, kinds, client: createTasksProvider(provider, fetcher), fetcher }
    }),
    modelProviders: models,
    ...createModelAccess({
      providers: config.models.limits,
      sendsWebhooks: (provider) => models.get(provider)?.verifyWebhook !== undefined,
      fetchers,
      publicUrl,
      webhookUrl,
    }),
    openSealed,
    sendWebhook: webhookSender({ fetchers, meter, clock, openSealed }),
    eventIdFor: (subjectId, type) => {
      const digest = createHash('sha256').update(`${subjectId}\n${type}`).digest('hex')
      return makeId('event', digest.slice(0, 24))
    },
    cdn: createCdn(config.cdn),
    alerts: createAlerts(config.alertTargets, log),
    mailer:
      smtpUrl === undefined ? null : createMailer({ url: smtpUrl, from: settings.SPOOL_MAIL_FROM }),
    webhookUrlFor: (route) => webhookUrl('tasks', route),
    isWorkflowRunning: async (workflowId) => await isRunning(client, workflowId),
    clock,
    log,
    settings: activitySettings(settings),
  }
}

const activitySettings = (settings: Config['settings']): ActivityDependencies['settings'] => ({
  stallTimeoutMs: settings.SPOOL_STALL_TIMEOUT_SECONDS * 1000,
  pollIntervalMs: settings.SPOOL_POLL_INTERVAL_SECONDS * 1000,
  stalledGraceMs: settings.SPOOL_STALLED_GRACE_SECONDS * 1000,
  modelTimeoutMs: settings.SPOOL_MODEL_TIMEOUT_SECONDS * 1000,
  planJobCountMax: settings.SPOOL_PLAN_JOBS_MAX,
  holdTtlMs: settings.SPOOL_HOLD_TTL_SECONDS * 1000,
  urlTtlSeconds: settings.SPOOL_URL_TTL_SECONDS,
  cdnBaseUrl: settings.SPOOL_CDN_BASE_URL ?? null,
  publicUrl: settings.SPOOL_PUBLIC_URL,
  stageTimeoutsMs: {
    extract: settings.SPOOL_EXTRACT_TIMEOUT_SECONDS * 1000,
    transcribe: settings.SPOOL_TRANSCRIBE_TIMEOUT_SECONDS * 1000,
    subtitles: settings.SPOOL_SUBTITLES_TIMEOUT_SECONDS * 1000,
    translate: settings.SPOOL_TRANSLATE_TIMEOUT_SECONDS * 1000,
  },
})

const webhookSender =
  ({
    fetchers,
    meter,
    clock,
    openSealed,
  }: {
    readonly fetchers: Fetchers
    readonly meter: WebhookMeter | undefined
    readonly clock: () => Date
    readonly openSealed: ActivityDependencies['openSealed']
  }): ActivityDependencies['sendWebhook'] =>
  async ({ url, secret, sealedSecret = null, id, payload, receiver, signal }) => {
    const body = JSON.stringify(payload)
    const timestampSeconds = Math.floor(clock().getTime() / 1000)
    const fetcher = receiver === 'self' ? fetchers.self : fetchers.strangers
    const result = await deliverWebhook({
      url,
      headers: {
        ...signWebhook({ secret, id, timestampSeconds, body }),
        ...(sealedSecret === null ? {} : signBody(openSealed(sealedSecret), body)),
      },
      body,
      fetcher: fetcher.request,
      ...(signal === undefined ? {} : { signal }),
    })
    meter?.webhookSent(receiver, result.status)
    return result
  }

/** The newest run of that id; a workflow that nobody knows any more is not running. */
const isRunning = async (client: Client, workflowId: string): Promise<boolean> => {
  try {
    const { status } = await client.workflow.getHandle(workflowId).describe()
    return status.name === 'RUNNING'
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false
    throw error
  }
}
