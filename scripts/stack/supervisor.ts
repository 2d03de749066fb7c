import { setTimeout as delay } from 'node:timers/promises'
import { describeDeath, killRemainingGroup, launchPart, untilReady } from './part.ts'
import type { Part, PartExit, RunningPart } from './part.ts'

const FIRST_BACKOFF_MS = 200
const LONGEST_BACKOFF_MS = 5_000
// A part that ran this long was healthy: its end is a new incident, not one more of a row.
const HEALTHY_AFTER_MS = 10_000
const QUICK_DEATHS_ALLOWED = 4

/** Keeps parts running until it is stopped. See createSupervisor. */
export type Supervisor = {
  /** Starts a part and resolves when it is ready; from then on it is restarted when it dies. */
  start: (part: Part) => Promise<void>
  /** The process of each part at this moment, by the part's name. */
  pids: () => Record<string, number>
  /** Rejects, once, with the cause when a part was given up; never resolves. */
  givenUp: Promise<never>
  /** Stops all parts, last started first. Nothing is restarted any more. */
  stop: () => Promise<void>
}

/** What the supervisor tells its owner. */
export type SupervisorEvents = {
  /** One line for people, when a part died and was restarted. */
  say: (line: string) => void
  /** After each start and restart: the pids have changed. */
  onPidsChanged?: () => void
}

/**
 * Restarts each part that dies, after a backoff that doubles with each quick death, and gives up with
 * the cause after several in a row. It only ever signals processes that it started.
 */
export function createSupervisor(events: SupervisorEvents): Supervisor {
  const running = new Map<string, RunningPart>()
  const keepers: Promise<void>[] = []
  const stopping = new AbortController()
  const { promise: givenUp, reject: giveUp } = Promise.withResolvers<never>()
  // The owner may look only at the end; until then a rejection is not "unhandled".
  givenUp.catch(() => {})

  const launch = async (part: Part) => {
    const process = await launchPart(part)
    running.set(part.name, process)
    events.onPidsChanged?.()
    return process
  }

  const keep = async (part: Part, first: RunningPart) => {
    let current = first
    let startedAtMs = Date.now()
    let quickDeaths = 0
    for (;;) {
      const exit = await current.exited
      if (stopping.signal.aborted) return
      killRemainingGroup(current.pid)
      quickDeaths = Date.now() - startedAtMs < HEALTHY_AFTER_MS ? quickDeaths + 1 : 1
      if (quickDeaths > QUICK_DEATHS_ALLOWED)
        throw new Error(describeGivingUp(part, exit, quickDeaths))
      if (!(await backOff(quickDeaths, stopping.signal))) return
      current = await launch(part)
      if (stopping.signal.aborted) return current.stop()
      startedAtMs = Date.now()
      events.say(`${part.name} died (${exit.how}) and was restarted as process ${current.pid}.`)
    }
  }

  const start = async (part: Part) => {
    if (stopping.signal.aborted)
      throw new Error(`${part.name} is not started: the stack is stopping`)
    const first = await launch(part)
    try {
      await untilReady(part, first)
    } catch (error) {
      running.delete(part.name)
      await first.stop()
      throw error
    }
    keepers.push(keep(part, first).catch(giveUp))
  }

  const stop = async () => {
    stopping.abort()
    // A restarted part keeps its place in the map, so this is the reverse of the first start.
    for (const part of [...running.values()].toReversed()) await part.stop()
    await Promise.all(keepers)
  }

  const pids = () => {
    const alive = [...running.values()].filter((part) => !part.hasExited())
    return Object.fromEntries(alive.map(({ name, pid }) => [name, pid]))
  }
  return { start, stop, pids, givenUp }
}

/** Waits before the next start; false when the wait was ended because the stack stops. */
async function backOff(quickDeaths: number, signal: AbortSignal): Promise<boolean> {
  const waitMs = Math.min(FIRST_BACKOFF_MS * 2 ** (quickDeaths - 1), LONGEST_BACKOFF_MS)
  try {
    await delay(waitMs, undefined, { signal })
    return true
  } catch {
    return false
  }
}

function describeGivingUp(part: Part, exit: PartExit, quickDeaths: number): string {
  return `gave up on ${part.name} after ${quickDeaths} quick deaths; ${describeDeath(part, exit)}`
}
