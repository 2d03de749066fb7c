import { execFile } from 'node:child_process'
import {
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import pg from 'pg'
import { startPart } from './part.ts'
import type { Part, RunningPart } from './part.ts'
import { freePort } from './ports.ts'
import { findPostgresPrograms, reachableDataDir } from './postgres-programs.ts'
import type { PostgresPrograms } from './postgres-programs.ts'
import { processCommandLine, processExists, processIdentity } from './process-identity.ts'
import { secretFrom } from './secret-file.ts'

const ROLE = 'spool'
const LEFT_OVER_STOP_MS = 30_000

/** What to start: where the data lives, and how careful to be with it. */
export type PostgresOptions = {
  /** Kept between runs; its password lies beside it in `<dataDir>.password`. */
  dataDir: string
  logFile: string
  /** A free one when missing. */
  port?: number
  /** Made when missing. Defaults to `spool`. */
  database?: string
  /** False lets PostgreSQL lose data when the machine (not the process) dies: for tests only. */
  durable?: boolean
}

/** A PostgreSQL server of ours; `exited` resolves when it has ended, for whatever reason. */
export type RunningPostgres = {
  url: string
  pid: number
  exited: RunningPart['exited']
  stop: () => Promise<void>
}

/** Starts PostgreSQL and waits until the database answers. See preparePostgres. */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const { part, url } = await preparePostgres(options)
  const running = await startPart(part)
  const { pid, exited, stop } = running
  return { url, pid, exited, stop }
}

/**
 * Makes the cluster if there is none, stops a server that a killed parent left running on it, and
 * describes the process to start. It listens on 127.0.0.1 only and wants a password.
 */
export async function preparePostgres(
  options: PostgresOptions,
): Promise<{ part: Part; url: string; dataDir: string }> {
  const programs = findPostgresPrograms()
  const dataDir = reachableDataDir(options.dataDir)
  const password = secretFrom(`${options.dataDir}.password`)
  const durable = options.durable ?? true
  if (!existsSync(join(dataDir, 'PG_VERSION'))) {
    await createCluster({ programs, dataDir, password, durable })
  }
  refuseOtherMajorVersion(programs, dataDir)
  await stopLeftOver(dataDir)
  const port = options.port || (await freePort())
  const database = options.database ?? ROLE
  const urlOf = (name: string) => `postgres://${ROLE}:${password}@127.0.0.1:${port}/${name}`
  const part: Part = {
    name: 'postgres',
    command: join(programs.bin, 'postgres'),
    args: ['-D', dataDir, ...serverSettings(port, durable)],
    env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
    cwd: dirname(dataDir),
    ...(programs.user && { user: programs.user }),
    logFile: options.logFile,
    ready: () => ensureDatabase(urlOf('postgres'), database),
    readyTimeoutMs: 60_000,
    // "Fast": open transactions are rolled back; the polite SIGTERM waits for every client to leave.
    stopSignal: 'SIGINT',
    stopGraceMs: 20_000,
  }
  return { part, url: urlOf(database), dataDir }
}

function serverSettings(port: number, durable: boolean): string[] {
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    // Every process of the stack has its own pool, and tests have one each.
    max_connections: 300,
    // What is acknowledged has left the process, and outlives its death all the same.
    ...(!durable && { fsync: 'off', full_page_writes: 'off' }),
  }
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}

/** Made under another name and renamed, so that an interrupted initdb leaves no half cluster behind. */
async function createCluster(cluster: {
  programs: PostgresPrograms
  dataDir: string
  password: string
  durable: boolean
}): Promise<void> {
  const { programs, dataDir, password, durable } = cluster
  const unfinished = `${dataDir}.unfinished`
  const passwordFile = `${dataDir}.initial-password`
  rmSync(unfinished, { recursive: true, force: true })
  mkdirSync(unfinished, { recursive: true, mode: 0o700 })
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 })
  if (programs.user) {
    for (const path of [unfinished, passwordFile])
      chownSync(path, programs.user.uid, programs.user.gid)
  }
  try {
    await promisify(execFile)(
      join(programs.bin, 'initdb'),
      [
        ...['-D', unfinished, '-U', ROLE, `--pwfile=${passwordFile}`, '--auth=scram-sha-256'],
        ...['--encoding=UTF8', '--locale=C', ...(durable ? [] : ['--no-sync'])],
      ],
      { cwd: dirname(dataDir), env: { PATH: process.env.PATH, LC_ALL: 'C' }, ...programs.user },
    )
    renameSync(unfinished, dataDir)
  } finally {
    rmSync(passwordFile, { force: true })
  }
}

function refuseOtherMajorVersion(programs: PostgresPrograms, dataDir: string): void {
  const kept = readFileSync(join(dataDir, 'PG_VERSION'), 'utf8').trim()
  if (kept === programs.majorVersion) return
  throw new Error(
    `The data in ${dataDir} was written by PostgreSQL ${kept} and this is ${programs.majorVersion}; dump it with the old version, or move the folder away to start afresh.`,
  )
}

/**
 * A server whose parent was killed runs on and holds the data. It is stopped in order (nothing
 * acknowledged is lost) rather than kept, so that the new parent sees its end and has its log.
 */
async function stopLeftOver(dataDir: string): Promise<void> {
  const pidFile = join(dataDir, 'postmaster.pid')
  if (!existsSync(pidFile)) return
  const pid = Number(readFileSync(pidFile, 'utf8').split('\n')[0])
  const isOurs = () => processCommandLine(pid)?.includes(dataDir) ?? false
  // A dead server that nobody has waited for yet: PostgreSQL would take it for a living one.
  const isUnburied = () => processIdentity(pid) === null && processExists(pid)
  if (isOurs()) process.kill(pid, 'SIGINT')
  const deadlineMs = Date.now() + LEFT_OVER_STOP_MS
  while (isOurs() || isUnburied()) {
    if (Date.now() > deadlineMs) {
      throw new Error(
        `A PostgreSQL left from an earlier run (process ${pid}) does not stop; kill it.`,
      )
    }
    await delay(50)
  }
}

async function ensureDatabase(adminUrl: string, database: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl, connectionTimeoutMillis: 2_000 })
  // Without a listener a connection that breaks later would end this process.
  client.on('error', () => {})
  await client.connect()
  try {
    const known = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [database])
    if (known.rowCount === 0)
      await client.query(`CREATE DATABASE ${client.escapeIdentifier(database)}`)
  } finally {
    await client.end()
  }
}
