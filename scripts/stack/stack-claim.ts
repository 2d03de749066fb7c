import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { killRemainingGroup } from './part.ts'
import { readPrivateJson, writePrivateJson } from './private-file.ts'
import { processIdentity } from './process-identity.ts'

const STOP_GRACE_MS = 15_000

type KnownProcess = { pid: number; identity: string }
type Claim = { owner: KnownProcess; parts: KnownProcess[] }

/** The folder of a stack belongs to this process; tells which processes run in it. */
export type StackClaim = {
  /** Records the running parts, so that a later start can stop them if we are killed. */
  record: (pids: number[]) => void
  release: () => void
}

/**
 * Takes the folder for this process. Throws one sentence when another live process has it. Parts that
 * a killed owner left running are stopped first: they hold the ports and the data.
 */
export async function claimStack(dir: string): Promise<StackClaim> {
  const file = join(dir, 'processes.json')
  mkdirSync(dir, { recursive: true })
  const owner = known(process.pid)
  if (!owner) throw new Error('This process cannot be found in the process table.')
  while (!create(file, { owner, parts: [] })) {
    const earlier = readPrivateJson(file) as Claim | null
    if (earlier && isAlive(earlier.owner)) {
      throw new Error(
        `Spool already runs here, as process ${earlier.owner.pid}; stop that one first (Ctrl-C, or kill ${earlier.owner.pid}).`,
      )
    }
    await Promise.all((earlier?.parts ?? []).map(stopLeftOver))
    rmSync(file, { force: true })
  }
  return {
    record: (pids) => {
      const parts = pids.map(known).filter((part) => part !== null)
      writePrivateJson(file, { owner, parts } satisfies Claim)
    },
    release: () => rmSync(file, { force: true }),
  }
}

/** Whether a live process has the folder. */
export function isClaimed(dir: string): boolean {
  const claim = readPrivateJson(join(dir, 'processes.json')) as Claim | null
  return claim !== null && isAlive(claim.owner)
}

function create(file: string, claim: Claim): boolean {
  try {
    writeFileSync(file, JSON.stringify(claim), { mode: 0o600, flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

function known(pid: number): KnownProcess | null {
  const identity = processIdentity(pid)
  return identity === null ? null : { pid, identity }
}

function isAlive({ pid, identity }: KnownProcess): boolean {
  return processIdentity(pid) === identity
}

async function stopLeftOver(part: KnownProcess): Promise<void> {
  if (!isAlive(part)) return
  // PostgreSQL takes SIGTERM as "when the last client has left"; SIGINT means now to all four parts.
  process.kill(part.pid, 'SIGINT')
  const deadlineMs = Date.now() + STOP_GRACE_MS
  while (isAlive(part) && Date.now() < deadlineMs) await delay(50)
  if (isAlive(part)) process.kill(part.pid, 'SIGKILL')
  while (isAlive(part)) await delay(50)
  killRemainingGroup(part.pid)
}
