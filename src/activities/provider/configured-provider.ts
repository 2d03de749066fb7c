import { MediaError } from '../../domain/failures.ts'
import type { ActivityDependencies, ConfiguredProvider } from '../dependencies.ts'

/** The provider of that name. One that was taken out of the configuration is out of reach. */
export const configuredProvider = (
  { taskProviders }: Pick<ActivityDependencies, 'taskProviders'>,
  name: string,
): ConfiguredProvider => {
  const found = taskProviders.find((provider) => provider.name === name)
  if (found !== undefined) return found
  throw new MediaError('PROVIDER_REJECTED', `provider ${name} is not configured any more`)
}
