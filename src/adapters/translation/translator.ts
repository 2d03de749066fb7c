import type { Cue } from '../../domain/captions/cue.ts'

export interface TranslationJob {
  readonly cues: readonly Cue[]
  /** BCP 47; null: the translator finds out. */
  readonly sourceLanguage: string | null
  /** BCP 47 */
  readonly targetLanguage: string
  readonly signal: AbortSignal
  /** 0 to 1. */
  readonly onProgress?: (ratio: number) => void
}

/**
 * Translates subtitles. *Guarantee:* as many cues as were given, in the same order, with the very same
 * times; only the text differs, and is in one line: laying out comes after. No retries inside. *Errors:*
 * LANGUAGE_UNSUPPORTED, PROVIDER_REJECTED (final); PROVIDER_UNAVAILABLE, PROVIDER_OUTPUT_INVALID
 * (retried). *Cancellation:* rejects with the signal's reason.
 */
export interface Translator {
  /** As in the setting, for logs: `openai`, `deepl` or `libretranslate`. */
  readonly engine: string
  translate(job: TranslationJob): Promise<readonly Cue[]>
}
