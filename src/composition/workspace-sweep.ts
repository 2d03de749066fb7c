import type { Logger } from 'pino'
import { sweepWorkspaces } from '../adapters/workspace.ts'

/**
 * Removes the working folders that dead processes of this machine have left: now, and then again and again
 * until the answered function is called. Not by a schedule of Temporal, which would give the sweep to any
 * worker: folders lie on one machine, and only there can be seen whether their process lives. Each worker
 * sweeps, so that after a death it need not be the dead one's successor; two at once do no harm.
 */
export const keepWorkspacesSwept = async (options: {
  readonly workDir: string
  readonly intervalMs: number
  readonly log: Pick<Logger, 'info' | 'warn'>
}): Promise<() => void> => {
  const { workDir, intervalMs, log } = options
  const sweep = async (): Promise<void> => {
    const removed = await sweepWorkspaces(workDir)
    if (removed.length > 0) log.info({ removed }, 'folders of dead processes were removed')
  }
  // What fails at the start is a folder that cannot be used: no work would succeed in it.
  await sweep()
  const timer = setInterval(() => {
    sweep().catch((error: unknown) => log.warn({ err: error }, 'working folders were not swept'))
  }, intervalMs)
  timer.unref()
  return () => clearInterval(timer)
}
