import type { RendererActivities } from '../../contracts/activities.ts'
import type { ActivityDependencies } from '../dependencies.ts'

/** The first renderer of the rota that says it takes work, or null. */
export const findRenderer =
  (deps: ActivityDependencies): RendererActivities['findRenderer'] =>
  async ({ rota }) => {
    for (const name of new Set(rota)) {
      const known = deps.renderers.find((renderer) => renderer.name === name)
      if (known !== undefined && (await known.client.isWell())) return { renderer: name }
    }
    return { renderer: null }
  }
