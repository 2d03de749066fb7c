import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** The secret kept in `file` (64 hex digits, readable by its owner only); made on first use. */
export function secretFrom(file: string): string {
  mkdirSync(dirname(file), { recursive: true })
  try {
    // `wx`: of two processes that find no secret, one writes it and the other reads that one.
    writeFileSync(file, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  return readFileSync(file, 'utf8').trim()
}
