import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** A folder for one test, removed after it; other users may read it (PostgreSQL under root). */
export function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'spool-scripts-'))
  chmodSync(folder, 0o755)
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Resolves when `condition` holds; throws after a hundred seconds, long before the test is given up. */
export async function eventually(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadlineMs = Date.now() + 100_000
  while (!(await condition())) {
    if (Date.now() > deadlineMs)
      throw new Error(`not within a hundred seconds: ${condition.toString()}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}
