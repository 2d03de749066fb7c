import type { Transcript } from '../../domain/transcript.ts'
import type { AnswerMemory } from '../answer-memory.ts'

export interface SpeechJob {
  /** FLAC, mono, 16 kHz, as `extractSpeech` makes it. */
  readonly audioPath: string
  /** The absolute path of a file in the private folder of the attempt. */
  readonly workPath: (fileName: string) => string
  /** BCP 47; null: the engine finds out, or assumes its only one. */
  readonly language: string | null
  readonly signal: AbortSignal
  /** 0 to 1. */
  readonly onProgress?: (ratio: number) => void
  /** What earlier attempts have paid for; engines that cost nothing leave it alone. */
  readonly remember?: AnswerMemory
}

/**
 * Turns speech into text with times. *Guarantee:* one paid call for each piece of audio, never more: no
 * retries inside, and no call for a piece that is remembered. A recording without speech has an empty
 * transcript. *Errors:* LANGUAGE_UNSUPPORTED, PROVIDER_REJECTED, MEDIA_UNREADABLE (final);
 * PROVIDER_UNAVAILABLE, PROVIDER_OUTPUT_INVALID, ENCODER_CRASHED, ENCODER_TIMEOUT (retried), and those of
 * the memory. *Cancellation:* rejects with the signal's reason.
 */
export interface SpeechToText {
  /** As in the setting, for logs: `local` or `openai`. */
  readonly engine: string
  transcribe(job: SpeechJob): Promise<Transcript>
}
