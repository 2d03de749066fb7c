import { createProviders } from '../adapters/models/create-providers.ts'
import { createLocalModels } from '../adapters/models/local.ts'
import { withWordEngines } from '../adapters/models/local-words.ts'
import type { ModelProvider } from '../adapters/models/model-provider.ts'
import { withMeter, type ProviderMeter } from '../adapters/models/with-meter.ts'
import type { CircuitState } from '../adapters/models/with-circuit.ts'
import type { Config } from '../config.ts'
import type { Engines } from './engines.ts'

/** Where calls to providers, and the states of their circuits, are measured. */
export interface ModelsMeter extends ProviderMeter {
  circuitChanged(provider: string, state: CircuitState): void
}

/** The engines of this machine: those for pictures and sound, and the server's own for words. */
const createLocal = ({ settings }: Config, engines: Engines): ModelProvider => {
  const programs = {
    ffmpegPath: settings.SPOOL_FFMPEG_PATH,
    ffprobePath: settings.SPOOL_FFPROBE_PATH,
    timeoutMs: settings.SPOOL_TRANSCRIBE_TIMEOUT_SECONDS * 1000,
  }
  const espeakPath = settings.SPOOL_ESPEAK_PATH ?? null
  const local = createLocalModels({ ...programs, espeakPath })
  return withWordEngines(local, { ...programs, ...engines })
}

/** Everybody who runs models for us, by name: the providers that are set up, and the engines of ours. */
export const createModels = (
  config: Config,
  engines: Engines,
  meter?: ModelsMeter,
): ReadonlyMap<string, ModelProvider> => {
  const providers = createProviders(config.models.providers, {
    local: createLocal(config, engines),
    onCircuit: (provider, state) => meter?.circuitChanged(provider, state),
  })
  if (meter === undefined) return providers
  for (const name of providers.keys()) meter.circuitChanged(name, 'closed')
  return new Map([...providers].map(([name, provider]) => [name, withMeter(provider, meter)]))
}
