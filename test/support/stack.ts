import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Part } from '../../scripts/stack/part.ts'
import { freePort } from '../../scripts/stack/ports.ts'
import { preparePostgres } from '../../scripts/stack/postgres.ts'
import { prepareTemporal } from '../../scripts/stack/temporal.ts'
import { projectRoot, toolchain } from '../../scripts/stack/toolchain.ts'
import { connectDatabase, type DatabaseConnection } from '../../src/db/database.ts'
import { migrate } from '../../src/db/migrate.ts'
import { serviceOf, type Service } from './stack-service.ts'
import { workflowBundle } from './workflow-bundle.ts'

/** The real processes, on free ports and in a folder of their own. */
export interface TestStack {
  readonly apiUrl: string
  readonly adminKey: string
  readonly dir: string
  /** Where workers have their workspaces. */
  readonly workDir: string
  readonly storageDir: string
  readonly temporalAddress: string
  readonly database: DatabaseConnection
  readonly api: Service
  readonly postgres: Service
  readonly temporal: Service
  /** Starts one more worker; `env` changes its settings. It is stopped with the stack. */
  readonly addWorker: (env?: Record<string, string>) => Promise<Service>
  /** While slow, FFmpeg reads its input in real time: a step can be met in the middle. */
  readonly setSlow: (slow: boolean) => void
  /** Everything that the processes wrote, for a look after a failure and for secrets. */
  readonly logOf: (name: string) => string
  readonly stop: () => Promise<void>
}

/**
 * Starts PostgreSQL, the Temporal dev server and the API; workers are added by the test. `env` is
 * for all processes of ours.
 */
export const startTestStack = async (env: Record<string, string> = {}): Promise<TestStack> => {
  const dir = mkdtempSync(join(tmpdir(), 'spool-e2e-'))
  // PostgreSQL runs as another user when we are root, and has to pass through.
  chmodSync(dir, 0o755)
  const stops: (() => Promise<unknown>)[] = [
    async () => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }),
  ]
  const stop = async () => {
    for (const stopOne of stops.splice(0).toReversed()) await stopOne()
  }
  const keep = async (part: Part): Promise<Service> => {
    const service = serviceOf(part)
    stops.push(service.stop)
    await service.start()
    return service
  }
  try {
    return { ...(await startParts({ dir, env, keep, stops })), dir, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

interface Starting {
  readonly dir: string
  readonly env: Record<string, string>
  readonly keep: (part: Part) => Promise<Service>
  readonly stops: (() => Promise<unknown>)[]
}

const startParts = async (starting: Starting): Promise<Omit<TestStack, 'dir' | 'stop'>> => {
  const { dir, keep, stops } = starting
  const { temporalPath } = toolchain()
  const [postgres, temporal, bundle] = await Promise.all([
    // Tests kill it, and never the machine.
    preparePostgres({
      dataDir: join(dir, 'postgres'),
      logFile: join(dir, 'postgres.log'),
      durable: false,
    }),
    prepareTemporal({
      cliPath: temporalPath,
      dbFile: join(dir, 'temporal.db'),
      logFile: join(dir, 'temporal.log'),
    }),
    workflowBundle(),
  ])
  const postgresService = await keep(postgres.part)
  const temporalService = await keep(temporal.part)
  await migrate(postgres.url)
  const settings = await settingsOf(starting, {
    DATABASE_URL: postgres.url,
    TEMPORAL_ADDRESS: temporal.address,
    SPOOL_TEMPORAL_UI_URL: temporal.uiUrl,
    SPOOL_WORKFLOW_BUNDLE: bundle,
  })
  const apiUrl = settings.SPOOL_PUBLIC_URL
  const api = await keep(nodePart(dir, 'api', settings, () => untilReady(`${apiUrl}/readyz`)))
  const database = connectDatabase({
    url: postgres.url,
    poolSizeMax: 4,
    applicationName: 'spool-e2e',
    onIdleError: () => undefined,
  })
  stops.push(database.close)

  let workers = 0
  return {
    apiUrl,
    adminKey: settings.SPOOL_ADMIN_KEY,
    workDir: settings.SPOOL_WORK_DIR,
    storageDir: settings.SPOOL_STORAGE_DIR,
    temporalAddress: temporal.address,
    database,
    api,
    postgres: postgresService,
    temporal: temporalService,
    addWorker: async (change = {}) => {
      workers += 1
      const name = `worker-${workers}`
      const ready = async () => {
        if (!logOf(dir, name).includes('the worker is ready')) throw new Error('not ready yet')
      }
      return await keep(nodePart(dir, name, { ...settings, ...change }, ready))
    },
    setSlow: (slow) => {
      const marker = join(dir, 'slow')
      if (slow) writeFileSync(marker, '')
      else rmSync(marker, { force: true })
    },
    logOf: (name) => logOf(dir, name),
  }
}

const settingsOf = async ({ dir, env }: Starting, servers: Record<string, string>) => {
  const port = await freePort()
  const settings = {
    SPOOL_PUBLIC_URL: `http://127.0.0.1:${port}`,
    SPOOL_PORT: String(port),
    SPOOL_SECRET: randomBytes(32).toString('hex'),
    SPOOL_ADMIN_KEY: randomBytes(24).toString('hex'),
    SPOOL_STORAGE_DIR: join(dir, 'storage'),
    SPOOL_WORK_DIR: join(dir, 'work'),
    SPOOL_FFMPEG_PATH: writeSlowableFfmpeg(dir),
    SPOOL_FFPROBE_PATH: toolchain().ffprobePath,
    // A test that waits asks twenty times a second.
    SPOOL_RATE_LIMIT_PER_MINUTE: '100000',
  }
  return { ...settings, ...servers, ...env }
}

/** The real FFmpeg, which reads its input in real time while the marker is there. */
const writeSlowableFfmpeg = (dir: string): string => {
  const bin = join(dir, 'bin')
  mkdirSync(bin)
  const program = join(bin, 'ffmpeg')
  const real = toolchain().ffmpegPath
  const script = `#!/bin/sh\n[ -e '${join(dir, 'slow')}' ] && exec '${real}' -re "$@"\nexec '${real}' "$@"\n`
  writeFileSync(program, script, { mode: 0o755 })
  return program
}

const nodePart = (
  dir: string,
  name: string,
  settings: Record<string, string>,
  ready: () => Promise<void>,
): Part => ({
  name,
  command: toolchain().nodePath,
  args: [join(projectRoot, 'src', name === 'api' ? 'server.ts' : 'worker.ts')],
  // Nothing of the environment of whoever runs the tests.
  env: { PATH: process.env.PATH, HOME: process.env.HOME, NODE_ENV: 'test', ...settings },
  cwd: projectRoot,
  logFile: join(dir, `${name}.log`),
  ready,
  readyTimeoutMs: 60_000,
  stopSignal: 'SIGTERM',
  stopGraceMs: 5_000,
})

const untilReady = async (url: string): Promise<void> => {
  const response = await fetch(url, { signal: AbortSignal.timeout(5_000) })
  await response.body?.cancel()
  if (!response.ok) throw new Error(`${url} answered ${response.status}`)
}

const logOf = (dir: string, name: string): string => readFileSync(join(dir, `${name}.log`), 'utf8')
