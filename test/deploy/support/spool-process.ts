import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { eventually } from '../../support/eventually.ts'

/** A process of ours, as a container starts it. */
export interface SpoolProcess {
  readonly pid: number
  /** Everything that it logged. */
  readonly log: () => string
  readonly signal: (signal: NodeJS.Signals) => void
  /** How it ended: an exit code, or a signal. */
  readonly ended: Promise<number | NodeJS.Signals>
}

/** Starts `src/server.ts` or `src/worker.ts` and waits until its log says that it is ready. */
export const startSpool = async (
  program: 'server' | 'worker',
  environment: Readonly<Record<string, string>>,
): Promise<SpoolProcess> => {
  const file = fileURLToPath(new URL(`../../../src/${program}.ts`, import.meta.url))
  const child: ChildProcess = spawn(process.execPath, [file], {
    env: { PATH: process.env['PATH'], ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let log = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => (log += text))
  }
  const ended = once(child, 'exit').then(
    ([code, signal]) => (code ?? signal) as number | NodeJS.Signals,
  )
  const ready = program === 'server' ? 'Server listening' : 'the worker is ready'
  await eventually(() => {
    if (child.exitCode !== null) throw new Error(`${program} ended: ${log}`)
    if (!log.includes(ready)) throw new Error(`${program} is not ready: ${log.slice(-2_000)}`)
  })
  return {
    pid: child.pid ?? 0,
    log: () => log,
    signal: (signal) => void child.kill(signal),
    ended,
  }
}
