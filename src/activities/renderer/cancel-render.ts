import type { RendererActivities } from '../../contracts/activities.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { configuredRenderer } from './configured-renderer.ts'

/** Tells a renderer to stop a task. A task that is over counts as stopped. *Idempotent.* */
export const cancelRender =
  (deps: ActivityDependencies): RendererActivities['cancelRender'] =>
  async ({ renderer, taskId }) => {
    await configuredRenderer(deps, renderer).client.cancel(taskId)
  }
