import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

const LOG_KEPT_BYTES = 10 * 1024 * 1024
const READY_POLL_MS = 50

/** One program of the stack: how to start it, when it is ready, how it likes to be stopped. */
export type Part = {
  /** What people call it, and the name of its log file. */
  name: string
  command: string
  args: string[]
  env?: NodeJS.ProcessEnv
  cwd?: string
  /** Run it as this user (PostgreSQL refuses to run as root). */
  user?: { uid: number; gid: number }
  logFile: string
  /** Resolves when the part answers, throws while it does not; asked again and again. */
  ready: () => Promise<unknown>
  readyTimeoutMs: number
  stopSignal: 'SIGTERM' | 'SIGINT'
  /** How long it may take to stop by itself before it is killed. */
  stopGraceMs: number
}

/** How a process ended, in words: `exit code 1`, `SIGKILL`. */
export type PartExit = { how: string }

/** A part that was started; `exited` resolves once, whenever it ends and for whatever reason. */
export type RunningPart = {
  name: string
  pid: number
  exited: Promise<PartExit>
  hasExited: () => boolean
  /** Stops it in its own way, then by force; resolves when it is gone. May be called repeatedly. */
  stop: () => Promise<void>
}

/** Starts the process of a part without waiting for it to be ready. Throws when it cannot be started. */
export async function launchPart(part: Part): Promise<RunningPart> {
  mkdirSync(dirname(part.logFile), { recursive: true })
  setOldLogAside(part.logFile)
  const log = openSync(part.logFile, 'a', 0o600)
  // A file and not a pipe: the part can go on writing when we are killed. A process group of its own:
  // Ctrl-C reaches only us, and parts are stopped in order.
  const child = spawn(part.command, part.args, {
    stdio: ['ignore', log, log],
    detached: true,
    env: part.env ?? process.env,
    ...(part.cwd && { cwd: part.cwd }),
    ...part.user,
  })
  closeSync(log)
  const exited = exitOf(child)
  if (child.pid === undefined) {
    throw new Error(`${part.name} cannot be started: ${(await exited).how}`)
  }
  const pid = child.pid
  let gone = false
  const ended = exited.then((exit) => {
    gone = true
    return exit
  })
  const running = { name: part.name, pid, exited: ended, hasExited: () => gone }
  return { ...running, stop: () => stopProcess(part, running) }
}

/** Starts a part and waits until it answers. Throws with the cause from its log when it does not. */
export async function startPart(part: Part): Promise<RunningPart> {
  const running = await launchPart(part)
  try {
    await untilReady(part, running)
    return running
  } catch (error) {
    await running.stop()
    throw error
  }
}

/** Resolves when the part answers; throws when it ends before, or takes longer than it may. */
export async function untilReady(part: Part, running: RunningPart): Promise<void> {
  const deadlineMs = Date.now() + part.readyTimeoutMs
  for (;;) {
    try {
      await part.ready()
      return
    } catch (error) {
      if (running.hasExited()) {
        throw new Error(describeDeath(part, await running.exited), { cause: error })
      }
      if (Date.now() > deadlineMs) {
        const seconds = Math.round(part.readyTimeoutMs / 1000)
        throw new Error(`${part.name} does not answer after ${seconds} s; see ${part.logFile}`, {
          cause: error,
        })
      }
      await delay(READY_POLL_MS)
    }
  }
}

/** One sentence on why a part ended: how, the telling line of its log, and where the log is. */
export function describeDeath(part: Part, exit: PartExit): string {
  return `${part.name} ended with ${exit.how}: ${lastWords(part.logFile)} (log: ${part.logFile})`
}

/** The last complaint in a log, without the stack trace below it. */
function lastWords(logFile: string): string {
  if (!existsSync(logFile)) return 'it left no log'
  const lines = readFileSync(logFile, 'utf8')
    .slice(-20_000)
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^\s+at |^Node\.js v/.test(line))
  const complaint = lines.findLastIndex((line) => /error|fatal|cannot|invalid|in use/i.test(line))
  const words = complaint < 0 ? lines.slice(-1) : lines.slice(complaint, complaint + 4)
  return (
    words
      .map((line) => line.trim())
      .join(' ')
      .slice(0, 500) || 'it wrote nothing'
  )
}

function exitOf(child: ChildProcess): Promise<PartExit> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ how: error.message }))
    child.once('exit', (code, killedBy) => resolve({ how: killedBy ?? `exit code ${code}` }))
  })
}

async function stopProcess(part: Part, running: Omit<RunningPart, 'stop'>): Promise<void> {
  const { pid, exited, hasExited } = running
  // The number of a process that has ended may already be somebody else's.
  if (hasExited()) return
  signal(pid, part.stopSignal)
  await Promise.race([exited, delay(part.stopGraceMs, undefined, { ref: false })])
  if (!hasExited()) signal(pid, 'SIGKILL')
  await exited
  killRemainingGroup(pid)
}

/**
 * Kills what a part that has ended left behind in its process group (an encoder, say). The group is
 * ours: each part leads one, and the number cannot be given away while members remain.
 */
export function killRemainingGroup(leaderPid: number): void {
  signal(-leaderPid, 'SIGKILL')
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

function setOldLogAside(logFile: string): void {
  if (existsSync(logFile) && statSync(logFile).size > LOG_KEPT_BYTES) {
    renameSync(logFile, `${logFile}.old`)
  }
}
