import { text } from 'node:stream/consumers'
import type { JobSource } from '../../domain/generation/job-params.ts'
import type { ReadyParams, ReadySource } from '../../domain/generation/models/model-facts.ts'
import type { ModelJob } from '../../domain/generation/plan.ts'
import { replaceSources } from '../../domain/generation/replace-sources.ts'
import { scenesRequest } from '../../domain/generation/scenes.ts'
import { inputsOf } from '../../domain/generation/sources.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import type { StoredInput, StoredInputs } from './stored-inputs.ts'

/** What a prompt may be at the most, wherever it comes from. */
const TEXT_BYTES_MAX = 256 * 1024

/**
 * The parameters of a model job with every reference resolved: texts are read, and files are where
 * `place` puts them.
 */
export const readyParams = async (
  deps: Pick<ActivityDependencies, 'storage'>,
  job: ModelJob,
  inputs: StoredInputs,
  place: (input: StoredInput) => Promise<string>,
): Promise<ReadyParams> => {
  const params = job.operation === 'expand' ? scenesRequest(job.params) : job.params
  const ready = new Map<string, ReadySource | string>()
  for (const { source } of inputsOf(job)) {
    const name = JSON.stringify(source)
    if (!ready.has(name)) ready.set(name, await readySource(deps, inputs(source), place))
  }
  const put = (source: JobSource) => ready.get(JSON.stringify(source))
  return replaceSources(params, put) as ReadyParams
}

const readySource = async (
  { storage }: Pick<ActivityDependencies, 'storage'>,
  input: StoredInput,
  place: (input: StoredInput) => Promise<string>,
): Promise<ReadySource | string> => {
  const { media, durationSeconds, storageKey } = input
  if (media !== 'text') return { url: await place(input), media, durationSeconds }
  const { stream } = await storage.open(storageKey, { startByte: 0, endByte: TEXT_BYTES_MAX - 1 })
  return await text(stream)
}
