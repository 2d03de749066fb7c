import { fileURLToPath } from 'node:url'
import closeWithGrace from 'close-with-grace'
import { readFile } from 'node:fs/promises'
import { collectDefaultMetrics, Registry } from 'prom-client'
import { hashApiKey, keptOfApiKey } from './api/api-keys.ts'
import { buildApp } from './api/app.ts'
import type { ApiSettings } from './api/dependencies.ts'
import { createExecutionNewsHub } from './api/execution-news.ts'
import { createLiveTickets } from './adapters/live-tickets.ts'
import { createSecretSeal } from './adapters/secret-seal.ts'
import { newWebhookSecret } from './adapters/webhooks/standard-webhooks.ts'
import { createEngines } from './composition/engines.ts'
import { createFetchers } from './composition/fetchers.ts'
import { createInboundWebhooks } from './composition/inbound-webhooks.ts'
import { createIngest } from './composition/ingest.ts'
import { createLogger } from './composition/logger.ts'
import { createModels } from './composition/models.ts'
import { openPlayback } from './composition/playback.ts'
import { createRepositories } from './composition/repositories.ts'
import { runProgram } from './composition/run-program.ts'
import { openStorage } from './composition/storage.ts'
import { openTemporalClient } from './composition/temporal.ts'
import { checkSource } from './composition/source-checks.ts'
import { checkWebhookTarget } from './composition/webhook-targets.ts'
import { keepWorkspacesSwept } from './composition/workspace-sweep.ts'
import { readConfig, type Config } from './config.ts'
import { describeConfig } from './config/describe-config.ts'
import { connectDatabase } from './db/database.ts'
import type { Repositories } from './db/repositories.ts'
import { listenToExecutions } from './db/repositories/execution-listener.ts'
import { INTERNAL_ACCOUNT_ID } from './domain/ids.ts'

const MIB = 1024 * 1024

/** Starts the HTTP API and runs it until it is told to stop. */
const main = async (): Promise<void> => {
  const config = readConfig(process.env)
  const { settings } = config
  const log = createLogger(settings, 'api')
  log.info({ config: describeConfig(config) }, 'the API starts')
  const stopSweeping = await keepWorkspacesSwept({
    workDir: config.workDir,
    intervalMs: settings.SPOOL_SWEEP_INTERVAL_SECONDS * 1000,
    log,
  })
  const connection = connectDatabase({
    url: settings.DATABASE_URL,
    poolSizeMax: settings.SPOOL_DATABASE_POOL_MAX,
    applicationName: 'spool-api',
    onIdleError: (error) => log.warn({ err: error }, 'a database connection was lost'),
  })
  const repositories = createRepositories(connection.database)
  await ensureInternalAccount(config, repositories)
  const news = createExecutionNewsHub()
  const listener = await listenToExecutions({
    pool: connection.pool,
    onNews: news.announce,
    onReconnect: news.announceAll,
    onError: (error) => log.warn({ err: error }, 'the listener lost its connection'),
  })
  const storage = await openStorage(config, log)
  const temporal = openTemporalClient(settings)
  const { strangers } = createFetchers(config)
  const metrics = new Registry()
  collectDefaultMetrics({ register: metrics, prefix: 'spool_api_' })

  const app = await buildApp({
    repositories,
    files: storage.store,
    fileGrants: storage.fileGrants,
    playback: openPlayback(config),
    ingest: createIngest({ config, storage, fetcher: strangers }),
    temporal,
    executionNews: news,
    liveTickets: createLiveTickets(settings.SPOOL_SECRET),
    inboundWebhooks: createInboundWebhooks(config, createModels(config, createEngines(config))),
    newWebhookSecret,
    sealSecret: createSecretSeal(settings.SPOOL_SECRET).seal,
    checkWebhookTarget: checkWebhookTarget(strangers, settings.SPOOL_PUBLIC_URL),
    checkSource: checkSource(strangers),
    now: () => new Date(),
    settings: await apiSettings(config),
    metrics,
    log,
  })
  await app.listen({ host: settings.SPOOL_HOST, port: settings.SPOOL_PORT })

  closeWithGrace({ delay: settings.SPOOL_SHUTDOWN_GRACE_SECONDS * 1000 }, async ({ err }) => {
    if (err) log.error({ err }, 'the API stops on an error')
    stopSweeping()
    await app.close()
    await listener.close()
    // The connection to Temporal ends with the process: the SDK may still be retrying an abandoned call,
    // which would throw out of a timer on a closed channel.
    await connection.close()
  })
}

/** The account and key under which this Spool orders renders from itself. */
const ensureInternalAccount = async (config: Config, { accounts }: Repositories): Promise<void> => {
  await accounts.upsertInternal({
    id: INTERNAL_ACCOUNT_ID,
    webhookSecret: config.internalWebhookSecret,
    keyId: 'key_internal',
    ...keptOfApiKey(config.internalApiKey),
  })
}

/** Of what this server cannot do; what a provider does is not missing. */
const missingSettings = ({ settings, speech, translator }: Config) => {
  const isSentOut = (kind: 'transcription' | 'translation') =>
    settings.SPOOL_TASK_PROVIDERS.some(({ kinds }) => kinds.includes(kind))
  return {
    speech: speech.engine !== 'none' || isSentOut('transcription') ? null : speech.missing,
    translation:
      translator.engine !== 'none' || isSentOut('translation') ? null : translator.missing,
  }
}

const missingEngines = ({ speech, translator }: Config) => ({
  speech: speech.engine === 'none' ? speech.missing : null,
  translation: translator.engine === 'none' ? translator.missing : null,
})

const apiSettings = async (config: Config): Promise<ApiSettings> => {
  const { settings } = config
  const manifest = fileURLToPath(new URL('../package.json', import.meta.url))
  const { version } = JSON.parse(await readFile(manifest, 'utf8')) as { version: string }
  const perMinute = settings.SPOOL_RATE_LIMIT_PER_MINUTE
  return {
    version,
    publicUrl: settings.SPOOL_PUBLIC_URL,
    temporalUiUrl: settings.SPOOL_TEMPORAL_UI_URL,
    adminKeyHash: hashApiKey(settings.SPOOL_ADMIN_KEY),
    trustProxy: settings.SPOOL_TRUST_PROXY.length === 0 ? false : settings.SPOOL_TRUST_PROXY,
    // One address may stand for an office of customers.
    rateLimits: { perAddressPerMinute: perMinute * 5, perKeyPerMinute: perMinute },
    bodySizeBytesMax: MIB,
    // Two gigabytes over a slow line.
    requestTimeoutMs: 30 * 60_000,
    handlerTimeoutMs: 30_000,
    admissionTimeoutMs: 10_000,
    signedUrlSeconds: settings.SPOOL_URL_TTL_SECONDS,
    holdTtlMs: settings.SPOOL_HOLD_TTL_SECONDS * 1000,
    taskProviders: settings.SPOOL_TASK_PROVIDERS,
    pollIntervalMs: settings.SPOOL_POLL_INTERVAL_SECONDS * 1000,
    stallTimeoutMs: settings.SPOOL_STALL_TIMEOUT_SECONDS * 1000,
    eventHeartbeatMs: 15_000,
    liveConnectionsMax: settings.SPOOL_LIVE_CONNECTIONS_MAX,
    missingSettings: missingSettings(config),
    missingEngines: missingEngines(config),
    planJobsMax: settings.SPOOL_PLAN_JOBS_MAX,
    modelProviders: config.models.limits.map(({ name }) => name),
  }
}

await runProgram(main)
