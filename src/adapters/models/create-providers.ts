import { createAsyncVideo, type AsyncVideoOptions } from './async-video.ts'
import { createElevenlabs, type ElevenlabsOptions } from './elevenlabs.ts'
import { createFal, type FalOptions } from './fal.ts'
import type { ModelProvider } from './model-provider.ts'
import { createOpenai, type OpenaiOptions } from './openai.ts'
import { createReplicate, type ReplicateOptions } from './replicate.ts'
import { withCircuit, type CircuitState } from './with-circuit.ts'

/** Who is set up; null: nobody has given a key. */
export interface ProvidersConfig {
  readonly replicate: ReplicateOptions | null
  readonly fal: FalOptions | null
  readonly elevenlabs: ElevenlabsOptions | null
  readonly openai: OpenaiOptions | null
  readonly asyncVideo: AsyncVideoOptions | null
}

/** The providers that are set up, by their names, each behind a circuit of its own; what runs on this machine
 * has none, for it is never away. */
export const createProviders = (
  config: ProvidersConfig,
  options: {
    readonly local?: ModelProvider
    readonly onCircuit?: (provider: string, state: CircuitState) => void
  } = {},
): ReadonlyMap<string, ModelProvider> => {
  const { local, onCircuit } = options
  const remote = [
    config.replicate && createReplicate(config.replicate),
    config.fal && createFal(config.fal),
    config.elevenlabs && createElevenlabs(config.elevenlabs),
    config.openai && createOpenai(config.openai),
    config.asyncVideo && createAsyncVideo(config.asyncVideo),
  ]
    .filter((provider) => provider !== null)
    .map((provider) =>
      withCircuit(provider, { onChange: (state) => onCircuit?.(provider.name, state) }),
    )
  const all = local === undefined ? remote : [...remote, local]
  return new Map(all.map((provider) => [provider.name, provider]))
}
