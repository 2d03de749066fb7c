import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { startPostgres } from '../../scripts/stack/postgres.ts'
import { reachableDataDir } from '../../scripts/stack/postgres-programs.ts'
import { processIdentity } from '../../scripts/stack/process-identity.ts'
import { eventually, tempFolder } from './temp-folder.ts'

const isRoot = process.getuid?.() === 0

/** A cluster is made once for the tests that may find one. */
const kept = mkdtempSync(join(tmpdir(), 'spool-scripts-'))
chmodSync(kept, 0o755)
afterAll(() => rmSync(kept, { recursive: true, force: true }))

async function started(folder: string, { durable = false } = {}) {
  const server = await startPostgres({
    dataDir: join(folder, 'postgres'),
    logFile: join(folder, 'postgres.log'),
    durable,
  })
  onTestFinished(() => server.stop())
  return server
}

async function connected(url: string) {
  const client = new pg.Client({ connectionString: url })
  // A server that is killed under a connection is what these tests are about.
  client.on('error', () => {})
  await client.connect()
  onTestFinished(() => client.end())
  return client
}

// Making a cluster waits for the disk, which on a busy machine takes seconds.
describe('embedded PostgreSQL', () => {
  it('loses no acknowledged row when it is killed while it writes', async () => {
    const folder = tempFolder()
    const first = await started(folder, { durable: true })
    const writer = await connected(first.url)
    await writer.query('CREATE TABLE entries (number integer PRIMARY KEY)')
    let acknowledged = 0
    try {
      for (let number = 1; number <= 10_000; number++) {
        await writer.query('INSERT INTO entries VALUES ($1)', [number])
        acknowledged = number
        if (number === 200) process.kill(first.pid, 'SIGKILL')
      }
    } catch {
      // The connection broke, as it must.
    }
    expect(acknowledged).toBeGreaterThanOrEqual(200)
    expect(acknowledged).toBeLessThan(10_000)
    await eventually(() => processIdentity(first.pid) === null)

    const second = await started(folder, { durable: true })
    const reader = await connected(second.url)
    const { rows } = await reader.query('SELECT count(*)::int AS count, max(number) FROM entries')
    expect(rows[0].count).toBe(rows[0].max)
    expect(rows[0].count).toBeGreaterThanOrEqual(acknowledged)
  })

  it('takes over from a server whose parent was killed, with the same data and password', async () => {
    const left = await started(kept)
    await (await connected(left.url)).query('CREATE TABLE kept AS SELECT 42 AS answer')
    const next = await started(kept)
    expect(processIdentity(left.pid)).toBeNull()
    const { rows } = await (await connected(next.url)).query('SELECT answer FROM kept')
    expect(rows).toEqual([{ answer: 42 }])
  })

  it('refuses a connection without the password, and listens on loopback only', async () => {
    const { url } = await started(kept)
    const wrong = new URL(url)
    wrong.password = 'guess'
    await expect(connected(wrong.href)).rejects.toThrow(/password authentication failed/)
    const { rows } = await (
      await connected(url)
    ).query(
      `SELECT current_setting('listen_addresses') AS tcp, current_setting('unix_socket_directories') AS unix`,
    )
    expect(rows).toEqual([{ tcp: '127.0.0.1', unix: '' }])
  })

  it('keeps the password readable by its owner only', async () => {
    await started(kept)
    expect(statSync(join(kept, 'postgres.password')).mode & 0o777).toBe(0o600)
    expect(readdirSync(kept)).not.toContain('postgres.initial-password')
  })

  it.runIf(isRoot)('works below a folder that is closed to others when we are root', async () => {
    const closed = mkdtempSync(join(tmpdir(), 'spool-closed-'))
    chmodSync(closed, 0o700)
    mkdirSync(join(closed, '.spool'))
    const dataDir = reachableDataDir(join(closed, '.spool', 'postgres'))
    onTestFinished(() => {
      for (const path of [closed, join(dataDir, '..')])
        rmSync(path, { recursive: true, force: true })
    })
    expect(dataDir).not.toContain(closed)
    const { url } = await started(join(closed, '.spool'))
    const { rows } = await (
      await connected(url)
    ).query(`SELECT current_setting('data_directory') AS dir`)
    expect(rows).toEqual([{ dir: dataDir }])
  })
})
