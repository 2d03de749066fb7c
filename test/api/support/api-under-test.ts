import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify'
import type { Client } from '@temporalio/client'
import pino from 'pino'
import { Registry } from 'prom-client'
import { afterAll } from 'vitest'
import { openWorkspace } from '../../../src/adapters/workspace.ts'
import { createGuardedFetcher } from '../../../src/adapters/fetcher/guarded-fetch.ts'
import { createLiveTickets } from '../../../src/adapters/live-tickets.ts'
import { createPlayback } from '../../../src/adapters/storage/playback.ts'
import { createMediaIngest } from '../../../src/adapters/ingest/ingest-media.ts'
import { openFolderStore } from '../../../src/adapters/storage/folder-store.ts'
import { createUrlSigner } from '../../../src/adapters/storage/signed-url.ts'
import { createReplicate } from '../../../src/adapters/models/replicate.ts'
import { createRouteToken } from '../../../src/adapters/webhooks/route-token.ts'
import { createSecretSeal } from '../../../src/adapters/secret-seal.ts'
import { newWebhookSecret, signWebhook } from '../../../src/adapters/webhooks/standard-webhooks.ts'
import { makeApiKey } from '../../../src/api/api-keys.ts'
import { buildApp } from '../../../src/api/app.ts'
import type { ApiDependencies, ApiSettings } from '../../../src/api/dependencies.ts'
import { createExecutionNewsHub } from '../../../src/api/execution-news.ts'
import { createInboundWebhooks } from '../../../src/composition/inbound-webhooks.ts'
import { createRepositories } from '../../../src/composition/repositories.ts'
import { checkSource } from '../../../src/composition/source-checks.ts'
import { checkWebhookTarget } from '../../../src/composition/webhook-targets.ts'
import type { Repositories } from '../../../src/db/repositories.ts'
import type { DatabaseConnection } from '../../../src/db/database.ts'
import { listenToExecutions } from '../../../src/db/repositories/execution-listener.ts'
import type { AccountId, MediaId, VideoId } from '../../../src/domain/ids.ts'
import type { Plan } from '../../../src/domain/plans.ts'
import { LOOK, newId } from '../../support/records.ts'

export const ADMIN_KEY = 'the-admin-key-of-the-tests-0123456789'
const RENDERER_SECRET = newWebhookSecret()
const ROUTE_TOKEN_SECRET = randomBytes(32).toString('hex')
const HOUR_MS = 3_600_000

const SETTINGS: ApiSettings = {
  version: '0.0.0-test',
  publicUrl: 'http://spool.test',
  temporalUiUrl: 'http://temporal.test',
  adminKeyHash: createHash('sha256').update(ADMIN_KEY).digest('hex'),
  trustProxy: false,
  rateLimits: { perAddressPerMinute: 100_000, perKeyPerMinute: 100_000 },
  bodySizeBytesMax: 1024 * 1024,
  requestTimeoutMs: 60_000,
  handlerTimeoutMs: 15_000,
  admissionTimeoutMs: 10_000,
  signedUrlSeconds: 600,
  holdTtlMs: 3_600_000,
  taskProviders: [],
  pollIntervalMs: 60_000,
  stallTimeoutMs: 120_000,
  eventHeartbeatMs: 50,
  liveConnectionsMax: 20,
  missingSettings: { speech: null, translation: null },
  missingEngines: { speech: null, translation: null },
  planJobsMax: 100,
  modelProviders: ['replicate'],
}

/** A customer and his key. */
export interface Customer {
  readonly id: AccountId
  readonly key: string
}

export interface ApiUnderTest {
  readonly app: FastifyInstance
  readonly repositories: Repositories
  readonly dependencies: ApiDependencies
  /** Where uploads and objects lie. */
  readonly folder: string
  readonly customer: (options?: { plan?: Plan; credits?: number }) => Promise<Customer>
  readonly song: (accountId: AccountId, durationSeconds?: number) => Promise<MediaId>
  readonly video: (accountId: AccountId) => Promise<VideoId>
  readonly call: (
    customer: Customer | 'admin' | null,
    request: Omit<InjectOptions, 'headers'> & { headers?: Record<string, string> },
  ) => Promise<LightMyRequestResponse>
  readonly get: (who: Customer | 'admin' | null, url: string) => Promise<LightMyRequestResponse>
  /** `key`: of idempotency. */
  readonly post: (
    who: Customer | 'admin' | null,
    url: string,
    payload?: object,
    key?: string,
  ) => Promise<LightMyRequestResponse>
}

/** Signs its webhooks as Replicate does; it is never asked anything. */
export const MODEL_PROVIDER_SECRET = newWebhookSecret()
const modelProvider = createReplicate({
  apiKey: 'unused',
  baseUrl: 'http://replicate.test',
  webhookSecret: MODEL_PROVIDER_SECRET,
})

const inboundWebhooks = createInboundWebhooks(
  {
    settings: { SPOOL_SECRET: ROUTE_TOKEN_SECRET, SPOOL_TASK_PROVIDERS: [] },
    renderers: [
      {
        name: 'self',
        url: 'http://spool.test',
        apiKey: 'unused',
        webhookSecret: RENDERER_SECRET,
        pool: 'primary',
      },
    ],
  },
  new Map([[modelProvider.name, modelProvider]]),
)

/** The API with its real parts: a database, a storage folder, and the given Temporal client. Call it at
 * the top of a file: it is closed after the file's tests. */
export const startApi = async (options: {
  readonly connection: DatabaseConnection
  readonly temporal: Client
  readonly settings?: Partial<ApiSettings>
  readonly log?: ApiDependencies['log']
  readonly allowPrivateHosts?: readonly string[]
}): Promise<ApiUnderTest> => {
  const { connection, temporal } = options
  const folder = await mkdtemp(join(tmpdir(), 'spool-api-'))
  const settings = { ...SETTINGS, ...options.settings }
  const repositories = createRepositories(connection.database)
  const urlSigner = createUrlSigner({ publicUrl: settings.publicUrl, secret: 's'.repeat(32) })
  const files = await openFolderStore({ rootPath: join(folder, 'storage'), urlSigner })
  const fetcher = createGuardedFetcher({ allowPrivateHosts: options.allowPrivateHosts ?? [] })
  const hub = createExecutionNewsHub()
  const listener = await listenToExecutions({
    pool: connection.pool,
    onNews: hub.announce,
    onReconnect: hub.announceAll,
    onError: () => undefined,
  })
  const dependencies: ApiDependencies = {
    repositories,
    files,
    fileGrants: urlSigner,
    playback: createPlayback({
      publicUrl: settings.publicUrl,
      secret: 's'.repeat(32),
      lifeSeconds: settings.signedUrlSeconds,
    }),
    ingest: createMediaIngest({
      store: files,
      downloadSource: fetcher.download,
      openFolder: () => openWorkspace(join(folder, 'incoming'), 'incoming'),
      ffmpegPath: 'ffmpeg',
      ffprobePath: 'ffprobe',
    }),
    temporal,
    executionNews: hub,
    liveTickets: createLiveTickets('s'.repeat(32)),
    inboundWebhooks,
    newWebhookSecret,
    sealSecret: createSecretSeal('s'.repeat(32)).seal,
    checkWebhookTarget: checkWebhookTarget(fetcher, settings.publicUrl),
    checkSource: checkSource(fetcher),
    now: () => new Date(),
    settings,
    metrics: new Registry(),
    log: options.log ?? pino({ level: process.env['TEST_LOG_LEVEL'] ?? 'silent' }),
  }
  const app = await buildApp(dependencies)
  afterAll(async () => {
    await app.close()
    await listener.close()
    await fetcher.close()
    await rm(folder, { recursive: true, force: true })
  })

  const customer: ApiUnderTest['customer'] = async ({ plan = 'creator', credits = 0 } = {}) => {
    const id = newId('account')
    const name = 'Test account'
    const webhookSecret = newWebhookSecret()
    await repositories.accounts.create({ id, name, plan, email: null, webhookSecret })
    if (credits > 0) {
      await repositories.ledger.topUp({ accountId: id, amountCredits: credits, reference: 'start' })
    }
    const { key, keyHash, keyStart } = makeApiKey()
    const keyId = newId('apiKey')
    await repositories.apiKeys.insert({ id: keyId, accountId: id, name, keyHash, keyStart })
    return { id, key }
  }

  const song: ApiUnderTest['song'] = async (accountId, durationSeconds = 60) => {
    const row = await repositories.media.insert({
      id: newId('media'),
      accountId,
      kind: 'audio',
      storageKey: 'media/song',
      fileName: 'song.mp3',
      contentType: 'audio/mpeg',
      sizeBytes: 1_000,
      durationSeconds,
      streams: [{ kind: 'audio', codec: 'mp3', sampleRateHz: 44_100, channels: 2 }],
    })
    return row.id
  }

  const call: ApiUnderTest['call'] = (who, request) => {
    const key = who === 'admin' ? ADMIN_KEY : who?.key
    const authorization = key === undefined ? {} : { authorization: `Bearer ${key}` }
    return app.inject({ ...request, headers: { ...authorization, ...request.headers } })
  }

  return {
    app,
    repositories,
    dependencies,
    folder,
    customer,
    song,
    video: async (accountId) => {
      const row = await repositories.videos.insert({
        id: newId('video'),
        accountId,
        audioMediaId: await song(accountId),
        startSeconds: 0,
        endSeconds: 10,
        ...LOOK,
      })
      return row.id
    },
    call,
    get: (who, url) => call(who, { method: 'GET', url }),
    post: (who, url, payload, key) => {
      const headers: Record<string, string> = key === undefined ? {} : { 'idempotency-key': key }
      return call(who, { method: 'POST', url, headers, ...(payload && { payload }) })
    },
  }
}

/** The address that a renderer, or a provider of models, was given for its webhooks. */
export const webhookPath = (
  route: {
    workflowId: string
    executionId: string
    step?: string
    sender?: string
    expiresAtMs?: number
  },
  kind: 'tasks' | 'models' = 'tasks',
): string => {
  const token = createRouteToken({
    sender: 'self',
    step: 'remote render',
    expiresAtMs: Date.now() + HOUR_MS,
    ...route,
    secret: ROUTE_TOKEN_SECRET,
  })
  return `/webhooks/${kind}/${token}`
}

/** A webhook as a renderer sends it. */
export const signedWebhook = (
  event: unknown,
  { secret = RENDERER_SECRET, timestampSeconds = Math.floor(Date.now() / 1000) } = {},
): { readonly payload: string; readonly headers: Record<string, string> } => {
  const payload = JSON.stringify(event)
  const signature = signWebhook({ secret, id: newId('event'), timestampSeconds, body: payload })
  return { payload, headers: { 'content-type': 'application/json', ...signature } }
}
