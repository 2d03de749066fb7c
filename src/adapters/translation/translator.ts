import type { Cue } from '../../domain/captions/cue.ts'
import type { AnswerMemory } from '../answer-memory.ts'

export interface TranslationJob {
  readonly cues: readonly Cue[]
  /** BCP 47; null: the translator finds out. */
  readonly sourceLanguage: string | null
  /** BCP 47 */
  readonly targetLanguage: string
  readonly signal: AbortSignal
  /** 0 to 1. */
  readonly onProgress?: (ratio: number) => void
  /** What earlier attempts have paid for. */
  readonly remember?: AnswerMemory
}

/**
 * Translates subtitles. *Guarantee:* as many cues as were given, in the same order, with the very same
 * times; only the text differs, and is in one line: laying out comes after. No retries inside, and no
 * call for a batch that is remembered. *Errors:* LANGUAGE_UNSUPPORTED, PROVIDER_REJECTED (final);
 * PROVIDER_UNAVAILABLE, PROVIDER_OUTPUT_INVALID (retried), and those of the memory. *Cancellation:* rejects with the signal's reason.
 */
export interface Translator {
  /** As in the setting, for logs: `openai`, `deepl` or `libretranslate`. */
  readonly engine: string
  translate(job: TranslationJob): Promise<readonly Cue[]>
}
