import type { JobSource } from './job-params.ts'

/** The same parameters with something else in the place of every source. */
export type WithSources<Params, Put> = Params extends JobSource
  ? Put
  : Params extends readonly (infer Item)[]
    ? readonly WithSources<Item, Put>[]
    : Params extends object
      ? { readonly [Name in keyof Params]: WithSources<Params[Name], Put> }
      : Params

const isSource = (value: object): value is JobSource =>
  'from' in value &&
  ((value.from === 'job' && 'jobId' in value) ||
    (value.from === 'url' && 'url' in value) ||
    (value.from === 'medium' && 'mediaId' in value))

/** Parameters that are nobody's business but the model's: what looks like a source in them is none. */
const OPAQUE: ReadonlySet<string> = new Set(['schema', 'extra'])

/** Puts something else in the place of every source of a job's parameters. */
export const replaceSources = <Params, Put>(
  params: Params,
  put: (source: JobSource) => Put,
): WithSources<Params, Put> => {
  const replaced = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(replaced)
    if (typeof value !== 'object' || value === null) return value
    if (isSource(value)) return put(value)
    return Object.fromEntries(
      Object.entries(value).map(([name, part]) => [name, OPAQUE.has(name) ? part : replaced(part)]),
    )
  }
  return replaced(params) as WithSources<Params, Put>
}
