import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { processStart } from './process-start.ts'

/** `ws-<host>-<pid>-<start of the process>-<owner>-<random>` */
const WORKSPACE = /^ws-([0-9a-f]{8})-(\d+)-(\d+)-/

/** Process ids say nothing about other machines, or containers, that share the folder. */
const host = createHash('sha256').update(hostname()).digest('hex').slice(0, 8)

/**
 * Runs the work of one attempt in a folder of its own, which only this user may enter and which is
 * removed at the end, whatever the end is. Two attempts never share one, nor do they find what the other
 * left. *Owner:* who it is for, to be read in the name; letters, digits, `_` and `-` of it are kept.
 */
export const withWorkspace = async <Result>(
  workDir: string,
  ownerId: string,
  work: (folderPath: string) => Promise<Result>,
): Promise<Result> => {
  const folderPath = await openWorkspace(workDir, ownerId)
  try {
    return await work(folderPath)
  } finally {
    await rm(folderPath, { recursive: true, force: true, maxRetries: 3 })
  }
}

/** Such a folder for somebody who removes it himself; if he dies before, the sweep does. */
export const openWorkspace = async (workDir: string, ownerId: string): Promise<string> => {
  await mkdir(workDir, { recursive: true })
  const owner = ownerId.replaceAll(/[^\w-]/g, '').slice(0, 60)
  const startedAt = (await processStart(process.pid)) ?? '0'
  return await mkdtemp(join(workDir, `ws-${host}-${process.pid}-${startedAt}-${owner}-`))
}

/**
 * Removes the workspaces of processes of this machine that are gone. A folder of a living one is never
 * touched, however old. *Returns* the names of what was removed.
 */
export const sweepWorkspaces = async (workDir: string): Promise<string[]> => {
  await mkdir(workDir, { recursive: true })
  const removed: string[] = []
  for (const name of await readdir(workDir)) {
    const [, ofHost, pid, startedAt] = WORKSPACE.exec(name) ?? []
    if (ofHost !== host || (await processStart(Number(pid))) === startedAt) continue
    await rm(join(workDir, name), { recursive: true, force: true, maxRetries: 3 })
    removed.push(name)
  }
  return removed
}
