import { createProviders } from '../adapters/models/create-providers.ts'
import { createLocalModels } from '../adapters/models/local.ts'
import { withWordEngines } from '../adapters/models/local-words.ts'
import type { ModelProvider } from '../adapters/models/model-provider.ts'
import { withMeter, type ProviderMeter } from '../adapters/models/with-meter.ts'
import type { CircuitState } from '../adapters/models/with-circuit.ts'
import { createSpeech } from '../adapters/speech/create-speech.ts'
import { createTranslator } from '../adapters/translation/create-translator.ts'
import type { Config } from '../config.ts'

/** Where calls to providers, and the states of their circuits, are measured. */
export interface ModelsMeter extends ProviderMeter {
  circuitChanged(provider: string, state: CircuitState): void
}

/** The engines of this machine: those for pictures and sound, and the server's own for words. */
const createLocal = ({ settings, speech, translator }: Config): ModelProvider => {
  const programs = {
    ffmpegPath: settings.SPOOL_FFMPEG_PATH,
    ffprobePath: settings.SPOOL_FFPROBE_PATH,
    timeoutMs: settings.SPOOL_TRANSCRIBE_TIMEOUT_SECONDS * 1000,
  }
  const espeakPath = settings.SPOOL_ESPEAK_PATH ?? null
  return withWordEngines(createLocalModels({ ...programs, espeakPath }), {
    ...programs,
    speech: createSpeech(speech, programs),
    translator: createTranslator(translator),
  })
}

/** Everybody who runs models for us, by name: the providers that are set up, and the engines of ours. */
export const createModels = (
  config: Config,
  meter?: ModelsMeter,
): ReadonlyMap<string, ModelProvider> => {
  const providers = createProviders(config.models.providers, {
    local: createLocal(config),
    onCircuit: (provider, state) => meter?.circuitChanged(provider, state),
  })
  if (meter === undefined) return providers
  for (const name of providers.keys()) meter.circuitChanged(name, 'closed')
  return new Map([...providers].map(([name, provider]) => [name, withMeter(provider, meter)]))
}
