import { randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Info } from '@temporalio/activity'
import type { ActivityFunction } from '@temporalio/common'
import { Client, Connection } from '@temporalio/client'
import { MockActivityEnvironment } from '@temporalio/testing'
import { DefaultLogger } from '@temporalio/worker'
import pino from 'pino'
import { afterAll } from 'vitest'
import { createActivities, type AllActivities } from '../../../src/activities/create-activities.ts'
import type { ActivityDependencies } from '../../../src/activities/dependencies.ts'
import { activityInterceptors } from '../../../src/activities/lib/interceptors.ts'
import { createSecretSeal } from '../../../src/adapters/secret-seal.ts'
import { createActivityDependencies } from '../../../src/composition/activity-dependencies.ts'
import { createEngines } from '../../../src/composition/engines.ts'
import { createModels } from '../../../src/composition/models.ts'
import { createRepositories } from '../../../src/composition/repositories.ts'
import { openStorage, type Storage } from '../../../src/composition/storage.ts'
import { createWorkerMetrics, type WorkerMetrics } from '../../../src/composition/worker-metrics.ts'
import { stepRecorder } from '../../../src/composition/workers.ts'
import { readConfig, type Config } from '../../../src/config.ts'
import {
  renderWorkflowId,
  type AccountId,
  type ExecutionId,
  type MediaId,
  type VideoId,
} from '../../../src/domain/ids.ts'
import { PIPELINE_STEPS } from '../../../src/domain/steps.ts'
import { testDatabase, type TestDatabase } from '../../support/database.ts'
import {
  startFakeHttpService,
  type FakeAnswer,
  type FakeHttpService,
  type RecordedRequest,
} from '../../support/fake-http-service.ts'
import { LOOK, insertAccount, newId } from '../../support/records.ts'

type Name = keyof AllActivities
type Input<N extends Name> = Parameters<AllActivities[N]>[0]
type Result<N extends Name> = Awaited<ReturnType<AllActivities[N]>>

/** A fake server whose answers a test sets. */
export interface Neighbour extends FakeHttpService {
  answer: (request: RecordedRequest) => FakeAnswer | null
}

export interface ActivityWorld {
  readonly database: TestDatabase
  readonly config: Config
  readonly storage: Storage
  readonly repositories: ReturnType<typeof createRepositories>
  readonly deps: ActivityDependencies
  readonly metrics: WorkerMetrics
  /** The one configured renderer, `farm`. */
  readonly renderer: Neighbour
  /** A customer's server, whose private address is allowed. */
  readonly customer: Neighbour
  readonly folder: string
  /** Runs an activity as a worker does, interceptors included. `change` replaces dependencies. */
  readonly run: <N extends Name>(
    name: N,
    input: Input<N>,
    options?: RunOptions,
  ) => Promise<Result<N>>
  /** What is left in the folder of workspaces. */
  readonly workspaces: () => Promise<string[]>
  /** The files of a test, stored under a key. */
  readonly store: (key: string, filePath: string, contentType: string) => Promise<void>
  /** Hides what a customer keeps secret, as the API does. */
  readonly seal: (text: string) => string
  readonly order: (options?: { audioKey?: string; credits?: number }) => Promise<Order>
}

export interface RunOptions {
  readonly info?: Partial<Info>
  readonly change?: Partial<ActivityDependencies>
  readonly environment?: (environment: MockActivityEnvironment) => void
}

/** An admitted render: rows, and credits held. */
export interface Order {
  readonly accountId: AccountId
  readonly audioMediaId: MediaId
  readonly videoId: VideoId
  readonly executionId: ExecutionId
  readonly workflowId: string
}

const RENDERER_SECRET = 'whsec_cmVuZGVyZXItc2VjcmV0LW9mLXRoZS10ZXN0cw=='
/** The region that orders of tests render. */
const REGION = { startSeconds: 1, endSeconds: 3 }

const startNeighbour = async (): Promise<Neighbour> => {
  const rules: Pick<Neighbour, 'answer'> = { answer: () => ({ status: 500 }) }
  const service = await startFakeHttpService((request) => rules.answer(request))
  return Object.assign(rules, service)
}

/** Everything that activities work with, for real: database, storage, FFmpeg; only what is not ours is
 * a fake server. Call it at the top of a file: it is closed after the file's tests. */
export const startActivityWorld = async (
  settings: Readonly<Record<string, string>> = {},
): Promise<ActivityWorld> => {
  const database = await testDatabase()
  const folder = await mkdtemp(join(tmpdir(), 'spool-activities-'))
  const [renderer, customer] = await Promise.all([startNeighbour(), startNeighbour()])
  const config = readConfig({
    DATABASE_URL: database.url,
    SPOOL_SECRET: randomBytes(32).toString('hex'),
    SPOOL_ADMIN_KEY: randomBytes(32).toString('hex'),
    SPOOL_PUBLIC_URL: 'http://spool.test',
    SPOOL_STORAGE_DIR: join(folder, 'storage'),
    SPOOL_WORK_DIR: join(folder, 'work'),
    SPOOL_ALLOW_PRIVATE_SOURCES: `127.0.0.1:${customer.port}`,
    SPOOL_RENDERERS: JSON.stringify([
      { name: 'farm', url: renderer.baseUrl, apiKey: 'farm-key', webhookSecret: RENDERER_SECRET },
    ]),
    SPOOL_FFMPEG_PATH: process.env['SPOOL_FFMPEG_PATH'],
    SPOOL_FFPROBE_PATH: process.env['SPOOL_FFPROBE_PATH'],
    ...settings,
  })
  const storage = await openStorage(config)
  const repositories = createRepositories(database.database)
  const metrics = createWorkerMetrics()
  const engines = createEngines(config)
  const connection = Connection.lazy({ address: process.env['TEST_TEMPORAL_ADDRESS'] ?? '' })
  const deps = createActivityDependencies({
    config,
    repositories,
    storage,
    client: new Client({ connection }),
    engines,
    models: createModels(config, engines),
    meter: metrics.meter,
    log: pino({ level: 'silent' }),
  })
  afterAll(async () => {
    await Promise.all([renderer.close(), customer.close(), connection.close()])
    await rm(folder, { recursive: true, force: true })
  })

  const run: ActivityWorld['run'] = async (name, input, options = {}) => {
    const { info, change, environment: prepare } = options
    const activities = createActivities({ ...deps, ...change })
    const interceptor = activityInterceptors(stepRecorder(repositories.executions), metrics.meter)
    const environment = new MockActivityEnvironment(
      { activityType: name, heartbeatTimeoutMs: 5_000, ...info },
      { interceptors: [interceptor], logger: new DefaultLogger('ERROR') },
    )
    prepare?.(environment)
    const activity = activities[name] as ActivityFunction<[unknown], never>
    return await environment.run<[unknown], never, typeof activity>(activity, input)
  }

  return {
    database,
    config,
    storage,
    repositories,
    deps,
    metrics,
    renderer,
    customer,
    folder,
    run,
    workspaces: () => readdir(config.workDir).catch(() => []),
    store: async (key, filePath, contentType) => {
      await storage.store.put(key, createReadStream(filePath), { contentType })
    },
    seal: createSecretSeal(config.settings.SPOOL_SECRET).seal,
    order: (options) => admitOrder({ repositories, database }, options),
  }
}

const admitOrder = async (
  { repositories, database }: Pick<ActivityWorld, 'repositories' | 'database'>,
  { audioKey = 'media/song', credits = 100 }: { audioKey?: string; credits?: number } = {},
): Promise<Order> => {
  const accountId = await insertAccount(database.database, credits)
  const audioMediaId = newId('media')
  await repositories.media.insert({
    id: audioMediaId,
    accountId,
    kind: 'audio',
    storageKey: audioKey,
    fileName: 'song.flac',
    contentType: 'audio/flac',
    sizeBytes: 1_000,
    durationSeconds: 4,
    streams: [{ kind: 'audio', codec: 'flac', sampleRateHz: 44_100, channels: 2 }],
  })
  const videoId = newId('video')
  await repositories.videos.insert({
    id: videoId,
    accountId,
    audioMediaId,
    ...REGION,
    ...LOOK,
  })
  const executionId = newId('execution')
  const workflowId = renderWorkflowId(videoId)
  const admission = await repositories.executions.admitRender({
    order: { executionId, videoId, accountId },
    workflowId,
    replaces: null,
    steps: PIPELINE_STEPS.render,
    amountCredits: 2,
    holdExpiresAt: new Date(Date.now() + 3_600_000),
  })
  if (admission.status !== 'held') throw new Error('the account of the test has too few credits')
  return { accountId, audioMediaId, videoId, executionId, workflowId }
}
