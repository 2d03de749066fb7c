// Says whether the SQL migrations still make what the schema describes. drizzle-kit generates into a
// copy, so that nothing of the clone is touched; a red answer names the file that is missing.

import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import { tmpdir } from 'node:os'
import { projectRoot } from '../stack/toolchain.ts'

const migrationsIn = (folder: string) => readdirSync(folder).filter((name) => name.endsWith('.sql'))

const folder = mkdtempSync(join(tmpdir(), 'spool-drift-'))
try {
  const copy = join(folder, 'drizzle')
  cpSync(join(projectRoot, 'drizzle'), copy, { recursive: true })
  const known = new Set(migrationsIn(copy))
  const generate = [
    join(projectRoot, 'node_modules', 'drizzle-kit', 'bin.cjs'),
    'generate',
    ...['--dialect', 'postgresql'],
    ...['--schema', './src/db/schema/index.ts'],
    // drizzle-kit joins this to the current folder, even if it is absolute.
    ...['--out', relative(projectRoot, copy)],
  ]
  const { status, stdout, stderr } = spawnSync(process.execPath, generate, {
    cwd: projectRoot,
    encoding: 'utf8',
    // Without a terminal it cannot ask whether a column was renamed, and fails instead.
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const added = migrationsIn(copy).filter((name) => !known.has(name))
  if (status !== 0 || added.length > 0) {
    console.error(stdout + stderr)
    console.error('The schema has changed without a migration; run: npm run db:generate')
    process.exitCode = 1
  } else {
    console.log(`${known.size} migrations make what the schema describes.`)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
