import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { readConfig } from '../../src/config.ts'
import { migrate } from '../../src/db/migrate.ts'
import { ensureDemoAccount } from './demo-account.ts'
import type { Part } from './part.ts'
import { claimPort } from './ports.ts'
import { preparePostgres } from './postgres.ts'
import { readPrivateJson, writePrivateJson } from './private-file.ts'
import { ensureAnswer } from './ensure-answer.ts'
import { secretFrom } from './secret-file.ts'
import { PORT_SETTINGS, STACK_ONLY_VARIABLES } from './settings.ts'
import type { StackSettings } from './settings.ts'
import { claimStack, isClaimed } from './stack-claim.ts'
import type { StackClaim } from './stack-claim.ts'
import { createSupervisor } from './supervisor.ts'
import type { Supervisor } from './supervisor.ts'
import { prepareTemporal } from './temporal.ts'
import { projectRoot, toolchain } from './toolchain.ts'
import { bundleWorkflows } from './workflow-bundle.ts'

/** What `stack.json` says about a running stack. */
export type StackRecord = {
  apiUrl: string
  /** Of the demo account. */
  apiKey: string
  temporalAddress: string
  /** Empty when Temporal is the user's own and SPOOL_TEMPORAL_UI_URL is not set. */
  temporalUiUrl: string
  databaseUrl: string
  /** Parts that the user runs himself are not in here. */
  pids: { api?: number; worker?: number; temporal?: number; postgres?: number }
}

/** A stack that this process runs. */
export type Stack = StackRecord & {
  /** Rejects with the cause when a part was given up; never resolves. */
  givenUp: Promise<never>
  stop: () => Promise<void>
}

/** Where the stack says what it is doing, one line at a time. */
export type Say = (line: string) => void

/** Everything that is fixed before the first process starts. */
type Plan = { settings: StackSettings; supervisor: Supervisor; claim: StackClaim; say: Say }

/** The stack that another process runs in `dir`, or null. */
export function runningStack(dir: string): StackRecord | null {
  return isClaimed(dir) ? (readPrivateJson(fileOf(dir)) as StackRecord | null) : null
}

/**
 * Starts PostgreSQL, Temporal, the API and a worker, keeps them running, and writes `stack.json`
 * once the API answers. Throws one sentence, with everything stopped again, when a part cannot be had.
 * `cancelled` stops the parts that are up while others are still starting.
 */
export async function startStack(
  settings: StackSettings,
  say: Say,
  cancelled?: AbortSignal,
): Promise<Stack> {
  const claim = await claimStack(settings.dir)
  let record: StackRecord | null = null
  const supervisor = createSupervisor({
    say,
    onPidsChanged: () => {
      claim.record(Object.values(supervisor.pids()))
      if (!record) return
      record.pids = supervisor.pids()
      writePrivateJson(fileOf(settings.dir), record)
    },
  })
  const stop = async () => {
    record = null
    await supervisor.stop()
    rmSync(fileOf(settings.dir), { force: true })
    claim.release()
  }
  cancelled?.addEventListener('abort', () => void supervisor.stop())
  try {
    record = await startParts({ settings, supervisor, claim, say })
    writePrivateJson(fileOf(settings.dir), record)
    return { ...record, givenUp: supervisor.givenUp, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function startParts(plan: Plan): Promise<StackRecord> {
  const { settings, supervisor, say } = plan
  // Before anything starts: nobody wants to wait for PostgreSQL to hear of a typo, or that a port is taken.
  refuseWrongSettings()
  const apiPort = await claimed('api', settings)
  const [databaseUrl, temporal, workflowBundle] = await Promise.all([
    startDatabase(plan).then(async (url) => {
      say('Preparing the database')
      await migrate(url)
      return url
    }),
    startTemporal(plan),
    process.env.SPOOL_WORKFLOW_BUNDLE || bundleWorkflows(settings.dir),
  ])
  const apiUrl = `http://127.0.0.1:${apiPort}`
  const adminKey = secretFrom(join(settings.dir, 'admin-key'))
  const env = {
    ...withoutStackSettings(process.env),
    DATABASE_URL: databaseUrl,
    TEMPORAL_ADDRESS: temporal.address,
    SPOOL_TEMPORAL_UI_URL: temporal.uiUrl,
    SPOOL_PUBLIC_URL: process.env.SPOOL_PUBLIC_URL || apiUrl,
    SPOOL_HOST: process.env.SPOOL_HOST || '127.0.0.1',
    SPOOL_PORT: String(apiPort),
    SPOOL_STORAGE_DIR: process.env.SPOOL_STORAGE_DIR || join(settings.dir, 'storage'),
    SPOOL_WORK_DIR: process.env.SPOOL_WORK_DIR || join(settings.dir, 'work'),
    SPOOL_SECRET: process.env.SPOOL_SECRET || secretFrom(join(settings.dir, 'secret')),
    SPOOL_ADMIN_KEY: process.env.SPOOL_ADMIN_KEY || adminKey,
    SPOOL_WORKFLOW_BUNDLE: workflowBundle,
    SPOOL_FFMPEG_PATH: toolchain().ffmpegPath,
    SPOOL_FFPROBE_PATH: toolchain().ffprobePath,
    SPOOL_PYTHON_PATH: process.env.SPOOL_PYTHON_PATH || (toolchain().pythonPath ?? ''),
    SPOOL_ESPEAK_PATH: process.env.SPOOL_ESPEAK_PATH || (toolchain().espeakPath ?? ''),
  }
  say('Starting the API and a worker')
  await supervisor.start(nodePart('worker', env, settings.dir, async () => {}))
  await supervisor.start(nodePart('api', env, settings.dir, () => untilOk(`${apiUrl}/readyz`)))
  const account = await ensureDemoAccount(settings.dir, { apiUrl, adminKey: env.SPOOL_ADMIN_KEY })
  return {
    apiUrl,
    apiKey: account.key,
    temporalAddress: temporal.address,
    temporalUiUrl: temporal.uiUrl,
    databaseUrl,
    pids: supervisor.pids(),
  }
}

async function startDatabase({ settings, supervisor, say }: Plan): Promise<string> {
  if (settings.databaseUrl) return settings.databaseUrl
  say('Starting PostgreSQL')
  const { part, url } = await preparePostgres({
    dataDir: join(settings.dir, 'postgres'),
    logFile: logOf(settings.dir, 'postgres'),
    port: await claimed('postgres', settings),
  })
  await supervisor.start(part)
  return url
}

async function startTemporal(plan: Plan): Promise<{ address: string; uiUrl: string }> {
  const { settings, supervisor, say } = plan
  if (settings.temporalAddress) {
    await ensureAnswer('TEMPORAL_ADDRESS', settings.temporalAddress)
    return { address: settings.temporalAddress, uiUrl: process.env.SPOOL_TEMPORAL_UI_URL ?? '' }
  }
  say('Starting Temporal')
  const { temporalPath, temporalServerVersion } = toolchain()
  const { part, address, uiUrl } = await prepareTemporal({
    cliPath: temporalPath,
    dbFile: join(settings.dir, `temporal-${temporalServerVersion}.db`),
    logFile: logOf(settings.dir, 'temporal'),
    port: await claimed('temporal', settings),
    uiPort: await claimed('temporalUi', settings),
  })
  await supervisor.start(part)
  return { address, uiUrl }
}

function nodePart(
  name: 'api' | 'worker',
  env: NodeJS.ProcessEnv,
  dir: string,
  ready: () => Promise<void>,
): Part {
  return {
    name,
    command: toolchain().nodePath,
    args: [join(projectRoot, 'src', name === 'api' ? 'server.ts' : 'worker.ts')],
    env,
    cwd: projectRoot,
    logFile: logOf(dir, name),
    ready,
    readyTimeoutMs: 60_000,
    stopSignal: 'SIGTERM',
    // The worker tells its encoders to stop and lets short steps finish; Temporal repeats the rest.
    stopGraceMs: 20_000,
  }
}

async function untilOk(url: string): Promise<void> {
  const response = await fetch(url, { signal: AbortSignal.timeout(5_000) })
  await response.body?.cancel()
  if (!response.ok) throw new Error(`${url} answered ${response.status}`)
}

function claimed(key: keyof typeof PORT_SETTINGS, settings: StackSettings): Promise<number> {
  const { part, variable } = PORT_SETTINGS[key]
  return claimPort(part, variable, settings.ports[key])
}

/** Throws one message with all that is wrong with the user's own settings. */
function refuseWrongSettings(): void {
  const madeHere = 'made by the stack where it is not set'
  readConfig({
    ...withoutStackSettings(process.env),
    DATABASE_URL: process.env.DATABASE_URL || 'postgres://127.0.0.1/spool',
    SPOOL_SECRET: process.env.SPOOL_SECRET || madeHere,
    SPOOL_ADMIN_KEY: process.env.SPOOL_ADMIN_KEY || madeHere,
  })
}

function withoutStackSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const unknown = new Set<string>(STACK_ONLY_VARIABLES)
  return Object.fromEntries(Object.entries(env).filter(([name]) => !unknown.has(name)))
}

function logOf(dir: string, part: string): string {
  return join(dir, 'logs', `${part}.log`)
}

function fileOf(dir: string): string {
  return join(dir, 'stack.json')
}
