import { MediaError } from '../../domain/failures.ts'
import type { ActivityDependencies, ConfiguredRenderer } from '../dependencies.ts'

/** The renderer of that name. One that was taken out of the configuration is out of reach. */
export const configuredRenderer = (
  { renderers }: Pick<ActivityDependencies, 'renderers'>,
  name: string,
): ConfiguredRenderer => {
  const found = renderers.find((renderer) => renderer.name === name)
  if (found !== undefined) return found
  throw new MediaError('RENDERER_REJECTED', `renderer ${name} is not configured any more`)
}
