import { fork } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker'
import { toolchain } from '../scripts/stack/toolchain.ts'
import type { ExecutionId } from '../src/domain/ids.ts'
import type { BenchStack } from './stack.ts'

export type ToWorker =
  /** Whether a remote job is completed as soon as it was ordered, by a signal of the worker. */
  | { readonly type: 'mode'; readonly signalsItself: boolean }
  /** The webhooks of these come while they are being submitted. */
  | { readonly type: 'early'; readonly ids: readonly ExecutionId[] }
  | { readonly type: 'report' }

export interface WorkerReport {
  readonly type: 'report'
  readonly peakMemoryBytes: number
  /** How often each execution went on after its webhook. */
  readonly collected: readonly (readonly [ExecutionId, number])[]
}

export type FromWorker =
  | { readonly type: 'ready' }
  | { readonly type: 'submitted'; readonly id: string }
  /** The activity after the wait began, by the machine's clock. */
  | { readonly type: 'began'; readonly id: string; readonly atNs: string }
  | WorkerReport

/** The remote task that an instant renderer has for an execution. */
export const instantTaskId = (executionId: ExecutionId): string => `task-${executionId}`

/** A running instant worker. */
export interface InstantWorker {
  readonly tell: (message: ToWorker) => void
  /** Resolves once the execution has been submitted. */
  readonly submitted: (id: string) => Promise<void>
  /** When the activity after the wait began. */
  readonly began: (id: string) => Promise<bigint>
  readonly report: () => Promise<WorkerReport>
  readonly stop: () => Promise<void>
}

/** Values by id that may come before or after they are asked for. */
const createArrivals = <Value>() => {
  const known = new Map<string, PromiseWithResolvers<Value>>()
  const of = (id: string): PromiseWithResolvers<Value> => {
    const found = known.get(id) ?? Promise.withResolvers<Value>()
    known.set(id, found)
    return found
  }
  return {
    arrive: (id: string, value: Value) => of(id).resolve(value),
    of: (id: string) => of(id).promise,
  }
}

/** Bundled here: the bundler's memory is not to be measured as the worker's. */
const bundleBare = async (stack: BenchStack): Promise<string> => {
  const path = join(stack.dir, 'bare-workflows.js')
  const workflowsPath = fileURLToPath(new URL('./bare-workflows.ts', import.meta.url))
  const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('WARN') })
  await writeFile(path, code)
  return path
}

/** Nobody is there to be asked how a remote task is, and thousands that wait for half an hour would
 * ask every minute: whoever runs as many sets the interval by it (docs/operations.md). */
const SETTINGS = { SPOOL_LOG_LEVEL: 'warn', SPOOL_POLL_INTERVAL_SECONDS: '7200' }

/** Starts the worker and, if it is to be measured against, bare Temporal beside it. */
export const startInstantWorker = async (
  stack: BenchStack,
  { besideBare }: { readonly besideBare: boolean },
): Promise<InstantWorker> => {
  const bare = besideBare ? { BARE_WORKFLOW_BUNDLE: await bundleBare(stack) } : {}
  const script = fileURLToPath(new URL('./instant-worker.ts', import.meta.url))
  const log = openSync(join(stack.dir, 'instant-worker.log'), 'a', 0o600)
  const child = fork(script, [], {
    execPath: toolchain().nodePath,
    env: { ...stack.env, ...bare, ...SETTINGS },
    stdio: ['ignore', log, log, 'ipc'],
  })
  closeSync(log)
  const exited = once(child, 'exit')
  const submitted = createArrivals<void>()
  const began = createArrivals<bigint>()
  const ready = Promise.withResolvers<void>()
  const reports: ((report: WorkerReport) => void)[] = []
  child.on('message', (message: FromWorker) => {
    if (message.type === 'ready') ready.resolve()
    if (message.type === 'submitted') submitted.arrive(message.id)
    if (message.type === 'began') began.arrive(message.id, BigInt(message.atNs))
    if (message.type === 'report') reports.shift()?.(message)
  })
  const stop = async () => {
    child.kill('SIGTERM')
    await exited
  }
  stack.stopLater(stop)
  const died = exited.then(() => {
    throw new Error(`the worker ended; see ${stack.dir}/instant-worker.log`)
  })
  // Its end is awaited by `stop`; only one that comes before it is ready is an error.
  died.catch(() => undefined)
  await Promise.race([ready.promise, died])
  return {
    tell: (message) => void child.send(message),
    submitted: (id) => submitted.of(id),
    began: (id) => began.of(id),
    report: () =>
      new Promise((resolve) => {
        reports.push(resolve)
        child.send({ type: 'report' } satisfies ToWorker)
      }),
    stop,
  }
}
