/** What a program says that cannot start, to whoever has started it. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { testDatabase } from '../support/database.ts'

/** Nobody listens there. */
const NOWHERE = '127.0.0.1:1'

const database = await testDatabase()
const folder = await mkdtemp(join(tmpdir(), 'spool-start-'))
const occupied = createServer().listen(0, '127.0.0.1')
await once(occupied, 'listening')
afterAll(async () => {
  occupied.close()
  await rm(folder, { recursive: true, force: true })
})

const NEEDED = {
  DATABASE_URL: database.url,
  TEMPORAL_ADDRESS: NOWHERE,
  SPOOL_SECRET: 's'.repeat(32),
  SPOOL_ADMIN_KEY: 'a'.repeat(32),
  SPOOL_STORAGE_DIR: join(folder, 'storage'),
  SPOOL_WORK_DIR: join(folder, 'work'),
}

const start = async (
  program: 'server' | 'worker',
  environment: Readonly<Record<string, string>>,
): Promise<{ readonly exitCode: number | null; readonly said: string }> => {
  const file = fileURLToPath(new URL(`../../src/${program}.ts`, import.meta.url))
  const child = spawn(process.execPath, [file], {
    env: { PATH: process.env['PATH'], ...environment },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const said = text(child.stderr)
  await once(child, 'exit')
  return { exitCode: child.exitCode, said: await said }
}

test.each(['server', 'worker'] as const)(
  'a %s without settings names what is missing, and shows no code',
  async (program) => {
    const { exitCode, said } = await start(program, { SPOOL_STORGE: 'folder' })
    expect(exitCode).toBe(1)
    const [first, ...problems] = said.trimEnd().split('\n')
    expect(first).toBe('The configuration has 4 problem(s):')
    expect(problems).toHaveLength(4)
    expect(problems).toContainEqual(expect.stringContaining('DATABASE_URL: is missing'))
    expect(problems).toContainEqual(expect.stringContaining('SPOOL_STORGE is not a setting'))
  },
)

test.each([
  [
    'server',
    'that finds no database',
    { DATABASE_URL: `postgres://user:password@${NOWHERE}/spool` },
    'The database cannot be reached: start it, or correct DATABASE_URL.',
  ],
  [
    'worker',
    'that finds no Temporal',
    {},
    `Temporal cannot be reached at ${NOWHERE}: start it there, or correct TEMPORAL_ADDRESS.`,
  ],
  [
    'server',
    'whose port is taken',
    { SPOOL_PORT: String((occupied.address() as AddressInfo).port) },
    'Choose another port (SPOOL_PORT,',
  ],
] as const)('a %s %s says so, and what to do', async (program, _what, settings, sentence) => {
  const { exitCode, said } = await start(program, { ...NEEDED, ...settings })
  expect(said).toContain(sentence)
  expect(said).not.toMatch(/^ +at /m)
  expect(said).not.toContain('password')
  expect(exitCode).toBe(1)
})
