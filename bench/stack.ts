import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Client, Connection } from '@temporalio/client'
import { ensureDemoAccount, type DemoAccount } from '../scripts/stack/demo-account.ts'
import { startPart, type Part, type RunningPart } from '../scripts/stack/part.ts'
import { freePort } from '../scripts/stack/ports.ts'
import { startPostgres } from '../scripts/stack/postgres.ts'
import { startTemporal } from '../scripts/stack/temporal.ts'
import { projectRoot, toolchain } from '../scripts/stack/toolchain.ts'
import { bundleWorkflows } from '../scripts/stack/workflow-bundle.ts'
import { createRepositories } from '../src/composition/repositories.ts'
import { readConfig, type Config } from '../src/config.ts'
import { connectDatabase, type Database } from '../src/db/database.ts'
import { migrate } from '../src/db/migrate.ts'
import type { AccountId } from '../src/domain/ids.ts'

/** A running Spool without workers, in a folder of its own and on free ports. */
export interface BenchStack {
  readonly dir: string
  readonly apiUrl: string
  readonly account: DemoAccount & { readonly id: AccountId }
  readonly temporal: Client
  readonly database: Database
  readonly repositories: ReturnType<typeof createRepositories>
  /** The settings of the API and of every worker. */
  readonly env: NodeJS.ProcessEnv
  readonly config: Config
  /** Starts a worker of the product, and resolves when it polls. `env` changes its settings; `core`
   * leaves it one core of the machine. */
  readonly startWorker: (change?: {
    readonly env?: NodeJS.ProcessEnv
    readonly core?: number
  }) => Promise<RunningPart>
  /** Starts one more API, with other settings; it is stopped with the stack. */
  readonly startApi: (env: NodeJS.ProcessEnv) => Promise<{ readonly apiUrl: string }>
  /** Whatever is started is handed over here, and stopped with the stack. */
  readonly stopLater: (stop: () => Promise<unknown>) => void
  readonly stop: () => Promise<void>
}

/**
 * Starts PostgreSQL (as durable as in production), the Temporal dev server and the API. The benchmarks
 * bring the workers: the product's, or the same with instant media work.
 */
export const startBenchStack = async (dir: string): Promise<BenchStack> => {
  const stops: (() => Promise<unknown>)[] = []
  const stopLater = (stop: () => Promise<unknown>) => void stops.unshift(stop)
  const stop = async () => {
    for (const end of stops.splice(0)) await end()
  }
  try {
    const env = await startServers(dir, stopLater)
    const config = readConfig(env)
    const apiUrl = config.settings.SPOOL_PUBLIC_URL
    const api = await startPart(nodePart('api', 'src/server.ts', { dir, env }, () => isOk(apiUrl)))
    stopLater(api.stop)
    const connection = await Connection.connect({ address: env['TEMPORAL_ADDRESS'] ?? '' })
    // It ends with the process: the SDK may still be retrying an abandoned call, which would throw out
    // of a timer on a closed channel.
    const database = connectDatabase({
      url: config.settings.DATABASE_URL,
      poolSizeMax: 10,
      applicationName: 'spool-bench',
      onIdleError: () => undefined,
    })
    stopLater(() => database.close())
    const adminKey = config.settings.SPOOL_ADMIN_KEY
    const account = await ensureDemoAccount(dir, { apiUrl, adminKey })
    let started = 0
    return {
      dir,
      apiUrl,
      account: { ...account, id: account.id as AccountId },
      temporal: new Client({ connection }),
      database: database.database,
      repositories: createRepositories(database.database),
      env,
      config,
      startWorker: async ({ env: change = {}, core } = {}) => {
        started += 1
        const name = `worker-${started}`
        const ready = () => logSays(join(dir, `${name}.log`), 'the worker is ready')
        const settings = { dir, env: { ...env, ...change } }
        const part = nodePart(name, 'src/worker.ts', settings, ready)
        const worker = await startPart(core === undefined ? part : pinned(part, core))
        stopLater(worker.stop)
        return worker
      },
      startApi: async (change) => {
        const port = await freePort()
        const url = `http://127.0.0.1:${port}`
        const own = { SPOOL_PORT: String(port), SPOOL_PUBLIC_URL: url }
        const settings = { dir, env: { ...env, ...change, ...own } }
        const part = nodePart(`api-${port}`, 'src/server.ts', settings, () => isOk(url))
        stopLater((await startPart(part)).stop)
        return { apiUrl: url }
      },
      stopLater,
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

const startServers = async (
  dir: string,
  stopLater: BenchStack['stopLater'],
): Promise<NodeJS.ProcessEnv> => {
  const { temporalPath, temporalServerVersion, ffmpegPath, ffprobePath } = toolchain()
  const postgres = await startPostgres({
    dataDir: join(dir, 'postgres'),
    logFile: join(dir, 'postgres.log'),
  })
  stopLater(postgres.stop)
  await migrate(postgres.url)
  const temporal = await startTemporal({
    cliPath: temporalPath,
    dbFile: join(dir, `temporal-${temporalServerVersion}.db`),
    logFile: join(dir, 'temporal.log'),
  })
  stopLater(temporal.stop)
  const workflowBundle = await bundleWorkflows(dir)
  const apiPort = await freePort()
  return {
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    DATABASE_URL: postgres.url,
    TEMPORAL_ADDRESS: temporal.address,
    SPOOL_TEMPORAL_UI_URL: temporal.uiUrl,
    SPOOL_PUBLIC_URL: `http://127.0.0.1:${apiPort}`,
    SPOOL_PORT: String(apiPort),
    SPOOL_STORAGE_DIR: join(dir, 'storage'),
    SPOOL_WORK_DIR: join(dir, 'work'),
    SPOOL_WORKFLOW_BUNDLE: workflowBundle,
    SPOOL_SECRET: randomBytes(32).toString('hex'),
    SPOOL_ADMIN_KEY: randomBytes(24).toString('hex'),
    SPOOL_FFMPEG_PATH: ffmpegPath,
    SPOOL_FFPROBE_PATH: ffprobePath,
    // The receiver of the tasks' webhooks.
    SPOOL_ALLOW_PRIVATE_SOURCES: '127.0.0.1',
    // Thousands of webhooks come from one address here.
    SPOOL_RATE_LIMIT_PER_MINUTE: '1000000',
  }
}

const nodePart = (
  name: string,
  script: string,
  { dir, env }: { dir: string; env: NodeJS.ProcessEnv },
  ready: () => Promise<void>,
): Part => ({
  name,
  command: toolchain().nodePath,
  args: [join(projectRoot, script)],
  env,
  cwd: projectRoot,
  logFile: join(dir, `${name}.log`),
  ready,
  readyTimeoutMs: 60_000,
  stopSignal: 'SIGTERM',
  stopGraceMs: 20_000,
})

/** The same process, on this core alone; what it starts is there with it. */
const pinned = (part: Part, core: number): Part => ({
  ...part,
  command: 'taskset',
  args: ['--cpu-list', String(core), part.command, ...part.args],
})

const isOk = async (apiUrl: string): Promise<void> => {
  const response = await fetch(`${apiUrl}/readyz`)
  await response.body?.cancel()
  if (!response.ok) throw new Error(`the API answered ${response.status}`)
}

const logSays = async (logFile: string, text: string): Promise<void> => {
  if (!(await readFile(logFile, 'utf8')).includes(text)) throw new Error(`not yet: ${text}`)
}
