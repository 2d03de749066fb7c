import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'

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

/**
 * When a process began, as a number that its successor under the same id does not have; `null` if there is
 * none. Outside Linux only life and death can be told apart, and the answer is `0` for life.
 */
const processStart = async (pid: number): Promise<string | null> => {
  if (process.platform !== 'linux') return isAlive(pid) ? '0' : null
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null)
  // The second field is the program's name in parentheses, which may hold anything; the 22nd is the start.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? []
  // Dead, though whoever started it has not asked how it ended.
  if (fields[0] === 'Z' || fields[0] === 'X') return null
  return fields[19] ?? null
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
