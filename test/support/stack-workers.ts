import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from './eventually.ts'
import { encodersIn } from './processes.ts'
import type { Service } from './stack-service.ts'
import type { TestStack } from './stack.ts'

/** A folder of an attempt that is under way, and the worker whose it is. */
export interface SeenWorkspace {
  readonly path: string
  readonly workerPid: number
  /** The execution or task that it is for. */
  readonly ownerId: string
}

/** The workspaces of all workers of the stack; their names say whose they are. */
export const workspacesOf = ({ workDir }: Pick<TestStack, 'workDir'>): SeenWorkspace[] =>
  readdirSync(workDir).flatMap((name) => {
    const [, pid, ownerId] = /^ws-[0-9a-f]{8}-(\d+)-\d+-(.*)-[^-]*$/.exec(name) ?? []
    if (pid === undefined || ownerId === undefined) return []
    return [{ path: join(workDir, name), workerPid: Number(pid), ownerId }]
  })

/** Waits until FFmpeg works for this owner, with `word` in its command line. */
export const encodingFor = (
  stack: Pick<TestStack, 'workDir'>,
  { isOwner, word }: { readonly isOwner: (ownerId: string) => boolean; readonly word: string },
): Promise<SeenWorkspace> =>
  eventually(() => {
    const found = workspacesOf(stack).find(
      ({ ownerId, path }) =>
        isOwner(ownerId) && encodersIn(path).some(({ commandLine }) => commandLine.includes(word)),
    )
    if (found === undefined) throw new Error('no FFmpeg is at work')
    return found
  }, 60_000)

/** Several workers, of which one can be killed by its process id. */
export interface WorkerPool {
  readonly add: () => Promise<void>
  readonly kill: (pid: number) => Promise<void>
  /** The process ids of those that run. */
  readonly all: () => readonly number[]
}

export const workerPool = (stack: Pick<TestStack, 'addWorker'>): WorkerPool => {
  const workers: Service[] = []
  return {
    add: async () => {
      workers.push(await stack.addWorker())
    },
    kill: async (pid) => {
      const index = workers.findIndex((worker) => worker.pid() === pid)
      const [worker] = workers.splice(index, 1)
      if (index < 0 || worker === undefined) throw new Error(`${pid} is no worker of this pool`)
      await worker.kill()
    },
    all: () => workers.map((worker) => worker.pid()),
  }
}
