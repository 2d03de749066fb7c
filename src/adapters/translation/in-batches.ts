import type { Cue } from '../../domain/captions/cue.ts'
import { batchesOf, oneLine } from '../../domain/captions/translation.ts'
import { MediaError } from '../../domain/failures.ts'
import { rememberedAnswer } from '../answer-memory.ts'
import type { TranslationJob, Translator } from './translator.ts'

/** Translates some texts, each in one line. */
export type TranslateTexts = (
  texts: readonly string[],
  job: Pick<TranslationJob, 'sourceLanguage' | 'targetLanguage' | 'signal'>,
) => Promise<readonly string[]>

/**
 * What all translators have in common: cues go out in batches, without their line breaks, and come back
 * counted, none of them empty, under the times that they had. A batch that is remembered is not asked for;
 * another `model` of the engine has to be asked anew.
 */
export const inBatches = (
  engine: string,
  limits: { readonly textsMax: number; readonly charsMax: number; readonly model?: string },
  translate: TranslateTexts,
): Translator => ({
  engine,
  translate: async (job) => {
    const { cues, sourceLanguage, targetLanguage, signal, onProgress } = job
    const translateBatch = async (batch: readonly string[]): Promise<readonly string[]> => {
      const texts = await translate(batch, { sourceLanguage, targetLanguage, signal })
      if (texts.length !== batch.length || texts.some((text) => text.trim() === '')) {
        const detail = `${engine} gave ${texts.length} texts for ${batch.length}, or empty ones`
        throw new MediaError('PROVIDER_OUTPUT_INVALID', detail)
      }
      return texts
    }
    const translated: Cue[] = []
    for (const batch of batchesOf(
      cues.map(({ text }) => oneLine(text)),
      limits,
    )) {
      const question = ['translation', engine, limits.model, sourceLanguage, targetLanguage, batch]
      const texts = await rememberedAnswer(job.remember, question, () => translateBatch(batch))
      for (const text of texts) {
        const cue = cues[translated.length]
        if (cue !== undefined) translated.push({ ...cue, text: oneLine(text) })
      }
      onProgress?.(translated.length / cues.length)
    }
    return translated
  },
})
