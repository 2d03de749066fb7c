import type { ModelProvider } from '../../adapters/models/model-provider.ts'
import { MediaError } from '../../domain/failures.ts'
import type { ActivityDependencies } from '../dependencies.ts'

/** The provider of models of that name. One that was taken out of the configuration is out of reach. */
export const configuredModelProvider = (
  { modelProviders }: Pick<ActivityDependencies, 'modelProviders'>,
  name: string,
): ModelProvider => {
  const found = modelProviders.get(name)
  if (found !== undefined) return found
  throw new MediaError('NOT_CONFIGURED', `provider ${name} is not configured any more`)
}
