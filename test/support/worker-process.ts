import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** An activity that a worker process has been given, and has done by the process that started it. */
export interface ActivityCall {
  readonly id: string
  readonly name: string
  readonly input: unknown
}

export type FromWorkerProcess =
  | { readonly type: 'ready' }
  | { readonly type: 'call'; readonly call: ActivityCall }

export interface ActivityAnswer {
  readonly id: string
  readonly answer: unknown
}

/** A worker of all queues in a process of its own. */
export interface WorkerProcess {
  /** Ends it as a crash does (SIGKILL); resolves when it is gone. */
  readonly kill: () => Promise<void>
}

const scriptPath = fileURLToPath(new URL('worker-process-main.ts', import.meta.url))

/**
 * Starts a worker that can be killed, and resolves when it polls. What its activities do is done
 * here, by `perform`: for as long as that does not resolve, the worker is in the middle of it.
 */
export const startWorkerProcess = async (options: {
  readonly address: string
  readonly bundlePath: string
  readonly activityNames: readonly string[]
  readonly perform: (call: ActivityCall) => Promise<unknown>
}): Promise<WorkerProcess> => {
  const { address, bundlePath, activityNames, perform } = options
  const child = fork(scriptPath, [address, bundlePath, ...activityNames], { execArgv: [] })
  const gone = once(child, 'exit')
  const answer = async (call: ActivityCall): Promise<void> => {
    const message: ActivityAnswer = { id: call.id, answer: await perform(call) }
    if (child.connected) child.send(message)
  }
  const failed = Promise.withResolvers<never>()
  const ready = Promise.withResolvers<void>()
  child.on('message', (message: FromWorkerProcess) => {
    if (message.type === 'ready') ready.resolve()
    else answer(message.call).catch(failed.reject)
  })
  const early = gone.then(() => Promise.reject(new Error('the worker process ended by itself')))
  await Promise.race([ready.promise, early, failed.promise])
  early.catch(() => undefined)
  return {
    kill: async () => {
      child.kill('SIGKILL')
      await gone
    },
  }
}
