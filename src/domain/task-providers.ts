/** Servers that a step can be sent to instead of being done here. */

import type { TaskKind } from './task-kinds.ts'

/** Kinds that make one file, which is all that the dialects agree on how to hand over. */
export const PROVIDED_KINDS = [
  'video',
  'audio',
  'image',
  'transcription',
  'subtitles',
  'translation',
  'waveform',
] as const satisfies readonly TaskKind[]
export type ProvidedKind = (typeof PROVIDED_KINDS)[number]

/** `spool`: another Spool, or this one; `ittybit`: the hosted service. */
export const PROVIDER_DIALECTS = ['spool', 'ittybit'] as const
export type ProviderDialect = (typeof PROVIDER_DIALECTS)[number]

/** What a workflow has to know of a provider; it travels as data. */
export interface ProviderPlan {
  readonly name: string
  /** How often it is asked when no webhook comes. */
  readonly pollIntervalMs: number
  /** Without an answer for this long it is given up. */
  readonly stallTimeoutMs: number
}

/** Work that a provider does: all that a workflow has to hand on. */
export interface RemoteWork {
  readonly provider: ProviderPlan
  readonly kind: ProvidedKind
  readonly options: Readonly<Record<string, unknown>>
}

/** Who does work for us, and how patiently they are asked for it. */
export interface TaskProviders {
  readonly taskProviders: readonly {
    readonly name: string
    readonly kinds: readonly ProvidedKind[]
  }[]
  readonly settings: Omit<ProviderPlan, 'name'>
}

/** Where work of this kind is done instead of here, or null: here. */
export const remoteWork = (
  { taskProviders, settings }: TaskProviders,
  kind: TaskKind,
  options: Readonly<Record<string, unknown>>,
): RemoteWork | null => {
  if (!isProvided(kind)) return null
  const provider = taskProviders.find(({ kinds }) => kinds.includes(kind))
  if (provider === undefined) return null
  const { pollIntervalMs, stallTimeoutMs } = settings
  return { provider: { name: provider.name, pollIntervalMs, stallTimeoutMs }, kind, options }
}

const isProvided = (kind: TaskKind): kind is ProvidedKind =>
  (PROVIDED_KINDS as readonly TaskKind[]).includes(kind)

/** An order as the hosted service has it: what is said is an `audio` task there whose format is JSON, and
 * options that it does not know are left out. */
export const ittybitOrder = (
  kind: ProvidedKind,
  options: Readonly<Record<string, unknown>>,
): { readonly kind: string; readonly options: Readonly<Record<string, unknown>> } => {
  const known = Object.fromEntries(
    Object.entries(options).filter(
      ([name, value]) => ITTYBIT_OPTIONS.has(name) && value !== undefined && value !== 'best',
    ),
  )
  return kind === 'transcription'
    ? { kind: 'audio', options: { ...known, format: 'json' } }
    : { kind, options: known }
}

/** The usual ending of the name of the file that is made. */
export const providedExtension = (
  kind: ProvidedKind,
  { format }: { readonly format?: unknown },
): string => {
  if (kind === 'transcription' || kind === 'waveform') return 'json'
  return kind === 'audio' && format === 'aac' ? 'm4a' : String(format)
}

/** As which a webhook's sender is named in its route, beside the renderers. */
const SENDER_PREFIX = 'provider:'
export const providerSender = (name: string): string => `${SENDER_PREFIX}${name}`
export const providerOfSender = (sender: string): string | null =>
  sender.startsWith(SENDER_PREFIX) ? sender.slice(SENDER_PREFIX.length) : null

const ITTYBIT_OPTIONS: ReadonlySet<string> = new Set([
  'format',
  'width',
  'height',
  'fit',
  'quality',
  'start',
  'end',
  'language',
])
