import { cp, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { execa } from 'execa'
import { afterAll, expect, test } from 'vitest'
import { migrate } from '../../src/db/migrate.ts'
import { testDatabase } from '../support/database.ts'

const { pool, url } = await testDatabase()
const folder = await mkdtemp(join(tmpdir(), 'spool-migrations-'))
afterAll(() => rm(folder, { recursive: true }))

test('the migrations say what the schema says', async () => {
  await cp('drizzle', folder, { recursive: true })
  const before = await readdir(folder)
  const generate = ['generate', '--dialect', 'postgresql', '--schema', './src/db/schema/index.ts']
  // drizzle-kit takes folders relative to the working one only.
  const out = ['--out', relative(process.cwd(), folder)]
  const { stdout } = await execa('drizzle-kit', [...generate, ...out], { preferLocal: true })
  expect(stdout).toContain('No schema changes')
  expect(await readdir(folder)).toEqual(before)
}, 30_000)

test('migrating again, also several times at once, changes nothing', async () => {
  const applied = async () => {
    const { rows } = await pool.query('SELECT * FROM drizzle.__drizzle_migrations ORDER BY id')
    return rows
  }
  const before = await applied()
  await Promise.all([migrate(url), migrate(url), migrate(url)])
  expect(await applied()).toEqual(before)
  expect(before.length).toBeGreaterThan(0)
})

test('a database that is not there is named, without its password', async () => {
  const asked = migrate('postgres://spool:hidden@127.0.0.1:1/films')
  await expect(asked).rejects.toThrow(
    /^The database of DATABASE_URL \(127\.0\.0\.1:1\/films\) cannot/,
  )
  await expect(asked).rejects.not.toThrow('hidden')
})
