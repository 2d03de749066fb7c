import { createProviders } from '../adapters/models/create-providers.ts'
import { createLocalModels } from '../adapters/models/local.ts'
import type { ModelProvider } from '../adapters/models/model-provider.ts'
import { withMeter, type ProviderMeter } from '../adapters/models/with-meter.ts'
import type { CircuitState } from '../adapters/models/with-circuit.ts'
import type { Config } from '../config.ts'

/** Where calls to providers, and the states of their circuits, are measured. */
export interface ModelsMeter extends ProviderMeter {
  circuitChanged(provider: string, state: CircuitState): void
}

/** Everybody who runs models for us, by name: the providers that are set up, and the engines of ours. */
export const createModels = (
  { models }: Pick<Config, 'models'>,
  meter?: ModelsMeter,
): ReadonlyMap<string, ModelProvider> => {
  const providers = createProviders(models.providers, {
    local: createLocalModels(),
    onCircuit: (provider, state) => meter?.circuitChanged(provider, state),
  })
  if (meter === undefined) return providers
  for (const name of providers.keys()) meter.circuitChanged(name, 'closed')
  return new Map([...providers].map(([name, provider]) => [name, withMeter(provider, meter)]))
}
